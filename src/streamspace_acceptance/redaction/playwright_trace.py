"""A Playwright trace without secrets: every entry of its zip is masked, known to be a picture, or left out.

Playwright redacts nothing. A trace holds addresses with tokens, headers, cookies, bodies, what was typed and what
stands in the page's fields. The entries keep their names (a resource is named after the digest of what it was), so
that Playwright's viewer finds them.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from streamspace_acceptance.redaction.redactor import MASK, redact
from streamspace_acceptance.redaction.secret_names import Place, is_secret

LEFT_OUT = "left-out.txt"

_LINES = (".trace", ".network")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")
# What Playwright's calls name the things that a user enters; never shown, whatever they are.
_TYPED = frozenset({
    "keyboardType", "keyboardInsertText", "keyboardPress", "keyboardDown", "keyboardUp", "type", "press", "fill",
    "pressSequentially", "insertText", "selectOption",
})  # fmt: skip
_ENTERED = ("text", "key", "value", "options")
_FIELD_STATE = re.compile(r"__playwright_(?:value|checked|selected)_")


def redacted(trace: bytes) -> bytes:
    """The trace, given and returned as the bytes of a zip. What was left out is told in `left-out.txt`."""
    left_out: list[str] = []
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(trace)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in given.namelist():
            body, reason = _entry(name, given.read(name))
            if body is not None:
                kept.writestr(redact(name), body)
            if reason:
                left_out.append(f"{redact(name)}: {reason}")
        if left_out:
            kept.writestr(LEFT_OUT, "\n".join(left_out) + "\n")
    return made.getvalue()


def _entry(name: str, data: bytes) -> tuple[bytes | None, str]:
    """What is kept of one entry, None for nothing of it, and what was left out of it and why."""
    if data.startswith(_PICTURES):
        return data, ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None, "neither text nor a picture, so nobody can tell what is in it"
    if not name.endswith(_LINES):
        return redact(text).encode(), ""
    lines = list(_masked_lines(text))
    lost = text.count("\n") + (not text.endswith("\n") and bool(text)) - len(lines)
    return "".join(f"{line}\n" for line in lines).encode(), f"{lost} lines that are no JSON" if lost else ""


def _masked_lines(text: str) -> Iterator[str]:
    """Each line masked: JSON before, JSON afterwards."""
    for line in text.splitlines():
        try:
            masked = redact(json.dumps(_masked(json.loads(line)), ensure_ascii=False))
            json.loads(masked)
        except ValueError:
            continue
        yield masked


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("method") in _TYPED and isinstance(value.get("params"), dict):
            value = value | {
                "params": {name: MASK if name in _ENTERED else one for name, one in value["params"].items()}
            }
        if "value" in value and is_secret(str(value.get("name", "")), Place.VARIABLE):
            value = value | {"value": MASK}
        return {name: _field(name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return redact(value) if isinstance(value, str) else value


def _field(name: str, value: Any) -> Any:
    if _FIELD_STATE.match(name):
        return MASK
    if name == "cookies" and isinstance(value, list):
        return [one | {"value": MASK} for one in value if isinstance(one, dict)]
    return _masked(value)
