"""Secrets that nobody told the suite about, known by what stands around them: a header, a field's name, a URL."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Callable

MASK = "[redacted]"

_NAMES = (
    r"(?:token|password|passwd|passphrase|secret|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key"
    r"|client-key-data|client-certificate-data|credentials?|authorization|(?:set-)?cookie|dsn"
    r"|(?:database|db|redis|postgres)[_-]?ur[il])"
)
# The name of a field or a variable ends in what it holds: `DB_PASSWORD`, but not `secretName`.
_FIELD = rf"[\w.-]*{_NAMES}"
_PARAMETER = r"(?:[\w-]*(?:token|password|secret|ticket|jwt)|api[_-]?key|key|sig|signature|auth|pwd|passwd)"
_HEADERS = r"(?:(?:set-)?cookie2?|(?:proxy-)?authorization|x-(?:api-key|auth-token|csrf-token)|sec-websocket-protocol)"
_STORES = r"(?:postgres(?:ql)?|redis|rediss|valkey|mysql|mariadb|mongodb|amqps?)(?:\+\w+)?"
_BACKSLASHED = r"(?:\\\\(?:\\.|.)|(?!\\\").)*"  # up to the `\"` at which a string within a string ends

# Each pattern keeps its group "kept", which names the kind of secret, and masks what follows it.
_ANY_CASE = (
    r"(?P<kept>-----BEGIN [\w ]*PRIVATE KEY-----)(?!\[redacted\])[\s\S]+?(?=-----END)",
    # Prose has a bearer, too; a token has a figure or is long.
    r"(?P<kept>\bbearer(?:\s|%20|\+)+)(?!\[redacted\])[\w.~+/%=-]{6,}",
    # postgres://user:pass@host. In a store's address a password may hold a slash, in others that begins the path.
    rf"(?P<kept>\b{_STORES}:(?:\\*/){{2}}[^\s/:@\"'<>]*:)(?!\[redacted\])[^\s@\"'<>]+(?=@)",
    r"(?P<kept>\b[a-z][a-z0-9+.-]*:(?:\\*/){2}[^\s/:@\"'<>\\]*:)(?!\[redacted\])[^\s/@\"'<>\\]+(?=@)",
    rf"(?P<kept>(?:[?&;#]|\\u0026|&amp;){_PARAMETER}=)(?!\[redacted\])[^&#\s\"'<>\\]+",
    # A header as an object of two fields, and a header in a line of its own.
    rf"(?P<kept>\"name\"\s*:\s*\"{_HEADERS}\"\s*,\s*\"value\"\s*:\s*\")(?:[^\"\\]|\\.)*",
    r"(?P<kept>(?:^|(?<=[\s\"'<>{,.]))(?:set-)?cookie['\"]?[ \t]*[:=][ \t]*)(?=[^\s\"'\\;=]+=)[^\n\"'\\]+",
    r"(?P<kept>\bcookie\s*=\s*(?P<quote>\\?[\"'`]))(?!\[redacted\])[^\"'`\\]+",
    # A variable of a pod: {"name": "DB_PASSWORD", "value": "…"}, and the same in YAML.
    rf"(?P<kept>\"name\"\s*:\s*\"{_FIELD}\"\s*,\s*\"value\"\s*:\s*\")(?:[^\"\\]|\\.)*",
    rf"(?P<kept>\\\"name\\\"\s*:\s*\\\"{_FIELD}\\\"\s*,\s*\\\"value\\\"\s*:\s*\\\"){_BACKSLASHED}",
    rf"(?P<kept>\bname:[ \t]*['\"]?{_FIELD}['\"]?[ \t]*\n[ \t]*value:[ \t]*)(?!\[redacted\]|['\"]?\[redacted)\S.*",
    # A field of JSON, and one of JSON within JSON.
    rf"(?P<kept>\"{_FIELD}\"\s*:\s*\")(?:[^\"\\]|\\.)*(?=\")",
    rf"(?P<kept>\\\"{_FIELD}\\\"\s*:\s*\\\"){_BACKSLASHED}(?=\\\")",
    r"(?P<kept>\b[\w.-]*(?:password|passwd)['\"]?[ \t]*[:=][ \t]*)(?!\[redacted\]|['\"]?\[redacted|[{\[]|null\b)"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'\\]+)",
    # Long values only: "wrong token: the API …" is prose.
    rf"(?P<kept>\b{_FIELD}['\"]?[ \t]*[:=][ \t]*['\"]?)(?!\[redacted\])[\w.~+/%=-]{{16,}}",
    r"(?P<kept>)\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
)
# Base64 of a name and a password holds a capital or a figure; "basic session creation" is prose.
_BASIC = re.compile(r"(?P<kept>\b(?i:basic)(?:\s|%20)+)(?=[a-z+/=]*[A-Z0-9])[\w.~+/%=-]{6,}")
_PATTERNS = (*(re.compile(pattern, re.IGNORECASE) for pattern in _ANY_CASE), _BASIC)
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


def _mask_plain(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<kept>{MASK}", text)
    return text


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
