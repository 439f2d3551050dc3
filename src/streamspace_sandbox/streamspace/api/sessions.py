"""Sessions: the desired state of each, the state that its agent observes, and the status from both."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from streamspace_sandbox.streamspace.api import commands, placement, representations, templates
from streamspace_sandbox.streamspace.api.capacity import require_capacity
from streamspace_sandbox.streamspace.api.commands import Commands, Kind
from streamspace_sandbox.streamspace.api.database import Connection, Pool, Row
from streamspace_sandbox.streamspace.api.errors import ApiError, conflict, not_found
from streamspace_sandbox.streamspace.api.notifications import Event, EventBus
from streamspace_sandbox.streamspace.api.schemas import NewSession

log = logging.getLogger("streamspace.api")

STATUSES = ("Pending", "Running", "Hibernating", "Hibernated", "Waking", "Terminating", "Failed")
# How long a response waits for the result, in real seconds, so that a client usually finds the work done.
CREATION_PATIENCE = 2.0
TRANSITION_PATIENCE = 3.0
NAME_ATTEMPTS = 20

Condition: TypeAlias = Callable[[Row], bool]


def resolve(desired: str, phase: str) -> str:
    """The status for the desired state ("running", "hibernated", "deleted") and the observed phase."""
    match desired, phase:
        case "deleted", _:
            return "Terminating"
        case "hibernated", "Hibernated" | "Terminating":
            return phase
        case "hibernated", _:
            return "Hibernating"
        case _, "Hibernated" | "Hibernating":
            return "Waking"
        case _:
            return phase


def unknown(session_id: str) -> ApiError:
    return not_found("session_not_found", f"There is no session '{session_id}'.")


def waiting_for(agent_id: str) -> str:
    return f"The command waits until agent {agent_id}, or its successor, can carry it out."


@dataclass(frozen=True)
class Sessions:
    pool: Pool
    bus: EventBus
    commands: Commands
    placing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Creations queue here without a database connection each, so that other requests still get one."""

    async def all(self, user: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
        rows = await self.pool.fetch(
            "select * from sessions where ($1::text is null or username = $1)"
            " and ($2::text is null or status = $2) order by sequence",
            user,
            status,
        )
        return [representations.session(row) for row in rows]

    async def row(self, session_id: str) -> Row:
        row = await self.pool.fetchrow("select * from sessions where id = $1", session_id)
        if row is None:
            raise unknown(session_id)
        return row

    async def get(self, session_id: str) -> dict[str, Any]:
        return representations.session(await self.row(session_id))

    async def create(self, new: NewSession, request_id: str | None = None) -> dict[str, Any]:
        """Place a session and send its creation to the agent. Returns as soon as its pod exists, at the latest after
        CREATION_PATIENCE, with the status `pending`. `request_id` is the client's id of the request."""
        async with self.placing, self.pool.acquire() as connection, connection.transaction():
            template = await connection.fetchrow("select * from templates where name = $1 for share", new.template)
            if template is None:
                raise templates.unknown(new.template)
            cpu = new.resources.cpu or template["cpu"]
            memory = new.resources.memory or template["memory"]
            await require_capacity(connection, cpu, memory)
            agent_id = await placement.least_loaded(connection)
            row = await self.insert(connection, new, template, (cpu, memory), agent_id, request_id=request_id)
            command_id = await commands.record(connection, row["id"], agent_id, "create")
        log.info("session %s created for agent %s", row["id"], agent_id)
        await self.commands.send(agent_id, command_id)
        if agent_id is not None:
            made = await self._settled(row["id"], _is_made, CREATION_PATIENCE)
            row = made or row
        return representations.session(row) | {"status": "pending"}

    async def hibernate(self, session_id: str) -> dict[str, Any]:
        return await self.transition(session_id, "hibernate", "Running", "Hibernating", "Hibernated")

    async def wake(self, session_id: str) -> dict[str, Any]:
        return await self.transition(session_id, "wake", "Hibernated", "Waking", "Running")

    async def delete(self, session_id: str) -> dict[str, Any]:
        async with self.pool.acquire() as connection, connection.transaction():
            row = await self._locked(connection, session_id)
            command_id = None
            if row["agent_id"] is None:
                # It never had an agent, so nothing exists in Kubernetes.
                await connection.execute("delete from sessions where id = $1", session_id)
            elif not await commands.is_under_way(connection, session_id, "delete"):  # the last one may have failed
                await connection.execute(
                    "update sessions set desired = 'deleted', status = 'Terminating' where id = $1", session_id
                )
                command_id = await commands.record(connection, session_id, row["agent_id"], "delete")
        if command_id is not None:
            self._log_status(session_id, row["status"], "Terminating")
            await self.commands.send(row["agent_id"], command_id)
        await self.bus.publish("session", id=session_id)
        return {"sessionId": session_id, "status": "Terminating"}

    async def observe(self, agent_id: str, report: dict[str, Any]) -> None:
        """Record an agent's report: {session, phase, state, podName, podIP, message, startedAt}.

        `phase` "Gone" means that nothing of the session is left in Kubernetes. `state` is the session object's desired
        state there: it counts, also if a user wrote it, unless a command is running.
        """
        session_id = report["session"]
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow("select * from sessions where id = $1 for update", session_id)
            if row is None or row["agent_id"] != agent_id:
                return
            waiting = await connection.fetch(
                "select kind from commands where session_id = $1 and status in ('queued', 'running')", session_id
            )
            if report["phase"] == "Gone":
                if any(command["kind"] == "create" for command in waiting):
                    return
                await connection.execute("delete from sessions where id = $1", session_id)
                status = "deleted"
            else:
                desired = row["desired"]
                if not waiting and desired != "deleted":
                    desired = report["state"]
                status = resolve(desired, report["phase"])
                await self._write(connection, session_id, desired, status, report)
        self._log_status(session_id, row["status"], status)
        await self.bus.publish("session", id=session_id)

    async def command_failed(self, session_id: str, message: str) -> None:
        """Record a failed command; a session whose creation failed is Failed."""
        await self.pool.execute(
            "update sessions set message = $2, status = case when pod_name is null and status = 'Pending'"
            " then 'Failed' else status end where id = $1",
            session_id,
            message,
        )
        log.warning("session %s: %s", session_id, message)
        await self.bus.publish("session", id=session_id)

    async def transition(self, session_id: str, kind: Kind, source: str, passing: str, goal: str) -> dict[str, Any]:
        async with self.pool.acquire() as connection, connection.transaction():
            row = await self._locked(connection, session_id)
            if row["status"] != source:
                sentence = f"Session '{session_id}' is {row['status']}; {kind} needs it to be {source}."
                raise conflict(f"session_not_{source.lower()}", sentence)
            online = await connection.fetchval(
                "select status = 'online' from agents where agent_id = $1", row["agent_id"]
            )
            await connection.execute(
                "update sessions set desired = $2, status = $3, message = $4 where id = $1",
                session_id,
                goal.lower(),
                passing,
                "" if online else waiting_for(row["agent_id"]),
            )
            command_id = await commands.record(connection, session_id, row["agent_id"], kind)
        self._log_status(session_id, source, passing)
        await self.commands.send(row["agent_id"], command_id)
        await self.bus.publish("session", id=session_id)
        if online:
            await self._settled(session_id, lambda now: now["status"] in (goal, "Failed"), TRANSITION_PATIENCE)
        return await self.command_answer(session_id, command_id, row["agent_id"])

    async def command_answer(self, session_id: str, command_id: str, agent_id: str) -> dict[str, Any]:
        row = await self.pool.fetchrow(
            "select s.status, s.message, c.status as command_status from commands c"
            " join sessions s on s.id = c.session_id where c.id = $1",
            command_id,
        )
        if row is None:
            raise unknown(session_id)
        message = row["message"]
        if row["command_status"] == "queued":
            message = waiting_for(agent_id)
        return {
            "sessionId": session_id,
            "status": row["status"],
            "command": {"id": command_id, "status": row["command_status"]},
            "message": message,
        }

    async def _settled(self, session_id: str, condition: Condition, patience: float) -> Row | None:
        """The session's row once `condition` holds; None after `patience` seconds or if the session was deleted."""
        changed = asyncio.Event()

        def listener(event: Event) -> None:
            if event["type"] == "resumed" or event.get("id") == session_id:
                changed.set()

        unsubscribe = self.bus.subscribe(listener)
        try:
            async with asyncio.timeout(patience):
                while True:
                    row = await self.pool.fetchrow("select * from sessions where id = $1", session_id)
                    if row is None or condition(row):
                        return row
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            return None
        finally:
            unsubscribe()

    async def insert(
        self,
        connection: Connection,
        new: NewSession,
        template: Row,
        size: tuple[str, str],
        agent_id: str | None,
        *,
        request_id: str | None,
    ) -> Row:
        message = "" if agent_id else "No agent is online; the session waits for one."
        for _ in range(NAME_ATTEMPTS):
            row = await connection.fetchrow(
                "insert into sessions (id, username, template, template_version, image, cpu, memory, vnc_port,"
                " desired, status, agent_id, message, request_id)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, 'running', 'Pending', $9, $10, $11)"
                " on conflict (id) do nothing returning *",
                f"{new.user}-{new.template}-{secrets.token_hex(2)}",
                new.user,
                template["name"],
                template["version"],
                template["image"],
                *size,
                template["vnc_port"],
                agent_id,
                message,
                request_id,
            )
            if row is not None:
                return row
        raise conflict("too_many_sessions", f"User '{new.user}' has too many sessions of '{new.template}'.")

    async def _locked(self, connection: Connection, session_id: str) -> Row:
        row = await connection.fetchrow("select * from sessions where id = $1 for update", session_id)
        if row is None:
            raise unknown(session_id)
        return row

    async def _write(
        self, connection: Connection, session_id: str, desired: str, status: str, report: dict[str, Any]
    ) -> None:
        started = report.get("startedAt")
        await connection.execute(
            "update sessions set desired = $2, status = $3, pod_name = $4, pod_ip = $5, message = $6, started_at = $7"
            " where id = $1",
            session_id,
            desired,
            status,
            report.get("podName"),
            report.get("podIP"),
            report.get("message") or "",
            datetime.fromisoformat(started) if started else None,
        )

    def _log_status(self, session_id: str, before: str, after: str) -> None:
        if before != after:
            log.info("session %s status %s -> %s", session_id, before, after)


def _is_made(row: Row) -> bool:
    return row["pod_name"] is not None or row["status"] != "Pending"
