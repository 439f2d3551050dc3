"""An agent that was cut off from the API and reconnected, with all statuses that the API gave it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.domain.agents.heartbeats import received
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.waiting import Stamped, Timeline


@dataclass(frozen=True)
class Outage:
    """Moments are of the monotonic clock: when the network was cut, when that was reverted, and when watching ended.

    `samples` is the API's list of agents, ten times a second, from before the cut until the end; `cut_by` says how.
    """

    agent_id: str
    cut: float
    reverted: float
    ended: float
    samples: Sequence[Stamped[AgentList]]
    words: Mapping[str, str]
    cut_by: str = "network cut"

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
    def silence(self) -> tuple[float, float] | None:
        """The least and most seconds from the last heartbeat until the API reported the agent offline.

        Each of the two events happened between two samples of the API. None if one of them is missing.
        """
        offline = self.went_offline
        beats = [each.at for each in received(self.samples, self.agent_id) if offline is None or each.at <= offline]
        if offline is None or not beats:
            return None
        return self._look_before(offline) - beats[-1], offline - self._look_before(beats[-1])

    def wrongly(self, word: str, since: float, until: float) -> Stamped[str] | None:
        """The first other status than `word` that the API reported between two moments."""
        return next((each for each in self._said(since, until) if each.item != word), None)

    def timeline(self) -> str:
        """The statuses that the API reported, from the cut on."""
        line = Timeline(self.cut)
        said = [
            Stamped(self.cut, self.cut_by),
            *self._said(self.cut, self.ended),
            Stamped(self.reverted, "network cut reverted"),
        ]
        for each in sorted(said, key=lambda one: one.at):
            line.note(each.item, each.at)
        return line.render()

    def _look_before(self, at: float) -> float:
        return max((each.at for each in self.samples if each.at < at), default=at)

    def _first(self, word: str, since: float, until: float) -> float | None:
        return next((each.at for each in self._said(since, until) if each.item == word), None)

    def _said(self, since: float, until: float) -> list[Stamped[str]]:
        return [Stamped(each.at, each.item.status(self.agent_id)) for each in self.samples if since <= each.at <= until]
