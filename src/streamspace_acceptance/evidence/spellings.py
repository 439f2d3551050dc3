"""The spellings in which a secret may turn up: plain, URL-encoded, JSON-escaped, in HTML, in base64."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterator

_SHORTEST_PIECE = 6
"""Of base64, in characters: fewer may stand in ordinary text by chance."""
_LONGEST_TOLERANT = 400
_HEX_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|\\+[ux][0-9A-Fa-f]{2}|\\+[/\"]|&(?:#|quot|amp|lt|gt|apos)")


def forms(secret: str) -> tuple[frozenset[str], frozenset[str]]:
    """The spellings that common programs give a secret, each as they write it: as a text, and in base64."""
    quoted = {urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    plain = {
        secret,
        *quoted,
        *(_HEX_ESCAPE.sub(lambda found: found[0].lower(), one) for one in quoted),
        *escaped,
        *(one.replace("/", r"\/") for one in escaped),
        *(json.dumps(one)[1:-1] for one in escaped),
        html.escape(secret),
        secret.encode().hex(),
        *("".join(f"\\u{ord(one):{digits}}" for one in secret) for digits in ("04x", "04X")),
    }
    inside = {secret, *quoted, *escaped}  # what was put into base64 may have been escaped before
    return frozenset(plain), frozenset(piece for one in inside for piece in base64_pieces(one.encode()))


def base64_pieces(secret: bytes) -> Iterator[str]:
    """What base64 makes of the secret at each of its three alignments within a longer text.

    The characters that also encode neighbouring bytes are left out.
    """
    for before in range(3):
        padded = b"\0" * before + secret
        first, last = -(-8 * before // 6), 8 * len(padded) // 6
        if last - first >= _SHORTEST_PIECE:
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(padded).decode()[first:last]


def tolerant(secret: str) -> re.Pattern[str] | None:
    """Finds the secret however each of its characters is escaped, mixtures too; None for one too long for that."""
    return re.compile("".join(map(_any_spelling, secret))) if len(secret) <= _LONGEST_TOLERANT else None


def escaped_parts(text: str, reach: int) -> Iterator[tuple[int, int]]:
    """Where escapes stand in the text, each with `reach` characters around it, as (start, end), in order."""
    part: tuple[int, int] | None = None
    for found in _ESCAPES.finditer(text):
        start, end = max(found.start() - reach, 0), found.end() + reach
        if part is not None and start > part[1]:
            yield part
            part = None
        part = (start if part is None else part[0], end)
    if part is not None:
        yield part


def _any_spelling(character: str) -> str:
    """`/` is also `%2F`, `%252f`, `\\/`, `\\u002F`, `\\x2f`, `&#47;` and `&#x2f;`."""
    bytewise = "".join(f"%(?:25)?{_either_case(f'{byte:02x}')}" for byte in character.encode())
    units = [json.dumps(character, ensure_ascii=True)[1:-1]] if ord(character) > 0xFFFF else []
    code = f"{ord(character):x}"
    alternatives = [
        rf"\\*{re.escape(character)}" if character in "\"'/\\" else re.escape(character),
        bytewise,
        rf"\\+u{_either_case(code.zfill(4))}" if not units else re.escape(units[0]),
        rf"\\+x{_either_case(code.zfill(2))}",
        rf"&#(?:0*{ord(character)}|[xX]0*{_either_case(code)});",
        *(re.escape(one) for one in {html.escape(character)} - {character}),
        *([r"\+"] if character == " " else []),
    ]
    return f"(?:{'|'.join(alternatives)})"


def _either_case(digits: str) -> str:
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else one for one in digits)
