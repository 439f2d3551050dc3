"""The agent's WebSocket to the API, which it reopens whenever it loses the connection."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import aiohttp
import orjson

from streamspace_sandbox.streamspace.agent.settings import AgentSettings
from streamspace_sandbox.streamspace.tasks import until_one_ends

log = logging.getLogger("streamspace.agent")

# In the product's seconds, with floors in real ones: below these, a busy machine would look like a lost network.
BACKOFF_LIMIT, BACKOFF_LIMIT_FLOOR = 3.0, 0.2
CONNECT, CONNECT_FLOOR = 3.0, 0.5
WELCOME, WELCOME_FLOOR = 10.0, 2.0
ACKNOWLEDGE, ACKNOWLEDGE_FLOOR = 15.0, 2.5
FIRST_BACKOFF = 0.1
DNS_SECONDS = 300
"""A Service keeps its address for as long as it exists."""
CLOSE_GRACE_SECONDS = 1.0
# Without a network the closing handshake would never end, so the connection is dropped.
CLOSE_SECONDS = 0.1
LOST = (aiohttp.ClientError, OSError, TimeoutError)


class UnacknowledgedError(Exception):
    """The API has not acknowledged a heartbeat in time."""


class Listener(Protocol):
    def welcomed(self, welcome: dict[str, Any]) -> None: ...
    def message_received(self, message: dict[str, Any]) -> None: ...


class AgentChannel:
    """Keeps one connection open. It drops messages while disconnected: the agent reports everything after a welcome."""

    def __init__(self, settings: AgentSettings, listener: Listener, nodes: Callable[[], list[dict[str, str]]]) -> None:
        self._settings = settings
        self._listener = listener
        self._nodes = nodes
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._acknowledged = -1
        self._acknowledgement = asyncio.Event()
        self._last_reason = ""
        self.connected = False

    def send(self, message: dict[str, Any]) -> None:
        if self.connected:
            self._outgoing.put_nowait(message)

    async def run(self, leaving: asyncio.Event) -> None:
        """Stay connected until `leaving` is set; then disconnect cleanly."""
        backoff = FIRST_BACKOFF
        timeout = aiohttp.ClientTimeout(sock_connect=self._scaled(CONNECT, CONNECT_FLOOR))
        # A name that was asked for while the network was down would be known only when the resolver asks again, in 5 s.
        connector = aiohttp.TCPConnector(ttl_dns_cache=DNS_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            while not leaving.is_set():
                try:
                    await self._connection(session, leaving)
                    backoff = FIRST_BACKOFF
                except (*LOST, UnacknowledgedError) as error:
                    self.connection_lost(f"connection to the API failed or was lost: {error or type(error).__name__}")
                if self.connected:
                    self.connected = False
                    backoff = FIRST_BACKOFF
                if not leaving.is_set():
                    await asyncio.sleep(backoff)
                    backoff = min(backoff * 2, self._scaled(BACKOFF_LIMIT, BACKOFF_LIMIT_FLOOR))

    async def _connection(self, session: aiohttp.ClientSession, leaving: asyncio.Event) -> None:
        deadline = self._scaled(WELCOME, WELCOME_FLOOR)
        async with asyncio.timeout(deadline):
            websocket = await session.ws_connect(
                self._settings.api_url,
                headers={"Authorization": f"Bearer {self._settings.agent_token}"},
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                max_msg_size=0,
            )
        async with websocket:
            await websocket.send_str(_text(self._hello()))
            async with asyncio.timeout(deadline):
                welcome = await _first(websocket)
            log.info("connected to the API")
            self._last_reason = ""
            self._outgoing = asyncio.Queue()
            self.connected = True
            self._listener.welcomed(welcome)
            await until_one_ends(
                self._receive(websocket),
                self._deliver(websocket),
                self.send_heartbeats(websocket, welcome["heartbeatSeconds"]),
                self._leave(websocket, leaving),
            )

    def connection_lost(self, reason: str) -> None:
        """Log the reason, once for a row of equal ones."""
        if reason != self._last_reason:
            log.warning("%s", reason)
        self._last_reason = reason

    def _hello(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "type": "hello",
            "agentId": settings.agent_id,
            "nodeName": settings.node_name,
            "nodes": self._nodes(),
        }

    async def _receive(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in websocket:
            if frame.type == aiohttp.WSMsgType.TEXT:
                message = orjson.loads(frame.data)
                if message["type"] == "acknowledged":
                    self._acknowledged = message["sequence"]
                    self._acknowledgement.set()
                else:
                    self._listener.message_received(message)

    async def _deliver(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await websocket.send_str(_text(await self._outgoing.get()))

    async def send_heartbeats(self, websocket: aiohttp.ClientWebSocketResponse, interval: float) -> None:
        """A heartbeat every `interval` seconds, without drift; the hello was the first one."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        self._acknowledged = -1
        for sequence in range(1, 2**62):
            await asyncio.sleep(start + sequence * interval - loop.time())
            await websocket.send_str(_text({"type": "heartbeat", "sequence": sequence}))
            log.info("Heartbeat sent (%d)", sequence)
            await self._acknowledgement_of(sequence)

    async def _acknowledgement_of(self, sequence: int) -> None:
        patience = self._scaled(ACKNOWLEDGE, ACKNOWLEDGE_FLOOR)
        try:
            async with asyncio.timeout(patience):
                while self._acknowledged < sequence:
                    self._acknowledgement.clear()
                    await self._acknowledgement.wait()
        except TimeoutError:
            raise UnacknowledgedError(f"heartbeat {sequence} was not acknowledged within {patience:g} s") from None

    async def _leave(self, websocket: aiohttp.ClientWebSocketResponse, leaving: asyncio.Event) -> None:
        await leaving.wait()
        await websocket.send_str(_text({"type": "goodbye"}))
        log.info("goodbye sent")
        # The API closes the connection once it has recorded the goodbye, which ends `_receive` first.
        await asyncio.sleep(CLOSE_GRACE_SECONDS)

    def _scaled(self, seconds: float, floor: float) -> float:
        return max(seconds * self._settings.time_scale, floor)


async def _first(websocket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The API's first message. Raises ConnectionError when it closes instead, as it does without its stores."""
    frame = await websocket.receive()
    if frame.type != aiohttp.WSMsgType.TEXT:
        raise ConnectionError(f"the API closed the connection with code {frame.data}")
    message: dict[str, Any] = orjson.loads(frame.data)
    return message


def _text(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()
