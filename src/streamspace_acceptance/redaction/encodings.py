"""The spellings in which a secret may turn up: plain, URL-encoded, JSON-escaped, in HTML, in base64."""

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
"""Of base64, in characters: fewer may stand in ordinary text by chance."""
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


def is_escaped(text: str) -> bool:
    """Whether anything in `text` may be an escaped character."""
    return _ANY_ESCAPE.search(text) is not None


@dataclass(frozen=True)
class _Piece:
    """A part of a text: where it stands there, and what it says, a character for each byte of UTF-8."""

    start: int
    end: int
    said: str

    def place(self, offset: int) -> tuple[int, int]:
        """Where in the text a character of what it says stands, as (start, end)."""
        if len(self.said) != self.end - self.start:
            return self.start, self.end
        return self.start + offset, self.start + offset + 1


class Unescaped:
    """A text read once, to find secrets in it however each of their characters is escaped, mixtures too.

    `/` is also `%2F`, `%252f`, `\\/`, `\\u002F`, `\\x2f`, `&#47;` and `&#x2f;`, and a blank is also `+`.
    """

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._starts = [0, *itertools.accumulate(len(piece.said) for piece in self._pieces)]
        self.said = "".join(piece.said for piece in self._pieces).replace("+", " ")

    def find(self, secret: str) -> Iterator[tuple[int, int]]:
        """Where the secret stands in the text, as (start, end). It is given as what an `Unescaped` of it says."""
        at = self.said.find(secret)
        while at >= 0:
            yield self._place(at)[0], self._place(at + len(secret) - 1)[1]
            at = self.said.find(secret, at + len(secret))

    def _place(self, index: int) -> tuple[int, int]:
        number = bisect_right(self._starts, index) - 1
        return self._pieces[number].place(index - self._starts[number])


def _pieces(text: str) -> Iterator[_Piece]:
    """The text in parts that are escaped and parts that are not, none of them empty."""
    done = 0
    for found in _ESCAPED.finditer(text):
        if done < found.start():
            yield _Piece(done, found.start(), text[done : found.start()])
        quoted = found["quoted"]
        said = bytes.fromhex(quoted) if quoted else _unescaped(found).encode("utf-8", "surrogatepass")
        yield _Piece(*found.span(), said.decode("latin-1"))
        done = found.end()
    if done < len(text):
        yield _Piece(done, len(text), text[done:])


def _unescaped(found: re.Match[str]) -> str:
    """The character that an escape stands for."""
    kind, piece = found.lastgroup, found[0]
    if kind == "pair":
        high, low = (int(digits, 16) for digits in re.findall(r"u([0-9A-Fa-f]{4})", piece))
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if kind == "unit":
        return chr(int(found["unit"], 16))
    if kind == "mark":
        return _MARKS.get(found["mark"], found["mark"])
    if kind == "entity":
        return html.unescape(piece)
    return piece[-1]  # of backslashes, however many; a character beyond ASCII
