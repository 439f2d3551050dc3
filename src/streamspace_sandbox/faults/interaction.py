"""Faults of test 1.1e: mouse and keyboard, between the viewer and the VNC server of a session."""

import asyncio
import struct
import time
from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.rfb_messages import (
    HANDSHAKE_MESSAGES,
    KEY,
    POINTER,
    QEMU_KEY,
    TO_SERVER,
    rewriting,
)

DOWN_FLAG = {KEY: 1, QEMU_KEY: 3}
"""Where a key event says whether the key goes down: for QEMU's the lower byte of two."""
ALT_KEYSYMS = (0xFFE9, 0xFFE7)
"""X11's keysyms of Alt_L and Meta_L."""
WHEEL_UP = 8
"""The bit of the pointer's fourth button."""
CELL_PIXELS = 12
"""A little more than a character of the terminal is wide."""

Chosen = Callable[[int, bytes], bool]


def _shift_pointer(data: bytes) -> bytes:
    if data[0] != POINTER or len(data) != 6:
        return data
    kind, buttons, across, down = struct.unpack("!BBHH", data)
    return struct.pack("!BBHH", kind, buttons, across + CELL_PIXELS, down)


def _lose_wheel_up(data: bytes) -> bytes | None:
    return None if data[0] == POINTER and data[1] & WHEEL_UP else data


def _keysym(data: bytes) -> int | None:
    """The keysym of a key event; None when it is no key event."""
    if data[0] not in (KEY, QEMU_KEY) or len(data) < 8:
        return None
    return int(struct.unpack_from("!I", data, 4)[0])


def _lose_alt(data: bytes) -> bytes | None:
    return None if _keysym(data) in ALT_KEYSYMS else data


def _lose_capitals(data: bytes) -> bytes:
    keysym = _keysym(data)
    if keysym is None or not ord("A") <= keysym <= ord("Z"):
        return data
    return data[:4] + struct.pack("!I", keysym + 0x20) + data[8:]


def _never_release_alt(data: bytes) -> bytes | None:
    return None if _keysym(data) in ALT_KEYSYMS and not data[DOWN_FLAG[data[0]]] else data


class _Late:
    """The writer to the VNC server, in which what is chosen of what is written waits; nothing overtakes it.

    `chosen` is asked with the number and the bytes of each message.
    """

    def __init__(self, writer: Any, seconds: float, chosen: Chosen) -> None:
        self._writer = writer
        self._seconds = seconds
        self._chosen = chosen
        self._written = 0
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def write(self, data: bytes) -> None:
        self._written += 1
        late = self._written > HANDSHAKE_MESSAGES and self._chosen(self._written, data)
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


def _late_by(seconds: float, chosen: Chosen = lambda _number, _data: True) -> Callable[[], None]:
    def patch() -> None:
        def make(to_server: Any) -> Any:
            async def to_server_late(websocket: Any, writer: Any) -> None:
                late = _Late(writer, seconds, chosen)
                try:
                    await to_server(websocket, late)
                finally:
                    late.close()

            return to_server_late

        wrap(TO_SERVER, make)

    return patch


register_fault(
    "clicks-beside",
    breaks="1.1e-1",
    description="A click arrives one character to the right of where it was aimed",
    api=rewriting(_shift_pointer),
)
register_fault(
    "capitals-lost",
    breaks="1.1e-2",
    description="Capital letters arrive as small ones",
    api=rewriting(_lose_capitals),
)
register_fault("alt-lost", breaks="1.1e-3", description="The Alt key does not arrive", api=rewriting(_lose_alt))
register_fault(
    "alt-stays-down",
    breaks="1.1e-3",
    description="The Alt key, once pressed, stays down",
    api=rewriting(_never_release_alt),
)
register_fault(
    "wheel-turns-one-way",
    breaks="1.1e-4",
    description="The wheel scrolls down only",
    api=rewriting(_lose_wheel_up),
)
register_fault(
    "input-is-late",
    breaks="1.1e-5",
    description="All that the user does reaches the desktop 150 ms late",
    api=_late_by(0.150),
)
register_fault(
    "mouse-is-late",
    breaks="1.1e-5",
    description="What the user does by mouse reaches the desktop 150 ms late; keys do not",
    api=_late_by(0.150, lambda _, data: data[0] == POINTER),
)
register_fault(
    "one-event-in-three-is-late",
    breaks="1.1e-5",
    description="Of what the user does one event in three reaches the desktop 150 ms late",
    api=_late_by(0.150, lambda number, _: number % 3 == 0),
)
register_fault(
    "input-is-a-little-late",
    breaks="1.1e-5",
    description="All that the user does reaches the desktop 30 ms late, within the limit",
    tolerable=True,
    api=_late_by(0.030),
)
