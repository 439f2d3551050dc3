"""Faults of test 3.4: load balancing between agents."""

from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, replace, wrap
from streamspace_sandbox.streamspace.api.database import PLACEMENT_LOCK

LOST = 15
"""The number of the user whose session is lost."""


async def _hide_the_third(list_agents: Any, agents: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = await list_agents(agents)
    online = [agent for agent in listed if agent["status"] == "online"]
    return [agent for agent in listed if agent not in online[2:]]


def _shares(*weights: int) -> Patch:
    """The first agent gets its weight of each sum of `weights` new sessions, then the second its own, and so on."""
    pattern = [place for place, weight in enumerate(weights) for _ in range(weight)]

    async def by_weight(connection: Any) -> str | None:
        await connection.execute("select pg_advisory_xact_lock($1)", PLACEMENT_LOCK)
        online = await connection.fetch("select agent_id from agents where status = 'online' order by agent_id")
        count = await connection.fetchval("select count(*) from sessions")
        return online[pattern[count % len(pattern)] % len(online)]["agent_id"] if online else None

    return replace("streamspace_sandbox.streamspace.api.placement:least_loaded", by_weight)


async def _lose_the_last(create: Any, runner: Any, command: dict[str, Any]) -> None:
    if command["session"]["user"] != f"user{LOST}":
        await create(runner, command)


register_fault(
    "third-agent-missing",
    breaks="3.4-1",
    description="The API lists no more than two online agents",
    api=wrap("streamspace_sandbox.streamspace.api.agents:Agents.all", _hide_the_third),
)
register_fault(
    "one-agent-does-all",
    breaks="3.4-2",
    description="All sessions go to the same agent",
    api=_shares(1),
)
register_fault(
    "unfair-shares",
    breaks="3.4-3",
    description="Of fifteen sessions one agent gets eight, the others four and three",
    api=_shares(8, 4, 3),
)
register_fault(
    "one-agent-gets-two",
    breaks="3.4-3",
    description="Of fifteen sessions one agent gets two, the others six and seven",
    api=_shares(2, 6, 7),
)
register_fault(
    "one-agent-gets-one",
    breaks="3.4-3",
    description="Of fifteen sessions one agent gets one, the others seven each",
    api=_shares(7, 1, 7),
)
register_fault(
    "uneven-shares",
    breaks="3.4-3",
    tolerable=True,
    description="Of fifteen sessions one agent gets seven, the others five and three",
    api=_shares(7, 5, 3),
)
register_fault(
    "last-of-fifteen-lost",
    breaks="3.4-4",
    description=f"The agent never creates the session of user{LOST}",
    agent=wrap("streamspace_sandbox.streamspace.agent.commands:CommandRunner.create", _lose_the_last),
)
