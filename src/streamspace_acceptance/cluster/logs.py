"""The log of one container, read whole from a moment on, and whether it still begins where it should.

A node keeps only so much of a log: it moves full files away, and Kubernetes then gives what comes after them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

from streamspace_acceptance.cluster.connection import ClusterError, as_cluster_error
from streamspace_acceptance.cluster.containers import Json, status_of
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.redaction.control_characters import without_colours

PAGE_BYTES = 2 * 1024 * 1024
LARGEST_PAGE_BYTES = 5 * 1024 * 1024
"""Less than the longest answer that is read from Kubernetes."""
MOST_LINES = 500_000
START_SECONDS = 2.0
"""Kubernetes tells the start of a container to the second, and few programs log nothing for longer."""
NO_LOG = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
"""The answers where a container has not begun to log, or is gone."""
LOST_BEGINNING = "the log no longer begins at the start"
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\d*(Z|[+-]\d\d:\d\d)")
NANO = 10**9
_QUOTED = re.compile(r'(?<=[\w]=)"(?:[^"\\]|\\.)*"')
"""The value of a key in logfmt."""


class _Server(Protocol):
    namespace: str

    def raw(self, path: str, **query: str) -> bytes: ...


@dataclass(frozen=True, order=True)
class LogLine:
    """One line. `nanoseconds` since the epoch are on the node's clock."""

    nanoseconds: int
    text: str

    @property
    def at(self) -> float:
        """Seconds since the epoch."""
        return self.nanoseconds / NANO


class ContainerLog:
    """The log of one container of a pod, or of its start before this one.

    Every reading raises Unproven where the suite's user may not read logs, and ClusterError for any other trouble.
    """

    def __init__(self, server: _Server, pod: str, container: str, *, previous: bool = False) -> None:
        self._server = server
        self._path = f"/api/v1/namespaces/{server.namespace}/pods/{quote(pod, safe='')}/log"
        self._query = {"container": container, "timestamps": "true"} | ({"previous": "true"} if previous else {})

    def last(self) -> LogLine | None:
        """The last line by now; None for an empty log."""
        lines = self.tail(1)
        return lines[-1] if lines else None

    def tail(self, count: int) -> list[LogLine]:
        """So many lines from its end."""
        return _lines(self._read(tailLines=str(count)))

    def recent(self, seconds: float) -> list[LogLine]:
        """The lines of the last seconds, by the node's clock; no more than one page of them."""
        return _lines(self._read(sinceSeconds=str(max(math.ceil(seconds), 1)), limitBytes=str(PAGE_BYTES)))

    def since(self, mark: LogLine | None = None) -> list[LogLine]:
        """All lines from the second of `mark` on, in their order; the whole log without one."""
        found: list[LogLine] = []
        start, size = mark, PAGE_BYTES
        while True:
            page, complete = self._page(start, size)
            new = _after(found, page)
            found += new
            if complete:
                return found
            if len(found) > MOST_LINES:
                raise ClusterError(f"{self._path}: more than {MOST_LINES} lines")
            if new:
                start = found[-1]
            elif size < LARGEST_PAGE_BYTES:
                size = LARGEST_PAGE_BYTES
            else:
                raise ClusterError(f"{self._path}: more than {size} bytes in one second")

    def _page(self, start: LogLine | None, size: int) -> tuple[list[LogLine], bool]:
        """Up to so many bytes of the log, and whether that is all; a line that was cut off at the end is left out."""
        since = {} if start is None else {"sinceTime": _second(start.nanoseconds)}
        body = self._read(limitBytes=str(size), **since)
        if len(body) < size:
            return _lines(body), True
        return _lines(body[: body.rfind(b"\n") + 1]), False

    def _read(self, **query: str) -> bytes:
        try:
            return self._server.raw(self._path, **self._query, **query)
        except ClusterError as error:
            if error.status in NO_LOG:
                return b""
            if error.status == HTTPStatus.FORBIDDEN:
                raise Unproven(
                    f"this user may not read logs (get pods/log in namespace {self._server.namespace})"
                ) from error
            raise


