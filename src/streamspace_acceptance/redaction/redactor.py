"""The redactor: everything that is written, printed or attached goes through it.

It masks known secrets (`register_secret`) in every encoding, and unknown ones by context: a bearer header, a `token=`
in a URL, a cookie, the password in a database's address, a logged password. It makes control characters visible.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from streamspace_acceptance.redaction import encodings, patterns
from streamspace_acceptance.redaction.control_characters import escape
from streamspace_acceptance.redaction.secret_names import Place, is_secret

MASK = patterns.MASK

_SHORTEST_SECRET = 4
_SHORT = 8
"""A secret of fewer characters is masked as a whole word only: within longer words it is most likely chance."""
_ORDINARY = frozenset({
    "admin", "administrator", "changeme", "database", "default", "false", "guest", "kubernetes", "namespace", "null",
    "password", "postgres", "postgresql", "redis", "root", "running", "secret", "session", "sessions", "streamspace",
    "string", "template", "test", "testuser", "token", "true", "user", "username", "valkey",
})  # fmt: skip
"""Words that are sometimes passwords and often ordinary text: masking them would make the evidence useless."""


_REMEMBERED_LENGTH, _REMEMBERED = 4000, 10_000
"""The longest text in the cache, in characters, and the number of texts: reports are written again and again."""


@dataclass(frozen=True)
class _Secret:
    """One secret: the encodings that are masked anywhere, and those that are masked as whole words."""

    forms: tuple[str, ...]
    words: tuple[re.Pattern[str], ...]

    def is_in(self, text: str) -> bool:
        """Whether `text` contains one of its encodings."""
        return any(form in text for form in self.forms) or any(word.search(text) for word in self.words)


@dataclass
class _Masked:
    """The result for a text when so many secrets were known. A `plain` text contains nothing encoded."""

    text: str
    secrets: int
    plain: bool


class Redactor:
    """Knows secrets and masks them; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self._words: tuple[re.Pattern[str], ...] = ()
        self._meanings: tuple[str, ...] = ()
        self._known: list[_Secret] = []
        self._masked: dict[str, _Masked] = {}

    def register_secret(self, value: str) -> None:
        """Mask `value` in everything from now on.

        Values under 4 characters and ordinary words ("admin") are ignored; they are masked by context only.
        """
        if len(value) < _SHORTEST_SECRET or value.lower() in _ORDINARY:
            return
        with self._lock:
            if value in self._secrets:
                return
            self._secrets |= {value}
            texts, pieces = encodings.forms(value)
            short = frozenset(text for text in texts if len(text) < _SHORT)
            # The longest first: a plain secret may be a part of an encoded one.
            forms = (*(texts - short), *pieces)
            words = tuple(re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])") for text in short)
            self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))
            self._words += words
            if len(value) >= _SHORT:
                self._meanings += (encodings.Unescaped(value).meaning,)
            self._known.append(_Secret(forms, words))

    def register_kubeconfig(self, path: Path) -> None:
        """Mask the credentials in a kubeconfig; one that cannot be read has none."""
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            users = [entry["user"] for entry in document["users"]]
        except (OSError, yaml.YAMLError, KeyError, TypeError):
            return
        for user in users:
            for value in (value for name, value in user.items() if is_secret(name, Place.FIELD)):
                self.register_secret(str(value or ""))

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by `[redacted]` and control characters made visible; JSON stays JSON."""
        return escape(self.mask(text))

    def mask(self, text: str) -> str:
        """`text` with every secret replaced, for text that commands a terminal on purpose."""
        if len(text) > _REMEMBERED_LENGTH:
            return self._mask(text)
        before, count = self._masked.get(text), len(self._known)
        if before is None or (before.secrets != count and not self._still_holds(text, before)):
            plain = not encodings.is_escaped(text) and not patterns.is_encoded(text)
            before = _Masked(self._mask(text), count, plain)
            if len(self._masked) >= _REMEMBERED:
                self._masked = {}
            self._masked[text] = before
        before.secrets = count
        return before.text

    def redact_within(self, value: Any) -> Any:
        """A copy of a JSON value, with every text redacted, and every field masked whose name is a secret's."""
        if isinstance(value, dict):
            if "value" in value and is_secret(str(value.get("name", "")), Place.FIELD):
                value = value | {"value": MASK}
            return {
                self.redact(name): MASK
                if isinstance(item, str) and is_secret(name, Place.FIELD)
                else self.redact_within(item)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.redact_within(item) for item in value]
        return self.redact(value) if isinstance(value, str) else value

    def _still_holds(self, text: str, before: _Masked) -> bool:
        """Whether the text contains no secret that has been registered since."""
        return before.plain and not any(secret.is_in(text) for secret in self._known[before.secrets :])

    def _mask(self, text: str) -> str:
        return patterns.mask(self._mask_known(text), self._mask_known)

    def _mask_known(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for word in self._words:
            text = word.sub(MASK, text)
        return self._mask_escaped(text) if self._meanings and encodings.is_escaped(text) else text

    def _mask_escaped(self, text: str) -> str:
        read = encodings.Unescaped(text)
        pieces, done = [], 0
        for start, end in sorted(place for secret in self._meanings for place in read.find(secret)):
            if end > done:
                pieces += [text[done:start], MASK] if start >= done else []
                done = end
        return "".join([*pieces, text[done:]])


# One for the process: errors are printed, and files written, from threads and libraries that know of no run.
_current = Redactor()


@contextmanager
def of_this_run() -> Iterator[None]:
    """Within this context the secrets are those of one run; earlier ones are ordinary words."""
    global _current  # noqa: PLW0603 - see above
    before, _current = _current, Redactor()
    try:
        yield
    finally:
        _current = before


def register_secret(secret: str) -> None:
    """Make a secret known to the current redactor."""
    _current.register_secret(secret)


def register_kubeconfig(path: Path) -> None:
    """Make the secrets of a kubeconfig known to the current redactor."""
    _current.register_kubeconfig(path)


def redact(text: str) -> str:
    """`text` as the current redactor leaves it."""
    return _current.redact(text)


def mask(text: str) -> str:
    """`text` as the current redactor masks it; control characters stay."""
    return _current.mask(text)


def redact_within(value: Any) -> Any:
    """`value` as the current redactor leaves it."""
    return _current.redact_within(value)
