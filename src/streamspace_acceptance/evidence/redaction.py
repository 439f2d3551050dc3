"""The one redactor: nothing is written, printed or attached before it went through here.

Two nets are laid over each other. Known secrets (`register_secret`) are found wherever they stand, also
URL-encoded, in base64 at any alignment, and JSON-escaped. Unknown ones are found by their surroundings:
a bearer header, a `token=` in a URL, a JSON Web Token, the secret fields of a kubeconfig, a logged password.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import urllib.parse
from pathlib import Path

import yaml

MASK = "[redacted]"

_KUBECONFIG_SECRETS = ("token", "password", "client-key-data")

# Shorter values ("admin", "test") occur in ordinary text; masking them would blind the evidence.
_SHORTEST_SECRET = 8

_FIELD = r"(?:(?:access|id|refresh)?_?token|password|passwd|client-key-data|client-certificate-data)"

# Each pattern keeps its group "kept", which names the kind of secret, and masks what follows it.
_SURROUNDINGS = (
    re.compile(r"(?P<kept>\bbearer\s+)(?!\[redacted\])[\w.~+/%=-]{6,}", re.IGNORECASE),
    # Base64 of a name and a password holds a capital or a figure; "basic session creation" is prose.
    re.compile(r"(?P<kept>\b(?i:basic)\s+)(?=[a-z+/=]*[A-Z0-9])[\w.~+/%=-]{6,}"),
    re.compile(r"(?P<kept>[?&;](?:access_|id_|refresh_)?token=)[^&#\s\"'<>\\]+", re.IGNORECASE),
    re.compile(rf"""(?P<kept>"{_FIELD}"\s*:\s*")(?:[^"\\]|\\.)*(?=")""", re.IGNORECASE),
    re.compile(rf"""(?P<kept>\\"{_FIELD}\\"\s*:\s*\\")(?:(?!\\").)*(?=\\")""", re.IGNORECASE),
    re.compile(r"(?P<kept>\bpassword\s*[:=]\s*)(?!\[redacted\])[^\s\"'\\,;]+", re.IGNORECASE),
    # Long values only: "wrong token: the API …" is prose.
    re.compile(rf"(?P<kept>\b{_FIELD}\s*[:=]\s*['\"]?)(?!\[redacted\])[\w.~+/%=-]{{16,}}", re.IGNORECASE),
    re.compile(r"(?P<kept>)\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)


class Redactor:
    """Knows secrets and masks them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None

    def register_secret(self, value: str) -> None:
        """Mask `value` in everything from now on. Values under 8 characters are ignored."""
        if len(value) < _SHORTEST_SECRET:
            return
        with self._lock:
            self._forms |= _forms(value)
            # The longest form first: a plain secret may be a part of its encoded one.
            self._known = re.compile("|".join(map(re.escape, sorted(self._forms, key=len, reverse=True))))

    def register_kubeconfig(self, path: Path) -> None:
        """Mask the credentials that a kubeconfig holds; one that cannot be read holds none for us."""
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            users = [entry["user"] for entry in document["users"]]
        except (OSError, yaml.YAMLError, KeyError, TypeError):
            return
        for user in users:
            for name in _KUBECONFIG_SECRETS:
                self.register_secret(str(user.get(name) or ""))

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]`; JSON stays JSON."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern in _SURROUNDINGS:
            text = pattern.sub(rf"\g<kept>{MASK}", text)
        return text


def _forms(secret: str) -> set[str]:
    """The spellings in which a secret may turn up: plain, URL-encoded, JSON-escaped, base64."""
    plain = {
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    return plain | _base64_forms(secret.encode())


def _base64_forms(secret: bytes) -> set[str]:
    """What base64 makes of the secret at each of its three alignments within a longer text.

    The first and last characters of a piece also encode the neighbouring bytes; they are left out.
    """
    forms: set[str] = set()
    for before in range(3):
        padded = b"\0" * before + secret
        whole = len(padded) // 3 * 4
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            piece = encode(padded).decode()[:whole]
            start = (0, 2, 3)[before]
            if len(piece) - start >= _SHORTEST_SECRET:
                forms.add(piece[start:])
    return forms


_of_this_run = Redactor()
register_secret = _of_this_run.register_secret
register_kubeconfig = _of_this_run.register_kubeconfig
redact = _of_this_run.redact
