"""Placement: a session goes to the online agent with the fewest running sessions.

Every decision holds one lock of PostgreSQL, so that concurrent creations see each other.
"""

from collections import defaultdict

from streamspace_sandbox.streamspace.api.database import PLACEMENT_LOCK, Connection

LOADS = """
select a.agent_id, count(s.id) filter (where s.desired = 'running') as running, count(s.id) as all_sessions
from agents a left join sessions s on s.agent_id = a.agent_id and s.desired <> 'deleted'
where a.status = 'online'
group by a.agent_id, a.connected_at
order by running, all_sessions, a.connected_at, a.agent_id
"""

ORPHANS = """
select s.id from sessions s left join agents a on a.agent_id = s.agent_id
where a.status is distinct from 'online' order by s.sequence
"""


async def least_loaded(connection: Connection) -> str | None:
    """The agent for the next session, or None when none is online. Holds the lock until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock($1)", PLACEMENT_LOCK)
    agent: str | None = await connection.fetchval(f"{LOADS} limit 1")
    return agent


async def adopt_orphans(connection: Connection) -> dict[str, list[str]]:
    """Move every session without an online agent to an online one, with its queued commands.

    Returns the ids of the moved commands by their new agent; an agent that only got sessions has an empty list.
    """
    await connection.execute("select pg_advisory_xact_lock($1)", PLACEMENT_LOCK)
    loads = {row["agent_id"]: row["all_sessions"] for row in await connection.fetch(LOADS)}
    if not loads:
        return {}
    adopted: dict[str, list[str]] = defaultdict(list)
    for row in await connection.fetch(ORPHANS):
        agent = min(loads, key=lambda name: (loads[name], name))
        loads[agent] += 1
        await connection.execute("update sessions set agent_id = $2 where id = $1", row["id"], agent)
        moved = await connection.fetch(
            "update commands set agent_id = $2, status = 'queued'"
            " where session_id = $1 and status in ('queued', 'running') returning id, sequence",
            row["id"],
            agent,
        )
        adopted[agent] += [command["id"] for command in sorted(moved, key=lambda command: int(command["sequence"]))]
    return adopted
