"""The agents' WebSocket.

An agent sends {"type": "hello", agentId, nodeName, nodes} and gets {"type": "welcome", heartbeatSeconds, sessions,
templates}. Then it sends heartbeat {sequence}, session {…observation}, accepted {command}, result {command, failure},
nodes {nodes} and goodbye. The API sends acknowledged {sequence}, command, assigned {sessions} and templates.
"""

import asyncio
import hmac
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from streamspace_sandbox.streamspace.api.agents import Agents
from streamspace_sandbox.streamspace.api.auth import bearer
from streamspace_sandbox.streamspace.api.commands import Commands
from streamspace_sandbox.streamspace.api.errors import STORE_UNREACHABLE, error_response, unauthorized
from streamspace_sandbox.streamspace.api.notifications import Event, EventBus
from streamspace_sandbox.streamspace.api.sessions import Sessions
from streamspace_sandbox.streamspace.api.templates import Templates
from streamspace_sandbox.streamspace.tasks import until_one_ends

log = logging.getLogger("streamspace.api")

NORMAL = 1000
TRY_AGAIN_LATER = 1013
PROTOCOL_ERROR = 1002
REPLACED = 4000
HELLO_DEADLINE = 10.0


@dataclass(frozen=True)
class AgentConnections:
    """Authenticates agents and serves each on its own connection."""

    token: str
    agents: Agents
    sessions: Sessions
    templates: Templates
    commands: Commands
    bus: EventBus

    async def serve(self, websocket: WebSocket) -> None:
        if not hmac.compare_digest(bearer(websocket).encode(), self.token.encode()):
            await websocket.send_denial_response(error_response(unauthorized("This is not the agents' token.")))
            return
        await websocket.accept()
        try:
            async with asyncio.timeout(HELLO_DEADLINE):
                hello = orjson.loads(await websocket.receive_text())
        except (TimeoutError, WebSocketDisconnect, orjson.JSONDecodeError):
            return
        link = AgentConnection(self, websocket, hello["agentId"])
        try:
            await link.run(hello)
        except WebSocketDisconnect:
            pass
        except STORE_UNREACHABLE as error:
            log.warning("agent %s: a store is unreachable, the agent must reconnect: %s", link.agent_id, error)
            await link.close(TRY_AGAIN_LATER)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("agent %s: invalid message: %r", link.agent_id, error)
            await link.close(PROTOCOL_ERROR)
        log.info("agent %s disconnected", link.agent_id)


@dataclass
class AgentConnection:
    """One connection of one agent."""

    gate: AgentConnections
    websocket: WebSocket
    agent_id: str
    connection_id: str = field(default_factory=lambda: secrets.token_hex(8))
    events: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    entries: dict[str, list[str]] = field(default_factory=dict)
    """Command id -> the stream entries that carried it."""
    reports: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    marked_offline: bool = False
    """Whether the agent was marked offline while this connection was open."""
    replaced: bool = False
    """Whether the agent has a newer connection."""

    async def run(self, hello: dict[str, Any]) -> None:
        unsubscribe = self.gate.bus.subscribe(self._on_event)
        try:
            await self.gate.agents.connected(self.agent_id, self.connection_id, hello["nodeName"], hello["nodes"])
            await self._welcome()
            await until_one_ends(self._receive(), self._take_reports(), self._deliver(), self._forward_events())
        finally:
            unsubscribe()
        if self.replaced:  # all else has ended: a close takes as long as the agent's side of it
            log.info("agent %s reconnected; its old connection is closed", self.agent_id)
            await self.close(REPLACED)

    async def close(self, code: int) -> None:
        if self.websocket.application_state == WebSocketState.CONNECTED:
            # The agent may have closed it first.
            with suppress(WebSocketDisconnect):
                await self.websocket.close(code)

    async def _welcome(self) -> None:
        await self._send(
            {
                "type": "welcome",
                "heartbeatSeconds": self.gate.agents.clock.heartbeat,
                "sessions": await self.gate.agents.assigned(self.agent_id),
                "templates": await self.gate.templates.all(),
            }
        )

    async def _receive(self) -> None:
        try:
            while True:
                message = orjson.loads(await self.websocket.receive_text())
                match message["type"]:
                    case "heartbeat":
                        await self._heartbeat(message["sequence"])
                    case "goodbye":
                        # A command that is being sent to the closed connection ends it, and this with it: the sessions
                        # would be left to an agent that never comes back.
                        await asyncio.shield(self.gate.agents.goodbye(self.agent_id, self.connection_id))
                        await self.close(NORMAL)
                        return
                    case _:
                        self.reports.put_nowait(message)
        except WebSocketDisconnect:
            return

    async def _heartbeat(self, sequence: int) -> None:
        await self.gate.agents.presence.beat(self.agent_id)
        await self._send({"type": "acknowledged", "sequence": sequence})
        if self.marked_offline:
            self.marked_offline = False
            await self.gate.agents.revive(self.agent_id, self.connection_id)

    async def _take_reports(self) -> None:
        """Handle slow messages one after the other; heartbeats do not wait for them."""
        while True:
            await self._take(await self.reports.get())

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "session":
                await self.gate.sessions.observe(self.agent_id, message)
            case "accepted":
                await self.gate.commands.accepted(message["command"])
            case "result":
                await self._finish(message["command"], message["failure"])
            case "nodes":
                await self.gate.agents.nodes_changed(self.agent_id, message["nodes"])
            case kind:
                raise ValueError(f"message of unknown type {kind!r}")

    async def _finish(self, command_id: str, failure: str) -> None:
        session_id = await self.gate.commands.finished(command_id, failure=failure)
        await self.gate.commands.remove(self.agent_id, *self.entries.pop(command_id, []))
        if session_id is None:
            return
        if failure:
            await self.gate.sessions.command_failed(session_id, failure)
        else:
            await self.gate.bus.publish("session", id=session_id)

    async def _deliver(self) -> None:
        async for entry, command in self.gate.commands.follow(self.agent_id):
            self.entries.setdefault(command["id"], []).append(entry)
            await self._send(command)

    async def _forward_events(self) -> None:
        while True:
            event = await self.events.get()
            match event["type"]:
                case "connected":
                    self.replaced = True
                    return
                case "assigned":
                    sessions = await self.gate.agents.assigned(self.agent_id)
                    await self._send({"type": "assigned", "sessions": sessions})
                case "templates":
                    await self._send({"type": "templates", "templates": await self.gate.templates.all()})

    def _on_event(self, event: Event) -> None:
        mine = event.get("agentId") == self.agent_id
        replaced = event["type"] == "connected" and mine and event["connectionId"] != self.connection_id
        if replaced or (event["type"] == "assigned" and mine) or event["type"] == "templates":
            self.events.put_nowait(event)
        elif event["type"] == "offline" and mine:
            self.marked_offline = True
        elif event["type"] == "resumed":
            self.marked_offline = True
            self.events.put_nowait({"type": "templates"})

    async def _send(self, message: dict[str, Any]) -> None:
        await self.websocket.send_text(orjson.dumps(message).decode())
