"""Faults of tests 3.1 and 3.3: agents that lose their connection, and their heartbeats.

A fault of 3.1 shows only while there are sessions, and a fault of 3.3 without them, so each breaks its own test alone.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, filter_log, replace, wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

AGENTS = "streamspace_sandbox.streamspace.api.agents:Agents"
CHANNEL = "streamspace_sandbox.streamspace.agent.channel:AgentChannel"
RECONCILER = "streamspace_sandbox.streamspace.agent.session_reconciler:SessionReconciler"
RELAPSE_AFTER, RELAPSE_SECONDS = 1.0, 0.6
FLAP_AFTER, FLAP_SECONDS = 8.0, 1.0
REFUSED_SECONDS = 5.0
"""More than the plan's 30 s at the default time scale, and less than the suite waits for the agent."""


# 3.1: while users work


def _delete_pods_when_disconnected(*, most: int | None = None, after: float = 0.0) -> tuple[Patch, Patch]:
    """All pods or `most` of them, some seconds after the agent lost its connection."""
    reconcilers: list[Any] = []
    deletions: set[asyncio.Future[None]] = set()

    def remember(report_everything: Any, reconciler: Any) -> None:
        """The agent calls this at each welcome."""
        reconcilers[:] = [reconciler]
        report_everything(reconciler)

    async def delete_later(reconciler: Any, name: str) -> None:
        await asyncio.sleep(after)
        await reconciler.client.delete(reconciler.collections.pods, name)

    def delete_pods(connection_lost: Any, channel: Any, reason: str) -> None:
        for reconciler in reconcilers if channel.connected else ():
            pods = [pod for session in list(reconciler.sessions.objects) for pod in reconciler.pods_of(session)]
            for pod in pods[:most]:
                deletions.add(asyncio.ensure_future(delete_later(reconciler, pod["metadata"]["name"])))
        connection_lost(channel, reason)

    return wrap(f"{RECONCILER}.report_everything", remember), wrap(f"{CHANNEL}.connection_lost", delete_pods)


