"""Delays of a viewer's messages on their way to the VNC server of its session."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.rfb_messages import HANDSHAKE_MESSAGES, TO_SERVER

APART_SECONDS = 0.002
"""Between messages that waited for a late one: a window manager may lose clicks that come within a millisecond."""

Selection = Callable[[int, bytes], bool]


class _DelayedWriter:
    """The writer to the VNC server, which delays the selected messages and keeps the order of all.

    `selected` gets the number and the bytes of each message.
    """

    def __init__(self, writer: Any, seconds: float, selected: Selection) -> None:
        self._writer = writer
        self._seconds = seconds
        self._selected = selected
        self._written = 0
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def write(self, data: bytes) -> None:
        self._written += 1
        late = self._written > HANDSHAKE_MESSAGES and self._selected(self._written, data)
        self._queue.put_nowait((time.monotonic() + self._seconds * late, data))

    async def drain(self) -> None:
        await self._writer.drain()

    def close(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            due, data = await self._queue.get()
            await asyncio.sleep(max(due - time.monotonic(), 0.0))
            self._writer.write(data)
            if not self._queue.empty():
                await asyncio.sleep(APART_SECONDS)


def delay_input(seconds: float, selected: Selection = lambda _number, _data: True) -> Patch:
    """The messages of a viewer that are `selected`, by their number and bytes, reach the VNC server late."""

    async def to_server_late(to_server: Any, websocket: Any, writer: Any) -> None:
        delayed = _DelayedWriter(writer, seconds, selected)
        try:
            await to_server(websocket, delayed)
        finally:
            delayed.close()

    return wrap(TO_SERVER, to_server_late)
