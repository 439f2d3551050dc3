"""The pace of an agent's heartbeats: as the agent logs that it sends them, and as the API says that it got them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.waiting import Stamped


@dataclass(frozen=True)
class Pace:
    """Seconds between one heartbeat and the next, by source; each source keeps to a clock of its own throughout."""

    agent_id: str
    interval: float
    spacings: dict[str, list[float]]

    def table(self) -> str:
        """For the report."""
        return "\n".join(
            f"{source}: {', '.join(f'{each:.2f} s' for each in spacings) or 'none seen'} (plan: {self.interval:g} s)"
            for source, spacings in self.spacings.items()
        )


def spacings(moments: Sequence[float]) -> list[float]:
    """The differences of moments in order."""
    return [later - earlier for earlier, later in pairwise(moments)]


def received(samples: Sequence[Stamped[AgentList]], agent_id: str) -> list[Stamped[float]]:
    """Each heartbeat of an agent that the API told of, by the API's clock, stamped when it was first seen here."""
    found: list[Stamped[float]] = []
    for sample in samples:
        agent = sample.item.agent(agent_id)
        beat = None if agent is None else agent.last_heartbeat
        if beat is not None and (not found or beat != found[-1].item):
            found.append(Stamped(sample.at, beat))
    return found
