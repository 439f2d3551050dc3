"""Commands to agents: PostgreSQL records each one and its progress, and a Redis stream per agent carries them.

An entry stays in the stream until its command is done, so the agent gets it again after it reconnects; the agent runs
each command id once. When an agent connects, the API rewrites its stream from PostgreSQL.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import redis.exceptions

from streamspace_sandbox.streamspace.api.database import Connection, Pool
from streamspace_sandbox.streamspace.api.redis_client import Redis

log = logging.getLogger("streamspace.api")

Kind: TypeAlias = Literal["create", "hibernate", "wake", "delete"]
# Well below the socket timeout of the Redis client.
BLOCK_MS = 2000
BATCH = 64


def stream(agent_id: str) -> str:
    return f"streamspace:commands:{agent_id}"


async def record(connection: Connection, session_id: str, agent_id: str | None, kind: Kind) -> str:
    """Record a command in the caller's transaction. Returns its id, for `Commands.send` after the commit."""
    command_id = f"cmd-{secrets.token_hex(8)}"
    await connection.execute(
        "insert into commands (id, session_id, agent_id, kind) values ($1, $2, $3, $4)",
        command_id,
        session_id,
        agent_id,
        kind,
    )
    return command_id


async def is_under_way(connection: Connection, session_id: str, kind: Kind) -> bool:
    """Whether a command of that kind is recorded for the session and has not ended."""
    found: bool = await connection.fetchval(
        "select exists(select from commands where session_id = $1 and kind = $2 and status in ('queued', 'running'))",
        session_id,
        kind,
    )
    return found


@dataclass(frozen=True)
class Commands:
    pool: Pool
    redis: Redis

    async def send(self, agent_id: str | None, *command_ids: str) -> None:
        """Put commands into their agent's stream. Without an agent they wait until one adopts their session."""
        if agent_id is None:
            return
        for command_id in command_ids:
            await self.redis.xadd(stream(agent_id), {"command": command_id})

    async def restore(self, agent_id: str) -> None:
        """Rewrite the agent's stream: exactly the commands that are not done, in order."""
        # A command sent between the reading and the rewriting would be lost, so then both are done again.
        while not await self._rewritten(agent_id):
            log.info("agent %s: a command was sent while its stream was rewritten", agent_id)

    async def _rewritten(self, agent_id: str) -> bool:
        """Whether nothing was sent to the agent meanwhile; otherwise nothing is changed."""
        key = stream(agent_id)
        async with self.redis.pipeline(transaction=True) as pipeline:
            await pipeline.watch(key)
            unfinished = await self._unfinished(agent_id)
            pipeline.multi()
            pipeline.delete(key)
            for command_id in unfinished:
                pipeline.xadd(key, {"command": command_id})
            try:
                await pipeline.execute()
            except redis.exceptions.WatchError:
                return False
        return True

    async def _unfinished(self, agent_id: str) -> list[str]:
        rows = await self.pool.fetch(
            "select id from commands where agent_id = $1 and status in ('queued', 'running') order by sequence",
            agent_id,
        )
        return [row["id"] for row in rows]

    async def discard(self, agent_id: str) -> None:
        """Drop the stream of an agent whose commands have moved."""
        await self.redis.delete(stream(agent_id))

    async def follow(self, agent_id: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Every command of the agent that is not done, oldest first: (stream entry, message to the agent)."""
        position = "0"
        while True:
            answer = await self.redis.xread({stream(agent_id): position}, count=BATCH, block=BLOCK_MS)
            for position, fields in _entries(answer):
                message = await self._command_message(agent_id, fields["command"])
                if message is None:
                    await self.remove(agent_id, position)
                else:
                    yield position, message

    async def remove(self, agent_id: str, *entries: str) -> None:
        if entries:
            await self.redis.xdel(stream(agent_id), *entries)

    async def accepted(self, command_id: str) -> None:
        await self.pool.execute(
            "update commands set status = 'running' where id = $1 and status = 'queued'", command_id
        )

    async def finished(self, command_id: str, *, failure: str) -> str | None:
        """Record a command's end; `failure` is empty for success. Returns its session, or None if that was deleted."""
        session_id: str | None = await self.pool.fetchval(
            "update commands set status = $2, message = $3, finished_at = now()"
            " where id = $1 and status in ('queued', 'running') returning session_id",
            command_id,
            "failed" if failure else "completed",
            failure,
        )
        return session_id

    async def _command_message(self, agent_id: str, command_id: str) -> dict[str, Any] | None:
        row = await self.pool.fetchrow(
            "select c.id as command, c.kind, s.* from commands c join sessions s on s.id = c.session_id"
            " where c.id = $1 and c.agent_id = $2 and c.status in ('queued', 'running')",
            command_id,
            agent_id,
        )
        if row is None:
            return None
        return {
            "type": "command",
            "id": row["command"],
            "kind": row["kind"],
            "session": {
                "name": row["id"],
                "user": row["username"],
                "template": row["template"],
                "image": row["image"],
                "cpu": row["cpu"],
                "memory": row["memory"],
                "vncPort": row["vnc_port"],
            },
        }


def _entries(answer: Any) -> list[tuple[str, dict[str, str]]]:
    """The entries of the one stream that was read, in either version of the protocol."""
    if not answer:
        return []
    if isinstance(answer, dict):
        return [entry for batch in answer.values() for part in batch for entry in _listed(part)]
    return [entry for _, part in answer for entry in part]


def _listed(part: Any) -> list[tuple[str, dict[str, str]]]:
    return part if isinstance(part, list) else [part]
