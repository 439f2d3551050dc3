"""Secrets that nobody told the suite about, known by what stands around them: a header, a field's name, a URL."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple

from streamspace_acceptance.redaction import secret_names
from streamspace_acceptance.redaction.secret_names import Place

MASK = "[redacted]"

_NAMES = secret_names.pattern(Place.FIELD)
_PARAMETER = rf"(?:[\w-]*{secret_names.pattern(Place.PARAMETER)}|{'|'.join(secret_names.WHOLE_PARAMETERS)})"
_STORES = r"(?:postgres(?:ql)?|redis|rediss|valkey|mysql|mariadb|mongodb|amqps?)(?:\+\w+)?"
_BACKSLASHED = r"(?:\\\\(?:\\.|.)|(?!\\\").)*"  # up to the `\"` at which a string within a string ends

_HIDDEN = r"(?!\[redacted\])"
_PARAMETERS = tuple(f"{name}=" for name in (*secret_names.last_words(Place.PARAMETER), *secret_names.WHOLE_PARAMETERS))


class _Pattern(NamedTuple):
    """What secrets stand in. Its group "kept" names the kind of secret and stays; what follows it is masked.

    It has nothing to look for in a text in which, in small letters, none of `hints` stands: that is told much faster.
    """

    hints: tuple[str, ...]
    expression: re.Pattern[str]


def _pattern(hints: tuple[str, ...], expression: str) -> _Pattern:
    return _Pattern(hints, re.compile(expression, re.IGNORECASE))


_PATTERNS = (
    _pattern(("-----begin",), rf"(?P<kept>-----BEGIN [\w ]*PRIVATE KEY-----){_HIDDEN}[\s\S]+?(?=-----END)"),
    # Prose has a bearer, too; a token has a figure or is long.
    _pattern(("bearer",), rf"(?P<kept>\bbearer(?:\s|%20|\+)+){_HIDDEN}[\w.~+/%=-]{{6,}}"),
    # postgres://user:pass@host. In a store's address a password may hold a slash, in others that begins the path.
    _pattern(("@",), rf"(?P<kept>\b{_STORES}:(?:\\*/){{2}}[^\s/:@\"'<>]*:){_HIDDEN}[^\s@\"'<>]+(?=@)"),
    _pattern(
        ("@",),
        rf"(?P<kept>\b[a-z][a-z0-9+.-]*:(?:\\*/){{2}}[^\s/:@\"'<>\\]*:){_HIDDEN}[^\s/@\"'<>\\]+(?=@)",
    ),
    _pattern(_PARAMETERS, rf"(?P<kept>(?:[?&;#]|\\u0026|&amp;){_PARAMETER}=){_HIDDEN}[^&#\s\"'<>\\]+"),
    # A header as an object of two fields, and a header in a line of its own.
    _pattern(
        ('"value"',),
        rf"(?P<kept>\"name\"\s*:\s*\"{secret_names.HEADERS}\"\s*,\s*\"value\"\s*:\s*\")(?:[^\"\\]|\\.)*",
    ),
    _pattern(
        ("cookie",),
        r"(?P<kept>(?:^|(?<=[\s\"'<>{,.]))(?:set-)?cookie['\"]?[ \t]*[:=][ \t]*)(?=[^\s\"'\\;=]+=)[^\n\"'\\]+",
    ),
    _pattern(("cookie",), rf"(?P<kept>\bcookie\s*=\s*(?P<quote>\\?[\"'`])){_HIDDEN}[^\"'`\\]+"),
    _pattern(("eyj",), r"(?P<kept>)\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    # Base64 of a name and a password holds a capital or a figure; "basic session creation" is prose.
    _pattern(("basic",), r"(?P<kept>\bbasic(?:\s|%20)+)(?-i:(?=[a-z+/=]*[A-Z0-9]))[\w.~+/%=-]{6,}"),
)
_NAME = re.compile(_NAMES)
# A field, from the last word of its name on. Like a pattern it keeps its group "kept" and masks what follows.
_FIELDS = tuple(
    re.compile(expression, re.IGNORECASE)
    for expression in (
        # A variable of a pod: {"name": "DB_PASSWORD", "value": "…"}, and the same in JSON within JSON and in YAML.
        rf"(?P<kept>{_NAMES}\"\s*,\s*\"value\"\s*:\s*\")(?:[^\"\\]|\\.)*",
        rf"(?P<kept>{_NAMES}\\\"\s*,\s*\\\"value\\\"\s*:\s*\\\"){_BACKSLASHED}",
        rf"(?P<kept>{_NAMES}['\"]?[ \t]*\n[ \t]*value:[ \t]*){_HIDDEN}(?!['\"]\[redacted)\S.*",
        # A field of JSON, and one of JSON within JSON.
        rf"(?P<kept>{_NAMES}\"\s*:\s*\")(?:[^\"\\]|\\.)*(?=\")",
        rf"(?P<kept>{_NAMES}\\\"\s*:\s*\\\"){_BACKSLASHED}(?=\\\")",
        rf"(?P<kept>(?:password|passwd)['\"]?[ \t]*[:=][ \t]*){_HIDDEN}(?!['\"]\[redacted|[{{\[]|null\b)"
        r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'\\]+)",
        # Long values only: "wrong token: the API …" is prose.
        rf"(?P<kept>{_NAMES}['\"]?[ \t]*[:=][ \t]*['\"]?){_HIDDEN}[\w.~+/%=-]{{16,}}",
    )
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_QUOTED = re.compile(r"[\w.~!*'()+/:@,;$-]*%(?:25)?[0-9A-Fa-f]{2}[\w.~!*'()+/:@,;$%-]*")
_ESCAPED = re.compile(r"(?:\\+u[0-9A-Fa-f]{4}){8,}")
_TWICE = 64
"""Characters of base64, of fewer of which nobody makes base64 again."""
_TELLING = re.compile(r"[:=]|earer|asic |eyJ")  # no pattern does without one of these


def mask(text: str, known: Callable[[str], str]) -> str:
    """`text` without what its surroundings tell to be a secret, also where these are URL-encoded or in base64.

    `known` masks the secrets that are known: they may be in a long piece of base64, encoded a second time.
    """
    text = _mask_plain(text)
    if "%" in text:
        text = _QUOTED.sub(lambda found: _mask_quoted(found[0]), text)
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: MASK if _is_secret(_unescaped(found[0])) else found[0], text)
    return _BASE64.sub(lambda found: MASK if _holds_secret(found[0], known) else found[0], text)


def is_encoded(text: str) -> bool:
    """Whether a part of `text` may be base64 of something."""
    return _BASE64.search(text) is not None


def _mask_plain(text: str) -> str:
    small = text.lower()
    for hints, expression in _PATTERNS:
        if any(hint in small for hint in hints):
            text = expression.sub(rf"\g<kept>{MASK}", text)
    return _mask_fields(text)


def _mask_fields(text: str) -> str:
    """`text` without the values of fields whose names tell that they hold secrets."""
    pieces, done = [], 0
    for name in _NAME.finditer(text.replace("\u0130", "I").lower()):  # the one letter whose small one is longer
        found = _field_at(text, name.start()) if name.start() >= done else None
        if found is not None:
            pieces += [text[done : found.end("kept")], MASK]
            done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _field_at(text: str, start: int) -> re.Match[str] | None:
    return next(filter(None, (expression.match(text, start) for expression in _FIELDS)), None)


def _is_secret(text: str) -> bool:
    return _mask_plain(text) != text


def _unescaped(piece: str) -> str:
    """`\\u0070\\u006f` is `po`."""
    return "".join(chr(int(digits, 16)) for digits in re.findall(r"u([0-9A-Fa-f]{4})", piece))


def _mask_quoted(piece: str) -> str:
    """The same once it is read; it stays as it is unless something is found."""
    said = piece
    for _ in range(2):
        said = urllib.parse.unquote(said)
        masked = _mask_plain(said)
        if masked != said:
            return urllib.parse.quote(masked, safe="[]")
    return piece


def _holds_secret(piece: str, known: Callable[[str], str]) -> bool:
    """Whether base64, read from any of its four places, since it may be a part of a longer text, tells a secret."""
    if piece.isdigit() or piece.isalpha():
        return False  # a number, a name
    plain = piece.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        part = plain[start:]
        try:
            said = base64.b64decode(part[: len(part) // 4 * 4] if start else _padded(part)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
        if (_TELLING.search(said) and _is_secret(said)) or (len(piece) >= _TWICE and known(said) != said):
            return True
    return False


def _padded(part: str) -> str:
    rest = len(part) % 4
    return part[:-1] if rest == 1 else part + "=" * (-len(part) % 4)
