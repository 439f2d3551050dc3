"""Faults of tests 3.1 and 3.3: agents that are cut off, and their heartbeats.

A fault of 3.1 shows only while there are sessions, one of 3.3 does without: so each breaks its own test alone.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import replace, wrap
from streamspace_sandbox.streamspace.api.errors import ApiError

RELAPSE_AFTER, RELAPSE_SECONDS = 1.0, 0.6
FLAP_AFTER, FLAP_SECONDS = 8.0, 1.0
REFUSED_SECONDS = 5.0
"""More than the plan's 30 s at the default time scale, and less than the time for which the agent is waited for."""


# 3.1: while users work


def _take_sessions_down() -> None:
    """The agent deletes the pods of its sessions when its connection breaks."""

    def make(log_once: Any) -> Any:
        def log_and_delete(channel: Any, reason: str) -> None:
            if reason != channel._last_reason and channel.connected:
                tracking = channel._listener._tracking
                for name in list(tracking.sessions.objects):
                    for pod in tracking.pods_of(name):
                        doomed = tracking.client.delete(tracking.collections.pods, pod["metadata"]["name"])
                        channel.doomed = asyncio.ensure_future(doomed)
            log_once(channel, reason)

        return log_and_delete

    wrap("streamspace_sandbox.streamspace.agent.channel:Channel._log_once", make)


def _retell(tell: Callable[[dict[str, Any], float], str]) -> None:
    """The list of agents says of one with sessions what `tell` makes of its entry and its seconds in that status."""

    def make(everyone: Any) -> Any:
        since: dict[str, tuple[str, float]] = {}

        async def retold(agents: Any) -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = await everyone(agents)
            for agent in listed:
                status, at = since.get(agent["agentId"], ("", 0.0))
                if status != agent["status"]:
                    at = time.monotonic()
                    since[agent["agentId"]] = (agent["status"], at)
                if agent["sessions"] and status:
                    agent["status"] = tell(agent, time.monotonic() - at)
            return listed

        return retold

    wrap("streamspace_sandbox.streamspace.api.agents:Agents.all", make)


def _relapse() -> None:
    def tell(agent: dict[str, Any], seconds: float) -> str:
        lies = agent["status"] == "offline" and RELAPSE_AFTER < seconds < RELAPSE_AFTER + RELAPSE_SECONDS
        return "online" if lies else str(agent["status"])

    _retell(tell)


def _flap() -> None:
    """Only an agent that was offline: one that is new has been online for long before it has sessions."""
    was_offline = set[str]()

    def tell(agent: dict[str, Any], seconds: float) -> str:
        if agent["status"] == "offline":
            was_offline.add(agent["agentId"])
        lies = agent["agentId"] in was_offline and FLAP_AFTER < seconds < FLAP_AFTER + FLAP_SECONDS
        return "offline" if lies else str(agent["status"])

    _retell(tell)


def _forget_desktops() -> None:
    """The API takes no viewer to a session that was there before its agent came back."""

    def make(connect: Any) -> Any:
        async def connect_session(request: Any, services: Any) -> Any:
            row = await services.sessions.row(request.path_params["id"])
            query = "select connected_at from agents where agent_id = $1"
            connected = await services.pool.fetchval(query, row["agent_id"])
            if row["created_at"] < connected:
                sentence = f"Session '{row['id']}' is not connected."
                raise ApiError(HTTPStatus.CONFLICT, "session_not_connected", sentence)
            return await connect(request, services)

        return connect_session

    wrap("streamspace_sandbox.streamspace.api.endpoints:connect_session", make)


# 3.3: an agent's health


def _beat_every(factor: float) -> Callable[[], None]:
    def patch() -> None:
        def make(beat: Any) -> Any:
            async def beat_otherwise(channel: Any, websocket: Any, interval: float) -> None:
                await beat(channel, websocket, interval * factor)

            return beat_otherwise

        wrap("streamspace_sandbox.streamspace.agent.channel:Channel._beat", make)

    return patch


def _miss(heartbeats: float) -> Callable[[], None]:
    return lambda: replace("streamspace_sandbox.streamspace.api.settings:MISSED_HEARTBEATS", heartbeats)


def _refuse_return() -> None:
    """An agent without sessions that was given up is not let in again for a while."""

    def make(connected: Any) -> Any:
        first: dict[str, float] = {}

        async def connected_late(agents: Any, agent_id: str, *details: Any) -> None:
            query = "select status = 'offline' and not exists (select 1 from sessions) from agents where agent_id = $1"
            if await agents.pool.fetchval(query, agent_id):
                since = first.setdefault(agent_id, time.monotonic())
                if time.monotonic() - since < REFUSED_SECONDS:
                    raise ValueError("not yet")
            first.pop(agent_id, None)
            await connected(agents, agent_id, *details)

        return connected_late

    wrap("streamspace_sandbox.streamspace.api.agents:Agents.connected", make)


def _keep_quiet() -> None:
    logging.getLogger("streamspace.api").addFilter(lambda record: "status offline -> online" not in record.msg)


register_fault(
    "sessions-die-with-connection",
    breaks="3.1-1",
    description="The agent deletes its sessions' pods when it loses the API",
    agent=_take_sessions_down,
)
register_fault(
    "offline-agent-shown-online",
    breaks="3.1-2",
    description="An agent with sessions is called online for a moment while it is cut off",
    api=_relapse,
)
register_fault(
    "flapping-agent",
    breaks="3.1-3",
    description=f"An agent with sessions is called offline again for a moment, {FLAP_AFTER:g} s after it came back",
    api=_flap,
)
register_fault(
    "desktops-lost-with-agent",
    breaks="3.1-4",
    description="Sessions that are older than their agent's connection cannot be connected to",
    api=_forget_desktops,
)
register_fault(
    "slow-heartbeat",
    breaks="3.3-1",
    description="The agent waits half as long again from one heartbeat to the next",
    agent=_beat_every(1.5),
)
register_fault(
    "lazy-heartbeat",
    breaks="3.3-1",
    tolerable=True,
    description="The agent waits a twentieth longer from one heartbeat to the next",
    agent=_beat_every(1.05),
)
register_fault(
    "offline-too-soon",
    breaks="3.3-2",
    description="An agent is called offline after 1.4 heartbeats",
    api=_miss(1.4),
)
register_fault(
    "offline-too-late",
    breaks="3.3-2",
    description="An agent is called offline after 2.8 heartbeats",
    api=_miss(2.8),
)
register_fault(
    "offline-a-little-late",
    breaks="3.3-2",
    tolerable=True,
    description="An agent is called offline after 2.2 heartbeats",
    api=_miss(2.2),
)
register_fault(
    "agent-refused",
    breaks="3.3-3",
    description=f"The API lets an agent that it gave up come back only after {REFUSED_SECONDS:g} s",
    api=_refuse_return,
)
register_fault(
    "silent-return",
    breaks="3.3-4",
    description="The API does not log that an agent is online again",
    api=_keep_quiet,
)