def _change_status(changed: Callable[[dict[str, Any], float], str]) -> Patch:
    """List an agent with sessions under the status `changed(agent, seconds in its true status)`."""
    since: dict[str, tuple[str, float]] = {}

    async def list_changed(list_agents: Any, agents: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = await list_agents(agents)
        for agent in listed:
            status, at = since.get(agent["agentId"], ("", 0.0))
            if status != agent["status"]:
                at = time.monotonic()
                since[agent["agentId"]] = (agent["status"], at)
            if agent["sessions"] and status:
                agent["status"] = changed(agent, time.monotonic() - at)
        return listed

    return wrap(f"{AGENTS}.all", list_changed)


def _relapse() -> Patch:
    def changed(agent: dict[str, Any], seconds: float) -> str:
        wrong = agent["status"] == "offline" and RELAPSE_AFTER < seconds < RELAPSE_AFTER + RELAPSE_SECONDS
        return "online" if wrong else str(agent["status"])

    return _change_status(changed)


def _flap() -> Patch:
    """Only for an agent that was offline: a new one is online for long before it has sessions."""
    was_offline = set[str]()

    def changed(agent: dict[str, Any], seconds: float) -> str:
        if agent["status"] == "offline":
            was_offline.add(agent["agentId"])
        wrong = agent["agentId"] in was_offline and FLAP_AFTER < seconds < FLAP_AFTER + FLAP_SECONDS
        return "offline" if wrong else str(agent["status"])

    return _change_status(changed)


async def _refuse_older_sessions(connect_session: Any, request: Any, services: Any) -> Any:
    row = await services.sessions.row(request.path_params["id"])
    connected = await services.pool.fetchval("select connected_at from agents where agent_id = $1", row["agent_id"])
    if row["created_at"] < connected:
        raise ApiError(HTTPStatus.CONFLICT, "session_not_connected", f"Session '{row['id']}' is not connected.")
    return await connect_session(request, services)


# 3.3: an agent's health


def _heartbeat_interval(factor: float) -> Patch:
    async def send_at_interval(send_heartbeats: Any, channel: Any, websocket: Any, interval: float) -> None:
        await send_heartbeats(channel, websocket, interval * factor)

    return wrap(f"{CHANNEL}.send_heartbeats", send_at_interval)


def _offline_after(heartbeats: float) -> Patch:
    return replace("streamspace_sandbox.streamspace.api.settings:MISSED_HEARTBEATS", heartbeats)


def _refuse_offline_agents() -> Patch:
    """Only for agents without sessions."""
    first: dict[str, float] = {}

    async def connected_late(connected: Any, agents: Any, agent_id: str, *details: Any) -> None:
        query = "select status = 'offline' and not exists (select 1 from sessions) from agents where agent_id = $1"
        if await agents.pool.fetchval(query, agent_id):
            since = first.setdefault(agent_id, time.monotonic())
            if time.monotonic() - since < REFUSED_SECONDS:
                raise ValueError("not yet")
        first.pop(agent_id, None)
        await connected(agents, agent_id, *details)

    return wrap(f"{AGENTS}.connected", connected_late)


def _shorten_ids(record: logging.LogRecord) -> bool:
    if "status offline -> online" in record.msg and isinstance(record.args, tuple):
        record.args = tuple(str(argument)[:-2] for argument in record.args)
    return True


register_fault(
    "sessions-die-with-connection",
    breaks="3.1-1",
    description="The agent deletes its sessions' pods when it loses its connection to the API",
    agent=_delete_pods_when_disconnected(),
)
register_fault(
    "one-session-dies-with-connection",
    breaks="3.1-1",
    description="The agent deletes the pod of one session when it loses its connection to the API",
    agent=_delete_pods_when_disconnected(most=1),
)
register_fault(
    "sessions-die-later",
    breaks="3.1-1",
    description="The agent deletes its sessions' pods 3 s after it has lost its connection to the API",
    agent=_delete_pods_when_disconnected(after=3.0),
)
register_fault(
    "offline-agent-shown-online",
    breaks="3.1-2",
    description="The API lists a disconnected agent with sessions as online for a moment",
    api=_relapse(),
)
register_fault(
    "flapping-agent",
    breaks="3.1-3",
    description=f"The API lists an agent with sessions as offline for a moment, {FLAP_AFTER:g} s after it reconnects",
    api=_flap(),
)
register_fault(
    "desktops-lost-with-agent",
    breaks="3.1-4",
    description="The API refuses connections to sessions that are older than their agent's connection",
    api=wrap("streamspace_sandbox.streamspace.api.endpoints:connect_session", _refuse_older_sessions),
)
register_fault(
    "slow-heartbeat",
    breaks="3.3-1",
    description="The agent's heartbeat interval is 50 % longer",
    agent=_heartbeat_interval(1.5),
)
register_fault(
    "lazy-heartbeat",
    breaks="3.3-1",
    tolerable=True,
    description="The agent's heartbeat interval is 5 % longer",
    agent=_heartbeat_interval(1.05),
)
register_fault(
    "offline-too-soon",
    breaks="3.3-2",
    description="The API marks an agent offline after 1.4 missed heartbeats",
    api=_offline_after(1.4),
)
register_fault(
    "offline-too-late",
    breaks="3.3-2",
    description="The API marks an agent offline after 2.8 missed heartbeats",
    api=_offline_after(2.8),
)
register_fault(
    "offline-a-little-late",
    breaks="3.3-2",
    tolerable=True,
    description="The API marks an agent offline after 2.2 missed heartbeats",
    api=_offline_after(2.2),
)
register_fault(
    "agent-refused",
    breaks="3.3-3",
    description=f"The API refuses an offline agent for {REFUSED_SECONDS:g} s before it lets it reconnect",
    api=_refuse_offline_agents(),
)
register_fault(
    "loss-not-logged",
    breaks="3.3-4",
    description="The API does not log that an agent is offline",
    api=filter_log(
        "streamspace_sandbox.streamspace.api.agents", lambda record: "status online -> offline" not in record.msg
    ),
)
register_fault(
    "logged-of-another-agent",
    breaks="3.3-4",
    description="The API logs the return of an agent under a shortened id",
    api=filter_log("streamspace_sandbox.streamspace.api.agents", _shorten_ids),
)
register_fault(
    "return-not-logged",
    breaks="3.3-4",
    description="The API does not log that an agent is online again",
    api=filter_log(
        "streamspace_sandbox.streamspace.api.agents", lambda record: "status offline -> online" not in record.msg
    ),
)
