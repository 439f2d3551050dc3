"""A Playwright trace without secrets: every entry of its zip is masked, is a picture, or is left out.

Playwright redacts nothing. A trace contains addresses with tokens, headers, cookies, bodies, typed text and the values
of the page's fields. The entries keep their names, so that Playwright's viewer finds them.
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
# Playwright's calls that enter something, and their parameters that are never shown.
_TYPED = frozenset({
    "keyboardType", "keyboardInsertText", "keyboardPress", "keyboardDown", "keyboardUp", "type", "press", "fill",
    "pressSequentially", "insertText", "selectOption",
})  # fmt: skip
_ENTERED = ("text", "key", "value", "options")
_FIELD_STATE = re.compile(r"__playwright_(?:value|checked|selected)_")


def redacted(trace: bytes) -> bytes:
    """The trace, given and returned as the bytes of a zip. `left-out.txt` lists the parts that are left out."""
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
    """(the entry without secrets, None to leave it out; what was left out, and why)."""
    if data.startswith(_PICTURES):
        return data, ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None, "neither text nor a picture, so its content is unknown"
    if not name.endswith(_LINES):
        return redact(text).encode(), ""
    lines = list(_masked_lines(text))
    lost = text.count("\n") + (not text.endswith("\n") and bool(text)) - len(lines)
    return "".join(f"{line}\n" for line in lines).encode(), f"{lost} lines that are not JSON" if lost else ""


def _masked_lines(text: str) -> Iterator[str]:
    """Each line masked; lines that are not JSON, before or afterwards, are left out."""
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
                "params": {name: MASK if name in _ENTERED else entry for name, entry in value["params"].items()}
            }
        if "value" in value and is_secret(str(value.get("name", "")), Place.VARIABLE):
            value = value | {"value": MASK}
        return {name: _field(name, field) for name, field in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _field(name: str, value: Any) -> Any:
    if _FIELD_STATE.match(name):
        return MASK
    if name == "cookies" and isinstance(value, list):
        return [cookie | {"value": MASK} for cookie in value if isinstance(cookie, dict)]
    return _masked(value)
