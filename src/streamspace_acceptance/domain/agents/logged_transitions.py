"""The lines in the API's log about an agent that goes offline and comes online."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.logs import LogFollower, LogLine, texts
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.product.profile import AgentProfile
from streamspace_acceptance.redaction.control_characters import without_colours

OFFLINE, ONLINE = "offline", "online"
_IN_ORDER: tuple[list[str], ...] = ([], [OFFLINE], [ONLINE], [OFFLINE, ONLINE])


class Transitions:
    """The lines about one agent's status that the API's pods log after this object is created."""

    def __init__(self, cluster: Cluster, profile: AgentProfile, names: Collection[str]) -> None:
        """`names`: the agent's id, and that of its pod, which a log may have instead."""
        self._cluster = cluster
        self._names = names
        self._labels = profile.api_labels
        self._marks = {
            OFFLINE: [profile.went_offline.replace("{id}", name) for name in names],
            ONLINE: [profile.came_online.replace("{id}", name) for name in names],
        }
        self._logs = {pod.meta.uid: LogFollower(cluster.log(pod)) for pod in self._pods()}
        self.found: list[tuple[float, str]] = []
        self._lines_found: list[LogLine] = []

    @property
    def has_gap(self) -> bool:
        """Whether lines may be missing because a log was rotated between two looks."""
        return any(log.has_gap for log in self._logs.values())

    @property
    def refusal(self) -> str:
        """Why the suite may not read the API's log; empty if it may."""
        return next((log.refusal for log in self._logs.values() if log.refusal), "")

    def look(self) -> None:
        """Reads on: `found` has (seconds since the epoch, "offline" or "online") in the log's order.

        A pod of the API that is new since the beginning is read from its start. Each of several pods may log a change.
        """
        for pod in self._pods():
            if pod.meta.uid not in self._logs:
                self._logs[pod.meta.uid] = LogFollower(self._cluster.log(pod), whole=True)
            self._logs[pod.meta.uid].look()
        by_pod = [self._matches(log.lines) for log in self._logs.values()]
        matches = sorted(match for pods_own in by_pod for match in pods_own)
        self.found = changes([(line.at, kind) for line, kind in pods_own] for pods_own in by_pod)
        self._lines_found = [line for line, _ in matches]

    def _matches(self, lines: Iterable[LogLine]) -> list[tuple[LogLine, str]]:
        about = [line for line in lines if any(name in without_colours(line.text) for name in self._names)]
        return [(line, kind) for line in about for kind, marks in self._marks.items() if _says(line, marks)]

    def text(self) -> str:
        """The lines with their times in UTC."""
        times = (f"{datetime.fromtimestamp(line.at, UTC):%H:%M:%S.%f}" for line in self._lines_found)
        return "\n".join(f"{at} {line.text}" for at, line in zip(times, self._lines_found, strict=True))

    def expected(self) -> str:
        """The expected lines, in words."""
        return " and then ".join(f"“{marks[0]}”" for marks in self._marks.values())

    def _pods(self) -> list[Pod]:
        return [pod for pod in self._cluster.pods(**self._labels) if not pod.is_over]


def changes(by_pod: Iterable[Sequence[tuple[float, str]]]) -> list[tuple[float, str]]:
    """The changes that the API's pods have logged, by time: each once, where each pod logs them once and in order."""
    logs = list(by_pod)
    merged = sorted(change for log in logs for change in log)
    if not all([kind for _, kind in log] in _IN_ORDER for log in logs):
        return merged
    kinds = [kind for _, kind in merged]
    return [change for number, change in enumerate(merged) if change[1] not in kinds[:number]]


def _says(line: LogLine, marks: Collection[str]) -> bool:
    return any(mark in text for text in texts(line.text) for mark in marks)
