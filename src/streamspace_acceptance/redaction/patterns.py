"""Unknown secrets, recognised by context: a header, a field's name, a URL."""

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
    """A context of secrets. Its group "kept" names the kind of secret and stays; the text after it is masked.

    The pattern is tried only in texts that contain one of `hints`, in small letters: that test is much faster.
    """

    hints: tuple[str, ...]
    expression: re.Pattern[str]


def _pattern(hints: tuple[str, ...], expression: str) -> _Pattern:
    return _Pattern(hints, re.compile(expression, re.IGNORECASE))


_PATTERNS = (
    _pattern(("-----begin",), rf"(?P<kept>-----BEGIN [\w ]*PRIVATE KEY-----){_HIDDEN}[\s\S]+?(?=-----END)"),
    # "bearer" occurs in prose, too; a token has 6 characters or more.
    _pattern(("bearer",), rf"(?P<kept>\bbearer(?:\s|%20|\+)+){_HIDDEN}[\w.~+/%=-]{{6,}}"),
    # postgres://user:pass@host. A password may contain a slash for a store; elsewhere a slash begins the path.
    _pattern(("@",), rf"(?P<kept>\b{_STORES}:(?:\\*/){{2}}[^\s/:@\"'<>]*:){_HIDDEN}[^\s@\"'<>]+(?=@)"),
    _pattern(
        ("@",),
        rf"(?P<kept>\b[a-z][a-z0-9+.-]*:(?:\\*/){{2}}[^\s/:@\"'<>\\]*:){_HIDDEN}[^\s/@\"'<>\\]+(?=@)",
    ),
    _pattern(_PARAMETERS, rf"(?P<kept>(?:[?&;#]|\\u0026|&amp;){_PARAMETER}=){_HIDDEN}[^&#\s\"'<>\\]+"),
    # A header as an object of two fields, and a header on a line of its own.
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
    # Base64 of a name and a password contains a digit, or a capital after its first letter. Prose does not:
    # "Basic Session Creation".
    _pattern(("basic",), r"(?P<kept>\bbasic(?:\s|%20)+)(?-i:(?=[a-z+/=]*[0-9]|[A-Za-z+/=]+[A-Z0-9]))[\w.~+/%=-]{6,}"),
)
_NAME = re.compile(_NAMES)
# A field, from the last word of its name on. Its group "kept" stays; the text after it is masked.
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
"""Characters of base64; shorter pieces are not encoded twice in practice."""
_CONTEXT = re.compile(r"[:=]|earer|asic |eyJ")  # every pattern needs one of these


def mask(text: str, known: Callable[[str], str]) -> str:
    """`text` without the secrets that its context shows, also where both are URL-encoded or in base64.

    `known` masks known secrets: a long piece of base64 may contain them, encoded a second time.
    """
    text = _mask_plain(text)
    if "%" in text:
        text = _QUOTED.sub(lambda piece: _mask_quoted(piece[0]), text)
    if "\\u" in text:
        text = _ESCAPED.sub(lambda piece: MASK if _is_secret(_unescaped(piece[0])) else piece[0], text)
    return _BASE64.sub(lambda piece: MASK if _holds_secret(piece[0], known) else piece[0], text)


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
    """`text` without the values of fields whose names are those of secrets."""
    pieces, done = [], 0
    for name in _NAME.finditer(text.replace("\u0130", "I").lower()):  # the one letter that gets longer in small
        field = _field_at(text, name.start()) if name.start() >= done else None
        if field is not None:
            pieces += [text[done : field.end("kept")], MASK]
            done = field.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _field_at(text: str, start: int) -> re.Match[str] | None:
    return next(filter(None, (expression.match(text, start) for expression in _FIELDS)), None)


def _is_secret(text: str) -> bool:
    return _mask_plain(text) != text


def _unescaped(piece: str) -> str:
    """`\\u0070\\u006f` is `po`."""
    return "".join(chr(int(digits, 16)) for digits in re.findall(r"u([0-9A-Fa-f]{4})", piece))


def _mask_quoted(piece: str) -> str:
    """The piece without secrets, decoded up to twice; unchanged when it contains none."""
    plain = piece
    for _ in range(2):
        plain = urllib.parse.unquote(plain)
        masked = _mask_plain(plain)
        if masked != plain:
            return urllib.parse.quote(masked, safe="[]")
    return piece


def _holds_secret(piece: str, known: Callable[[str], str]) -> bool:
    """Whether base64 contains a secret. It may be a part of a longer text, so it is read from each of four offsets."""
    if piece.isdigit() or piece.isalpha():
        return False  # a number, a name
    plain = piece.rstrip("=").replace("-", "+").replace("_", "/")
    for start in range(4):
        part = plain[start:]
        try:
            text = base64.b64decode(part[: len(part) // 4 * 4] if start else _padded(part)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
        if (_CONTEXT.search(text) and _is_secret(text)) or (len(piece) >= _TWICE and known(text) != text):
            return True
    return False


def _padded(part: str) -> str:
    rest = len(part) % 4
    return part[:-1] if rest == 1 else part + "=" * (-len(part) % 4)
