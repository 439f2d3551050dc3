"""Faults of test 4.3: how a desktop is streamed between the VNC server of a session and its viewers."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.delayed_input import delay_input
from streamspace_sandbox.faults.support.rfb_messages import KEY, POINTER, QEMU_KEY, TO_SERVER

TO_BROWSER = "streamspace_sandbox.streamspace.api.vnc:_to_browser"
UPDATE_REQUEST = 3
LARGE_BYTES = 8 * 1024


@dataclass
class _Flow:
    """The bytes sent since the viewer's last request, and when that request was let through."""

    sent: int = 0
    asked_at: float = 0.0


class _CountingSocket:
    """The viewer's WebSocket as the bridge writes to it."""

    def __init__(self, websocket: Any, flow: _Flow) -> None:
        self._websocket = websocket
        self._flow = flow

    async def send_bytes(self, chunk: bytes) -> None:
        self._flow.sent += len(chunk)
        await self._websocket.send_bytes(chunk)


class _PacedSocket:
    """The viewer's WebSocket as the bridge reads from it: after a large picture the next request has to wait."""

    def __init__(self, websocket: Any, flow: _Flow, seconds: float) -> None:
        self._websocket = websocket
        self._flow = flow
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    async def receive(self) -> Any:
        message = await self._websocket.receive()
        data = message.get("bytes") or b""
        if data[:2] == bytes((UPDATE_REQUEST, 1)):
            if self._flow.sent >= LARGE_BYTES:
                await asyncio.sleep(max(self._flow.asked_at + self._seconds - time.monotonic(), 0.0))
            self._flow.sent, self._flow.asked_at = 0, time.monotonic()
        return message


def _large_pictures(rate: float) -> tuple[Patch, Patch]:
    """Viewers get `rate` large pictures a second at the most; small ones are not held back."""
    flows: WeakKeyDictionary[Any, _Flow] = WeakKeyDictionary()

    async def to_browser_counted(to_browser: Any, reader: Any, websocket: Any) -> None:
        await to_browser(reader, _CountingSocket(websocket, flows.setdefault(websocket, _Flow())))

    async def to_server_paced(to_server: Any, websocket: Any, writer: Any) -> None:
        await to_server(_PacedSocket(websocket, flows.setdefault(websocket, _Flow()), 1 / rate), writer)

    return wrap(TO_BROWSER, to_browser_counted), wrap(TO_SERVER, to_server_paced)


def _end_after(seconds: float) -> Patch:
    async def to_browser_for_a_while(to_browser: Any, *arguments: Any) -> None:
        try:
            async with asyncio.timeout(seconds):
                await to_browser(*arguments)
        except TimeoutError:
            return

    return wrap(TO_BROWSER, to_browser_for_a_while)


def _is_whole_request(_: int, data: bytes) -> bool:
    """Whether a message asks for a picture whether it has changed or not."""
    return data[:2] == bytes((UPDATE_REQUEST, 0))


def _is_pointer(_: int, data: bytes) -> bool:
    return data[0] == POINTER


def _is_key(_: int, data: bytes) -> bool:
    return data[0] in (KEY, QEMU_KEY)


register_fault(
    "round-trips-of-45-ms",
    breaks="4.3-1",
    description="A request for a picture takes some 45 ms, within the limit",
    tolerable=True,
    api=delay_input(0.040, _is_whole_request),
)
register_fault(
    "round-trips-of-55-ms",
    breaks="4.3-1",
    description="A request for a picture takes some 55 ms",
    api=delay_input(0.053, _is_whole_request),
)
register_fault(
    "connection-ends-after-25-s",
    breaks="4.3-1",
    description="The connection to a desktop ends after 25 s",
    api=_end_after(25.0),
)
register_fault(
    "sixteen-pictures-a-second",
    breaks="4.3-2",
    description="A viewer gets 16 large pictures a second, within the limit",
    tolerable=True,
    api=_large_pictures(16.0),
)
register_fault(
    "fourteen-pictures-a-second",
    breaks="4.3-2",
    description="A viewer gets 14 large pictures a second",
    api=_large_pictures(14.0),
)
register_fault(
    "mouse-is-a-little-late",
    breaks="4.3-3",
    description="Mouse input reaches the desktop 60 ms late, within the limit",
    tolerable=True,
    api=delay_input(0.060, _is_pointer),
)
register_fault(
    "mouse-is-105-ms-late",
    breaks="4.3-3",
    description="Mouse input reaches the desktop 105 ms late",
    api=delay_input(0.105, _is_pointer),
)
register_fault(
    "keyboard-is-a-little-late",
    breaks="4.3-4",
    description="Keyboard input reaches the desktop 15 ms late, within the limit",
    tolerable=True,
    api=delay_input(0.015, _is_key),
)
register_fault(
    "keyboard-is-55-ms-late",
    breaks="4.3-4",
    description="Keyboard input reaches the desktop 55 ms late",
    api=delay_input(0.055, _is_key),
)
