"""The one redactor: nothing is written, printed or attached before it went through here.

Two nets are laid over each other. Known secrets (`register_secret`) are found wherever they stand and however they
are spelt. Unknown ones are found by their surroundings: a bearer header, a `token=` in a URL, a cookie, the password
in a database's address, the secret fields of a kubeconfig, a logged password.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import yaml

from streamspace_acceptance.evidence import spellings, surroundings

MASK = surroundings.MASK

_KUBECONFIG_SECRETS = ("token", "password", "client-key-data", "client-certificate-data")
_SHORTEST_SECRET = 4
_SHORT = 8
"""A secret of fewer characters is masked as a word of its own only: within longer words it is most likely chance."""
_ORDINARY = frozenset({
    "admin", "administrator", "changeme", "database", "default", "false", "guest", "kubernetes", "namespace", "null",
    "password", "postgres", "postgresql", "redis", "root", "running", "secret", "session", "sessions", "streamspace",
    "string", "template", "test", "testuser", "token", "true", "user", "username", "valkey",
})  # fmt: skip
"""Words that are some people's passwords and everybody's ordinary text: masking them would blind the evidence."""


class Redactor:
    """Knows secrets and masks them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._words: tuple[re.Pattern[str], ...] = ()
        self._tolerant: tuple[re.Pattern[str], ...] = ()
        self._reach = 0

    def register_secret(self, value: str) -> None:
        """Mask `value` in everything from now on.

        Values under 4 characters are ignored, and so are ordinary words ("admin"), of which only the surroundings tell.
        """
        if len(value) < _SHORTEST_SECRET or value.lower() in _ORDINARY:
            return
        with self._lock:
            if value in self._secrets:
                return
            self._secrets |= {value}
            texts, pieces = spellings.forms(value)
            short = frozenset(one for one in texts if len(one) < _SHORT)
            # The longest first: a plain secret may be a part of its encoded one.
            self._forms = tuple(sorted({*self._forms, *(texts - short), *pieces}, key=len, reverse=True))
            self._words += tuple(re.compile(rf"(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])") for one in short)
            pattern = spellings.tolerant(value) if len(value) >= _SHORT else None
            self._tolerant += (pattern,) if pattern is not None else ()
            self._reach = max(self._reach, 6 * min(len(value), 400))

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
        return surroundings.mask(self._mask_known(text), self._mask_known)

    def _mask_known(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for word in self._words:
            text = word.sub(MASK, text)
        return _in_parts(text, self._reach, self._mask_escaped) if self._tolerant else text

    def _mask_escaped(self, text: str) -> str:
        for pattern in self._tolerant:
            text = pattern.sub(MASK, text)
        return text


def _in_parts(text: str, reach: int, masked: Callable[[str], str]) -> str:
    """`text` with `masked` done to the parts in which something is escaped."""
    pieces, done = [], 0
    for start, end in spellings.escaped_parts(text, reach):
        pieces += [text[done:start], masked(text[start:end])]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


_of_this_run = Redactor()
register_secret = _of_this_run.register_secret
register_kubeconfig = _of_this_run.register_kubeconfig
redact = _of_this_run.redact
