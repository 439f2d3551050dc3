"""An agent that leaves while commands are being sent to it."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

from starlette.websockets import WebSocketDisconnect

from streamspace_sandbox.streamspace.api.agent_channel import AgentConnection


class _Agents:
    """Agents whose departure takes a while to record."""

    def __init__(self) -> None:
        self.clock = SimpleNamespace(heartbeat=1.0)
        self.begun, self.may_end, self.recorded = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def connected(self, *_: object) -> None:
        """The agent is known."""

    async def assigned(self, _: str) -> list[str]:
        return []

    async def goodbye(self, *_: str) -> None:
        self.begun.set()
        await self.may_end.wait()
        self.recorded.set()


class _Socket:
    """A socket that its agent closes after its goodbye."""

    def __init__(self, agents: _Agents) -> None:
        self._agents = agents

    async def receive_text(self) -> str:
        return '{"type": "goodbye"}'

    async def send_text(self, _: str) -> None:
        if self._agents.begun.is_set():
            raise WebSocketDisconnect(1006)


async def _leave() -> bool:
    agents = _Agents()

    async def follow(_: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        await agents.begun.wait()
        yield "1-0", {"id": "cmd-1"}

    async def templates() -> list[Any]:
        return []

    gate = SimpleNamespace(
        agents=agents,
        bus=SimpleNamespace(subscribe=lambda _: lambda: None),
        commands=SimpleNamespace(follow=follow),
        templates=SimpleNamespace(all=templates),
    )
    connection = AgentConnection(cast("Any", gate), cast("Any", _Socket(agents)), "agent-1")
    try:
        await connection.run({"nodeName": "node-1", "nodes": []})
    except* WebSocketDisconnect:
        agents.may_end.set()
    async with asyncio.timeout(20):
        await agents.recorded.wait()
    return agents.recorded.is_set()


def test_departure_is_recorded_though_its_connection_breaks() -> None:
    assert asyncio.run(_leave())
