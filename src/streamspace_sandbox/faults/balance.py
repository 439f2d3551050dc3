"""Faults of test 3.4: several agents share the work."""

from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import replace, wrap
from streamspace_sandbox.streamspace.api.database import PLACEMENT_LOCK

LOST = 15
"""The place in the crowd of the session that is lost."""


def _hide_the_third() -> None:
    def make(everyone: Any) -> Any:
        async def all_but_the_third(agents: Any) -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = await everyone(agents)
            online = [agent for agent in listed if agent["status"] == "online"]
            return [agent for agent in listed if agent not in online[2:]]

        return all_but_the_third

    wrap("streamspace_sandbox.streamspace.api.agents:Agents.all", make)


def _shares(*weights: int) -> Callable[[], None]:
    """New sessions go round the agents so that, of the sum of `weights`, the first has its weight, and so on."""

    def patch() -> None:
        pattern = [place for place, weight in enumerate(weights) for _ in range(weight)]

        async def by_weight(connection: Any) -> str | None:
            await connection.execute("select pg_advisory_xact_lock($1)", PLACEMENT_LOCK)
            online = await connection.fetch("select agent_id from agents where status = 'online' order by agent_id")
            count = await connection.fetchval("select count(*) from sessions")
            return online[pattern[count % len(pattern)] % len(online)]["agent_id"] if online else None

        replace("streamspace_sandbox.streamspace.api.placement:least_loaded", by_weight)

    return patch


def _lose_the_last() -> None:
    def make(create: Any) -> Any:
        async def create_but_the_last(commands: Any, order: dict[str, Any]) -> None:
            if order["session"]["user"] != f"user{LOST}":
                await create(commands, order)

        return create_but_the_last

    wrap("streamspace_sandbox.streamspace.agent.commands:Commands._create", make)


register_fault(
    "third-agent-missing",
    breaks="3.4-1",
    description="The API lists no more than two agents that are online",
    api=_hide_the_third,
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
    "uneven-shares",
    breaks="3.4-3",
    tolerable=True,
    description="Of fifteen sessions one agent gets seven, the others five and three",
    api=_shares(7, 5, 3),
)
register_fault(
    "last-of-fifteen-lost",
    breaks="3.4-4",
    description=f"The session of user{LOST} is never made",
    agent=_lose_the_last,
)
