"""Where secrets are read from, before they can occur anywhere: settings, the cluster, answers, input."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from streamspace_acceptance.redaction.control_characters import without_colours
from streamspace_acceptance.redaction.redactor import register_kubeconfig, register_secret
from streamspace_acceptance.redaction.secret_names import Place, pattern
from streamspace_acceptance.settings import Settings

Json = dict[str, Any]

_FIELD = re.compile(rf'"[\w.-]*({pattern(Place.ANSWER)})"\s*:\s*"((?:[^"\\]|\\.){{8,}})"', re.IGNORECASE)
_PARAMETER = re.compile(rf"[?&;#][\w-]*{pattern(Place.PARAMETER)}=([^&#\s\"'<>\\]{{8,}})", re.IGNORECASE)
_PASSWORD_LINE = re.compile(r"(?i)\b(?:admin(?:istrator)?\s+)?password\s*[:=]\s*(\S+)")
_QUOTE = re.compile(r"""[\\"']""")
_USERINFO = re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>]*:([^\s@\"'<>]+)@")
# Values in Secrets that are not secret.
_NO_SECRET = re.compile(
    r"(?i)(?:^|[._-])(?:user(?:name)?|host|port|name|database|db|namespace|email|ca\.crt|tls\.crt)$"
)
_LONGEST = 4096
_OF_ONE_CALL = 50
_learned: defaultdict[str, set[str]] = defaultdict(set)
_public: set[str] = set()
_TYPED = 8
_TOKEN_LIKE = 20
"""Characters; a part of an address that is so long, with letters and digits, is treated as a secret."""


def from_settings(settings: Settings) -> None:
    """The token, the passwords and the kubeconfig's credentials, before the first request."""
    passwords = (settings.admin_password, settings.vnc_password, settings.user_password)
    for secret in (settings.token, settings.expired_token, *passwords):
        register_secret(secret or "")
    for path in settings.kubeconfig_files():
        register_kubeconfig(path)


def from_secrets(secrets: Iterable[Json]) -> None:
    """The values of the namespace's Secrets, and passwords within addresses; a Helm release is not secret."""
    for secret in secrets:
        if str(secret.get("type", "")).startswith("helm.sh/"):
            continue
        for name, data in (secret.get("data") or {}).items():
            if not _NO_SECRET.search(name):
                _register_with_parts(_decoded(data))


def from_log(text: str) -> None:
    """Passwords in a log: `Admin password: …`, also in colours, in quotes, or at the end of a text in JSON."""
    for match in _PASSWORD_LINE.finditer(without_colours(text)):
        register_secret(match[1])
        register_secret(_QUOTE.split(match[1].lstrip("\\\"'"))[0])
    for match in _USERINFO.finditer(text):
        register_secret(match[1])


def from_answer(text: str, call: str) -> None:
    """Tokens and passwords in an answer of the API: in fields of JSON, in addresses.

    Some products sign new ones for each answer, and a list is requested ten times a second: 50 are registered for each
    call. The others are masked by the name of their field.
    """
    for field in _FIELD.finditer(text):
        value = _unescaped(field[2])
        if _is_registered(value, call) or field[1].lower() == "ticket":  # not masked by its name
            register_secret(value)
    for match in _PARAMETER.finditer(text):
        if _is_registered(match[1], call):
            register_secret(match[1])
            register_secret(unquote(match[1]))


def _is_registered(value: str, call: str) -> bool:
    learned = _learned[call]
    if len(learned) < _OF_ONE_CALL:
        learned.add(value)
    return value in learned


def from_cookies(headers: Iterable[str]) -> None:
    """The values in `Set-Cookie` headers."""
    for header in headers:
        register_secret(header.partition(";")[0].partition("=")[2].strip('" '))


def from_typing(text: str) -> None:
    """Typed text may be a password; a command as short as `exit` is not."""
    if len(text) >= _TYPED:
        register_secret(text)


def from_cookie_values(values: Iterable[str]) -> None:
    """The values of a browser's cookies."""
    for value in values:
        register_secret(value)
        register_secret(unquote(value))


def except_for(session_id: str) -> None:
    """An address that holds this id of a session is not secret for that: it may be another session's address."""
    _public.add(session_id)


def from_address(url: str) -> None:
    """Texts like tokens in an address: path, query and fragment. Parts that hold a session's id are public."""
    for part in _parts(url):
        if len(part) >= _TOKEN_LIKE and _mixed(part) and not any(session_id in part for session_id in _public):
            register_secret(part)


def _parts(url: str) -> Iterator[str]:
    split = urlsplit(url)
    yield from map(unquote, split.path.split("/"))
    yield unquote(split.fragment)
    for query in (split.query, split.fragment.partition("?")[2] or split.fragment):
        yield from (value for _, value in parse_qsl(query))


def _mixed(part: str) -> bool:
    return any(map(str.isdigit, part)) and any(map(str.isalpha, part))


def _register_with_parts(value: str) -> None:
    if len(value) <= _LONGEST:
        register_secret(value)
    for match in _USERINFO.finditer(value):
        register_secret(match[1])


def _decoded(data: object) -> str:
    try:
        return base64.b64decode(str(data), validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # not text, so it cannot occur in one


def _unescaped(escaped: str) -> str:
    try:
        return str(json.loads(f'"{escaped}"'))
    except ValueError:
        return escaped
