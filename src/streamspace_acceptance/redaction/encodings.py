"""The encodings in which a secret may occur: plain, URL-encoded, JSON-escaped, in HTML, in base64."""

from __future__ import annotations

import base64
import html
import itertools
import json
import re
import urllib.parse
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_SHORTEST_PIECE = 6
"""Characters of base64; fewer may occur in ordinary text by chance."""
_HEX_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_ANY_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|\\+[ux][0-9A-Fa-f]{2}|\\+[/\"'nrt]|&(?:#|quot|amp|lt|gt|apos)")
_MARKS = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(
    r"%(?:25)?(?P<quoted>[0-9A-Fa-f]{2})"
    r"|(?P<pair>\\+u[dD][89abAB][0-9A-Fa-f]{2}\\+u[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|\\+(?:u(?=[0-9A-Fa-f]{4})|x)(?P<unit>(?<=u)[0-9A-Fa-f]{4}|(?<=x)[0-9A-Fa-f]{2})"
    r"|\\+(?P<mark>[/\"'nrt])"
    r"|&(?P<entity>#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|(?:quot|amp|lt|gt|apos);)"
    r"|\\+|[^\x00-\x7f]"
)


def forms(secret: str) -> tuple[frozenset[str], frozenset[str]]:
    """The encodings of a secret that common programs write: (as text, in base64)."""
    quoted = {urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    plain = {
        secret,
        *quoted,
        *(_HEX_ESCAPE.sub(lambda escape: escape[0].lower(), text) for text in quoted),
        *escaped,
        *(text.replace("/", r"\/") for text in escaped),
        *(json.dumps(text)[1:-1] for text in escaped),
        html.escape(secret),
        secret.encode().hex(),
        *("".join(f"\\u{ord(character):{digits}}" for character in secret) for digits in ("04x", "04X")),
    }
    inside = {secret, *quoted, *escaped}  # a text may be escaped before it is put into base64
    return frozenset(plain), frozenset(piece for text in inside for piece in base64_pieces(text.encode()))


def base64_pieces(secret: bytes) -> Iterator[str]:
    """The secret in base64 at each of the three alignments within a longer text.

    Characters that also encode neighbouring bytes are left out.
    """
    for before in range(3):
        padded = b"\0" * before + secret
        first, last = -(-8 * before // 6), 8 * len(padded) // 6
        if last - first >= _SHORTEST_PIECE:
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(padded).decode()[first:last]


def is_escaped(text: str) -> bool:
    """Whether `text` may contain an escaped character."""
    return _ANY_ESCAPE.search(text) is not None


@dataclass(frozen=True)
class _Piece:
    """A part of a text: its place, and its meaning, with one character for each byte of UTF-8."""

    start: int
    end: int
    meaning: str

    def place(self, offset: int) -> tuple[int, int]:
        """The place in the text of a character of the meaning, as (start, end)."""
        if len(self.meaning) != self.end - self.start:
            return self.start, self.end
        return self.start + offset, self.start + offset + 1


class Unescaped:
    """A text that is read once, to find secrets in it whatever mixture of escapes their characters have.

    `/` may be `%2F`, `%252f`, `\\/`, `\\u002F`, `\\x2f`, `&#47;` or `&#x2f;`, and a blank may be `+`.
    """

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._starts = [0, *itertools.accumulate(len(piece.meaning) for piece in self._pieces)]
        self.meaning = "".join(piece.meaning for piece in self._pieces).replace("+", " ")

    def find(self, secret: str) -> Iterator[tuple[int, int]]:
        """The places of a secret in the text, as (start, end). `secret` is the `meaning` of its own `Unescaped`."""
        at = self.meaning.find(secret)
        while at >= 0:
            yield self._place(at)[0], self._place(at + len(secret) - 1)[1]
            at = self.meaning.find(secret, at + len(secret))

    def _place(self, index: int) -> tuple[int, int]:
        number = bisect_right(self._starts, index) - 1
        return self._pieces[number].place(index - self._starts[number])


def _pieces(text: str) -> Iterator[_Piece]:
    """The text in escaped and plain parts; no part is empty."""
    done = 0
    for escape in _ESCAPED.finditer(text):
        if done < escape.start():
            yield _Piece(done, escape.start(), text[done : escape.start()])
        quoted = escape["quoted"]
        meaning = bytes.fromhex(quoted) if quoted else _unescaped(escape).encode("utf-8", "surrogatepass")
        yield _Piece(*escape.span(), meaning.decode("latin-1"))
        done = escape.end()
    if done < len(text):
        yield _Piece(done, len(text), text[done:])


def _unescaped(escape: re.Match[str]) -> str:
    """The character that is escaped."""
    kind, piece = escape.lastgroup, escape[0]
    if kind == "pair":
        high, low = (int(digits, 16) for digits in re.findall(r"u([0-9A-Fa-f]{4})", piece))
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if kind == "unit":
        return chr(int(escape["unit"], 16))
    if kind == "mark":
        return _MARKS.get(escape["mark"], escape["mark"])
    if kind == "entity":
        return html.unescape(piece)
    return piece[-1]  # one of several backslashes, or a character beyond ASCII
