"""The number of calls to Kubernetes by kind. On a big cluster, watches and lists cost its API server most."""

from __future__ import annotations

import threading
from collections import Counter
from urllib.parse import urlsplit

LIST, WATCH, OTHER = "list", "watch", "other"


class CallCounts:
    """Counts calls as the API server's audit log does; each part of a long list is a call of its own.

    Commands in pods are not counted: they have connections of their own.
    """

    def __init__(self) -> None:
        self._calls: Counter[tuple[str, str]] = Counter()
        self._turn = threading.Lock()

    def note(self, method: str, url: str) -> None:
        """Counts a call, before it is sent."""
        call = _kind(method, url)
        with self._turn:
            self._calls[call] += 1

    def of(self, kind: str) -> dict[str, int]:
        """The calls of a kind by resource, most calls first."""
        with self._turn:
            return {what: count for (known, what), count in self._calls.most_common() if known == kind}

    def __str__(self) -> str:
        """`watches: 2 (pods 1, events 1), lists: 9 (pods 8, nodes 1), others: 40`."""
        others = sum(self.of(OTHER).values())
        return f"watches: {_in_words(self.of(WATCH))}, lists: {_in_words(self.of(LIST))}, others: {others}"


def _in_words(counts: dict[str, int]) -> str:
    parts = ", ".join(f"{resource} {count}" for resource, count in counts.items())
    return f"{sum(counts.values())}{f' ({parts})' if parts else ''}"


def _kind(method: str, url: str) -> tuple[str, str]:
    """The kind of a call and its resource: a list is a GET of a collection."""
    parts = urlsplit(url)
    group, rest = parts.path.strip("/").split("/"), list[str]()
    if group[0] in ("api", "apis"):
        rest = group[2 if group[0] == "api" else 3 :]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest = rest[2:]
    resource = rest[0] if rest else parts.path
    if method != "GET" or len(rest) != 1:
        return OTHER, resource
    return WATCH if "watch=" in parts.query else LIST, resource
