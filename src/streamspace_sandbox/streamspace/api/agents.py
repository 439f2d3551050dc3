"""Agents: which are online, and where the sessions of the others go."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

import orjson

from streamspace_sandbox.streamspace.api import placement, representations
from streamspace_sandbox.streamspace.api.commands import Commands
from streamspace_sandbox.streamspace.api.database import Pool
from streamspace_sandbox.streamspace.api.errors import STORE_UNREACHABLE, ApiError, not_found
from streamspace_sandbox.streamspace.api.notifications import EventBus
from streamspace_sandbox.streamspace.api.presence import Presence
from streamspace_sandbox.streamspace.api.settings import Clock

log = logging.getLogger("streamspace.api")

STORE_RETRY_SECONDS = 0.5


def unknown(agent_id: str) -> ApiError:
    return not_found("agent_not_found", f"There is no agent '{agent_id}'.")


@dataclass(frozen=True)
class Agents:
    pool: Pool
    bus: EventBus
    presence: Presence
    commands: Commands
    clock: Clock
    started: float = field(default_factory=time.time)
    """When this process started, in seconds since the epoch: before, no heartbeat could be recorded."""

    async def all(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("select * from agents order by connected_at, agent_id")
        heard = await self.presence.last(row["agent_id"] for row in rows)
        counts = await self._session_counts()
        return [representations.agent(row, heard.get(row["agent_id"]), counts.get(row["agent_id"], 0)) for row in rows]

    async def get(self, agent_id: str) -> dict[str, Any]:
        row = await self.pool.fetchrow("select * from agents where agent_id = $1", agent_id)
        if row is None:
            raise unknown(agent_id)
        heard = await self.presence.last([agent_id])
        counts = await self._session_counts()
        return representations.agent(row, heard.get(agent_id), counts.get(agent_id, 0))

    async def connected(self, agent_id: str, connection_id: str, node_name: str, nodes: list[dict[str, str]]) -> None:
        """Record an agent's new connection; older connections of the agent get closed."""
        await self.presence.beat(agent_id)
        async with self.pool.acquire() as connection, connection.transaction():
            before = await connection.fetchval("select status from agents where agent_id = $1 for update", agent_id)
            await connection.execute(
                "insert into agents (agent_id, node_name, status, connection_id, connected_at, last_heartbeat, nodes)"
                " values ($1, $2, 'online', $3, now(), now(), $4)"
                " on conflict (agent_id) do update set node_name = $2, status = 'online', connection_id = $3,"
                " connected_at = now(), last_heartbeat = now(), nodes = $4, departed = false",
                agent_id,
                node_name,
                connection_id,
                orjson.dumps(nodes).decode(),
            )
        log.info("agent %s connected", agent_id)
        if before == "offline":
            log.info("agent %s status offline -> online", agent_id)
        await self.commands.restore(agent_id)
        await self.bus.publish("connected", agentId=agent_id, connectionId=connection_id)
        await self.adopt_orphans()

    async def revive(self, agent_id: str, connection_id: str) -> None:
        """Mark an agent online that sends heartbeats again on the connection that it had."""
        revived = await self.pool.fetchval(
            "update agents set status = 'online', departed = false"
            " where agent_id = $1 and connection_id = $2 and status = 'offline' returning agent_id",
            agent_id,
            connection_id,
        )
        if revived:
            log.info("agent %s status offline -> online", agent_id)
            await self.adopt_orphans()

    async def nodes_changed(self, agent_id: str, nodes: list[dict[str, str]]) -> None:
        query = "update agents set nodes = $2 where agent_id = $1"
        await self.pool.execute(query, agent_id, orjson.dumps(nodes).decode())

    async def goodbye(self, agent_id: str, connection_id: str) -> None:
        """Record an agent's clean disconnect: it is offline at once."""
        left = await self.pool.fetchval(
            "update agents set status = 'offline', departed = true, last_heartbeat = now()"
            " where agent_id = $1 and connection_id = $2 and status = 'online' returning agent_id",
            agent_id,
            connection_id,
        )
        if left:
            log.info("agent %s status online -> offline (clean disconnect)", agent_id)
            await self.adopt_orphans()

    async def assigned(self, agent_id: str) -> list[str]:
        """The agent's sessions whose creation is done, so that they exist in Kubernetes."""
        rows = await self.pool.fetch(
            "select id from sessions s where agent_id = $1 and not exists (select 1 from commands c"
            " where c.session_id = s.id and c.kind = 'create' and c.status in ('queued', 'running'))"
            " order by sequence",
            agent_id,
        )
        return [row["id"] for row in rows]

    async def adopt_orphans(self) -> None:
        """Move the sessions of offline agents to online ones, with their queued commands."""
        async with self.pool.acquire() as connection, connection.transaction():
            adopted = await placement.adopt_orphans(connection)
        for agent_id, command_ids in adopted.items():
            log.info("agent %s takes over sessions with %d queued commands", agent_id, len(command_ids))
            await self.commands.send(agent_id, *command_ids)
            await self.bus.publish("assigned", agentId=agent_id)

    async def watch_over(self) -> None:
        """Mark agents offline whose heartbeats are overdue, and drop those that stay offline. Runs until cancelled."""
        while True:
            try:
                pause = await self._expire_overdue()
                await self.adopt_orphans()  # whose agent left while this API was down, or busy with something else
                await self._drop_departed()
            except STORE_UNREACHABLE as error:
                log.warning("agents are not watched: a store is unreachable: %s", error or type(error).__name__)
                pause = STORE_RETRY_SECONDS
            await asyncio.sleep(pause)

    async def _expire_overdue(self) -> float:
        """Returns the seconds until the next agent could be due."""
        rows = await self.pool.fetch("select agent_id, last_heartbeat from agents where status = 'online'")
        heard = await self.presence.last(row["agent_id"] for row in rows)
        now = time.time()
        pause = self.clock.offline_after
        for row in rows:
            last = max(heard.get(row["agent_id"], row["last_heartbeat"].timestamp()), self.started)
            remaining = last + self.clock.offline_after - now
            if remaining <= 0:
                await self._mark_offline(row["agent_id"], last)
            else:
                pause = min(pause, remaining)
        return pause

    async def _mark_offline(self, agent_id: str, last: float) -> None:
        left = await self.pool.fetchval(
            "update agents set status = 'offline', last_heartbeat = to_timestamp($2::float8)"
            " where agent_id = $1 and status = 'online' returning agent_id",
            agent_id,
            last,
        )
        if left:
            overdue = f"{time.time() - last:.1f} s"
            log.warning("agent %s status online -> offline (no heartbeat for %s)", agent_id, overdue)
            await self.bus.publish("offline", agentId=agent_id)
            await self.adopt_orphans()

    async def _drop_departed(self) -> None:
        """Forget agents that have been offline for their retention and have no sessions left."""
        rows = await self.pool.fetch(
            "delete from agents a where status = 'offline'"
            " and last_heartbeat < now() - make_interval("
            "   secs => case when departed then $1::float8 else $2::float8 end)"
            " and not exists (select 1 from sessions s where s.agent_id = a.agent_id) returning agent_id",
            self.clock.departed_retention,
            self.clock.lost_retention,
        )
        dropped = [row["agent_id"] for row in rows]
        await self.presence.forget(dropped)
        for agent_id in dropped:
            await self.commands.discard(agent_id)
            log.info("agent %s leaves the list: it stayed offline", agent_id)

    async def _session_counts(self) -> dict[str, int]:
        rows = await self.pool.fetch("select agent_id, count(*) as sessions from sessions group by agent_id")
        return {row["agent_id"]: row["sessions"] for row in rows}
