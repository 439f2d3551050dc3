"""An agent that was cut off from the API and reconnected, with all statuses that the API gave it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.domain.agents.heartbeats import received, reports_request_times
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.waiting import Stamped, Timeline

IN_TURN_SECONDS = 0.5
"""Five of the suite's looks at the API: while one server is behind, the answers are not alike for so long."""


@dataclass(frozen=True)
class Outage:
    """Moments are of the monotonic clock: when the network was cut, when that was reverted, and when watching ended.

    `restored` is when the revert was over, which may have had to wait for the agent's container; None for at once.

    `samples` is the API's list of agents, ten times a second, from before the cut until the end; `cut_by` says how.
    `busy` is the busy share of each node's processors.
    """

    agent_id: str
    cut: float
    reverted: float
    ended: float
    samples: Sequence[Stamped[AgentList]]
    words: Mapping[str, str]
    cut_by: str = "network cut"
    restored: float | None = None
    busy: Mapping[str, float] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """For a failure."""
        return f"agent {self.agent_id}"

    @property
    def went_offline(self) -> float | None:
        """When the API first reported the agent offline while it was cut off; None when it never did."""
        return self._first(self.words["agent_offline"], self.cut, self.reverted)

    @property
    def came_online(self) -> float | None:
        """When the API first reported the agent online after the cut was reverted; None when it never did."""
        return self._first(self.words["agent_online"], self.reverted, self.ended)

    @property
    def said_last(self) -> str:
        """The last status that the API reported."""
        return self.samples[-1].item.status(self.agent_id)

    @property
    def trouble(self) -> str:
        """The first answer in place of the list of agents; empty where there was a list each time."""
        return next((sample.item.trouble for sample in self.samples if sample.item.trouble), "")

    @property
    def newcomers(self) -> list[str]:
        """The agents that are online in the end, and that the list did not have before the cut."""
        before = next((sample.item.ids for sample in reversed(self.samples) if sample.at < self.cut), frozenset[str]())
        return sorted(self.samples[-1].item.online - before)

    @property
    def is_listed_twice(self) -> bool:
        """Whether the API listed the agent more than once after the cut was reverted."""
        return any(self.agent_id in sample.item.twice for sample in self.samples if sample.at >= self.reverted)

    @property
    def silence(self) -> tuple[float, float] | None:
        """The least and most seconds from the last heartbeat until the API reported the agent offline.

        Each of the two events happened between two samples of the API. None if one of them is missing: what the first
        sample shows may be a heartbeat of any time.
        """
        offline = self.went_offline
        beats = [beat.at for beat in received(self.samples, self.agent_id)[1:] if offline is None or beat.at <= offline]
        if offline is None or not beats or reports_request_times(self.samples, self.agent_id):
            return None
        return self._look_before(offline) - beats[-1], offline - self._look_before(beats[-1])

    @property
    def return_seconds(self) -> tuple[float, float] | None:
        """The least and most seconds from the restored network until the agent was online; None if it never was.

        The last answer that did not say so was asked for after the one before it had come; it may tell of that moment.
        """
        online = self.came_online
        if online is None:
            return None
        restored = self.reverted if self.restored is None else self.restored
        asked = max(self._look_before(self._look_before(online)), restored)
        return asked - restored, online - self.reverted

    @property
    def silent_for(self) -> float | None:
        """The seconds from the last heartbeat that the API reported until the end; None where it reports none at all.

        What the first sample shows may be a heartbeat of any time.
        """
        beats = received(self.samples, self.agent_id)
        return self.ended - beats[-1].at if len(beats) > 1 else None

    def wrongly(self, word: str, since: float, until: float) -> Stamped[str] | None:
        """The first other status than `word` that the API reported from a change to `word` on until another moment.

        Servers that answer in turn do not report the change at once: for a moment, one may still report the former
        status between the answers of the others.
        """
        former = {self.words["agent_offline"], self.words["agent_online"]} - {word}
        right = wrong = since
        for status in self._statuses(since, until):
            if status.item == word:
                right = status.at
                continue
            is_in_turn = status.at - min(right, wrong) < IN_TURN_SECONDS and status.at - since < BEHIND_SECONDS
            if status.item not in former or not is_in_turn:
                return status
            wrong = status.at
        return None

    def history(self) -> Timeline:
        """The statuses that the API reported, from the cut on."""
        line = Timeline(self.cut)
        statuses = [
            Stamped(self.cut, self.cut_by),
            *self._statuses(self.cut, self.ended),
            Stamped(self.reverted, "network cut reverted"),
        ]
        for status in sorted(statuses, key=lambda status: status.at):
            line.note(status.item, status.at)
        return line

    def timeline(self) -> str:
        """The same on one line, for a failure."""
        return self.history().render()

    def _look_before(self, at: float) -> float:
        return max((sample.at for sample in self.samples if sample.at < at), default=at)

    def _first(self, word: str, since: float, until: float) -> float | None:
        return next((status.at for status in self._statuses(since, until) if status.item == word), None)

    def _statuses(self, since: float, until: float) -> list[Stamped[str]]:
        return [
            Stamped(sample.at, sample.item.status(self.agent_id))
            for sample in self.samples
            if since <= sample.at <= until
        ]
