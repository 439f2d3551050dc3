"""The lines in the API's log about an agent that goes offline and comes online."""

from __future__ import annotations

from datetime import UTC, datetime

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.product.profile import AgentProfile
from streamspace_acceptance.waiting import now

OFFLINE, ONLINE = "offline", "online"


class Transitions:
    """The lines about one agent's status that the API's pods log after this object is created."""

    def __init__(self, cluster: Cluster, profile: AgentProfile, agent_id: str) -> None:
        self._cluster = cluster
        self._label = profile.api_label
        self._marks = {
            OFFLINE: profile.went_offline.replace("{id}", agent_id),
            ONLINE: profile.came_online.replace("{id}", agent_id),
        }
        self._began = now()
        self._before = set(self._lines(1))
        self.found: list[tuple[float, str]] = []
        self._lines_found: list[tuple[float, str]] = []

    def look(self) -> None:
        """Reads the log: `found` has (seconds since the epoch, "offline" or "online") in the log's order."""
        new = [line for line in self._lines(int(now() - self._began) + 2) if line not in self._before]
        self.found = [(at, kind) for at, text in sorted(new) for kind, mark in self._marks.items() if mark in text]
        self._lines_found = sorted(line for line in new if any(mark in line[1] for mark in self._marks.values()))

    def text(self) -> str:
        """The lines with their times in UTC."""
        return "\n".join(f"{datetime.fromtimestamp(at, UTC):%H:%M:%S.%f} {text}" for at, text in self._lines_found)

    def expected(self) -> str:
        """The expected lines, in words."""
        return " and then ".join(f"“{mark}”" for mark in self._marks.values())

    def _lines(self, since_seconds: int) -> list[tuple[float, str]]:
        pods = self._cluster.pods(app=self._label)
        return [
            line for pod in pods for line in self._cluster.stamped_lines(pod.meta.name, since_seconds=since_seconds)
        ]
