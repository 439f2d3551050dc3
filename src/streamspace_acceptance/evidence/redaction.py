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

MASK = "[redacted]"

# Shorter values ("admin", "test") occur in ordinary text; masking them would blind the evidence.
_SHORTEST_SECRET = 8

_lock = threading.Lock()
_secrets: set[str] = set()
_known: re.Pattern[str] | None = None

# Each pattern keeps its first group, which names the kind of secret, and masks what follows it.
_SURROUNDINGS = (
    re.compile(r"(\b(?:bearer|basic)\s+)(?!\[redacted\])[\w.~+/%=-]{6,}", re.IGNORECASE),
    re.compile(r"([?&;](?:access_|id_|refresh_)?token=)[^&#\s\"'<>\\]+", re.IGNORECASE),
    re.compile(
        r"""(["']?\b(?:access_?token|id_?token|refresh_?token|token|password|passwd|secret|client-key-data"""
        r"""|client-certificate-data)\b\\?["']?\s*[:=]\s*)(?!\[redacted\])(?:\\?"(?:[^"\\]|\\(?!")[^"])*\\?"|'[^']*'|[^\s,;&}\]"'\\]+)""",
        re.IGNORECASE,
    ),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)


def register_secret(value: str) -> None:
    """Mask `value` in everything that is written from now on. Values under 8 characters are ignored."""
    global _known
    if len(value) < _SHORTEST_SECRET:
        return
    with _lock:
        _secrets.add(value)
        forms = {form for secret in _secrets for form in _forms(secret)}
        # The longest form first: a plain secret may be a part of its encoded one.
        _known = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def redact(text: str) -> str:
    """`text` with every secret replaced by `[redacted]`."""
    known = _known
    if known is not None:
        text = known.sub(MASK, text)
    for pattern in _SURROUNDINGS:
        text = pattern.sub(rf"\g<1>{MASK}", text)
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