class LogFollower:
    """The log of a container from the creation of this object on, gathered look by look.

    `has_gap`: between two looks, the node moved away what the first of them had seen last. `recent_seconds`: the lines
    of so many seconds before count as well; `whole`: all lines do. `refusal`: why the suite may not read the log; empty
    if it may.
    """

    def __init__(self, log: ContainerLog, *, recent_seconds: float = 0.0, whole: bool = False) -> None:
        self._log = log
        self.lines: list[LogLine] = []
        self._mark: LogLine | None = None
        self.has_gap = False
        self.refusal = ""
        try:
            self.lines = log.recent(recent_seconds) if recent_seconds else []
            self._mark = None if whole else self.lines[-1] if self.lines else log.last()
        except Unproven as error:
            self.refusal = error.reason
        self._seen_of_mark = set(self.lines) if self.lines else {self._mark} if self._mark is not None else set()

    def look(self) -> list[LogLine]:
        """Reads on; all lines since the beginning."""
        if self.refusal:
            return self.lines
        found = self._log.since(self._mark)
        if self._mark is not None and self._mark not in found:
            self.has_gap = True
        least = -1 if self._mark is None else self._mark.nanoseconds
        new = [line for line in found if line.nanoseconds >= least and line not in self._seen_of_mark]
        self.lines += new
        if new:
            self._mark = new[-1]
            self._seen_of_mark = {line for line in found if line.nanoseconds == new[-1].nanoseconds}
        return self.lines


def lost_beginning(pod: Json, container: str, first: LogLine | None, *, start_line: str = "") -> str | None:
    """Why the log of a container does not tell of the pod's start; None if it does.

    `start_line`: part of the first line that the program logs, if that is known.
    """
    status = status_of(pod, container)
    started = ((status.get("state") or {}).get("running") or {}).get("startedAt")
    restarts = int(status.get("restartCount") or 0)
    if restarts > 1:
        return f"container {container} was started {restarts} times again, and the log of its first start is gone"
    if first is None or started is None or (start_line and start_line in first.text):
        return None
    with as_cluster_error("a container's status"):
        began = datetime.fromisoformat(started).timestamp()
        if first.at < began + START_SECONDS or first.at < _ready_since(pod):
            return None
    return f"{LOST_BEGINNING}: its first line is of {first.at - began:.0f} s after the start of container {container}"


def _ready_since(pod: Json) -> float:
    """When the pod became Ready; 0 where it is not: what a program logs before that, it logs while it starts."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if (
            condition.get("type") == "Ready"
            and condition.get("status") == "True"
            and condition.get("lastTransitionTime")
        ):
            return datetime.fromisoformat(condition["lastTransitionTime"]).timestamp()
    return 0.0


def nanoseconds(stamp: str) -> int:
    """The time of a line, RFC 3339 with up to nine digits of a second; ValueError for anything else."""
    parts = _STAMP.fullmatch(stamp)
    if parts is None:
        raise ValueError(f"{stamp[:40]!r} is not the time of a line of a log")
    second = datetime.fromisoformat(parts[1] + parts[3])
    return int(second.timestamp()) * NANO + int((parts[2] or "").ljust(9, "0"))


def texts(line: str) -> list[str]:
    """The texts in a line, as its program meant them: without colours, out of JSON, and out of `msg="…"`.

    Go's encoders write > as \\u003e, for example. JSON may come after a prefix, and hold other JSON, as a log that a
    collector has wrapped. The line itself comes last, without colours.
    """
    shown = without_colours(line)
    found = _texts_in_json(shown)
    for quoted in _QUOTED.findall(shown) if not found else ():
        with suppress(ValueError):
            found.append(json.loads(quoted))
    return [*found, shown]


def _texts_in_json(line: str) -> list[str]:
    """The texts at any depth of the JSON object that a line ends with; none where it only looks like one."""
    _, brace, rest = line.partition("{")
    with suppress(ValueError, RecursionError):
        return list(_texts_of(json.loads(brace + rest)))  # not strictly: loggers write keys twice
    return []


def _texts_of(logged: object) -> Iterator[str]:
    if isinstance(logged, dict | list):
        for part in logged.values() if isinstance(logged, dict) else logged:
            yield from _texts_of(part)
    elif isinstance(logged, str):
        yield logged
        if logged.lstrip().startswith("{"):
            yield from _texts_in_json(logged)


def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment // NANO, UTC).isoformat().replace("+00:00", "Z")


def _lines(body: bytes) -> list[LogLine]:
    texts = (line.partition(" ") for line in body.decode("utf-8", "replace").split("\n") if line)
    with as_cluster_error("a container's log"):
        return [LogLine(nanoseconds(stamp), text) for stamp, _, text in texts]


def _after(found: list[LogLine], page: list[LogLine]) -> list[LogLine]:
    """The lines of a page that come after those that were found. The page begins within the second of the last one."""
    if not found or found[-1] not in page:
        return page
    last = len(page) - 1 - page[::-1].index(found[-1])
    return page[last + 1 :]
