"""Faults of test 1.1e: mouse and keyboard, between the viewer and the VNC server of a session."""

import asyncio
import itertools
import struct
import time
from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.rfb_messages import (
    HANDSHAKE_MESSAGES,
    KEY,
    POINTER,
    QEMU_KEY,
    TO_SERVER,
    Rewrite,
    rewrite_input,
    rewrite_input_of_each,
)

DOWN_FLAG = {KEY: 1, QEMU_KEY: 3}
"""The byte of a key event that is 1 when the key goes down; for QEMU's, the lower one of two."""
ALT_KEYSYMS = (0xFFE9, 0xFFE7)
"""X11's keysyms of Alt_L and Meta_L."""
SHIFT_KEYSYMS = (0xFFE1, 0xFFE2)
"""X11's keysyms of Shift_L and Shift_R."""
WHEEL_UP = 8
"""The bit of the pointer's fourth button."""
CELL_PIXELS = 12
"""A little more than the width of a character in the terminal."""

Selection = Callable[[int, bytes], bool]


def _shift_pointer(data: bytes) -> bytes:
    if data[0] != POINTER or len(data) != 6:
        return data
    kind, buttons, across, down = struct.unpack("!BBHH", data)
    return struct.pack("!BBHH", kind, buttons, across + CELL_PIXELS, down)


def _lose_wheel_up(data: bytes) -> bytes | None:
    return None if data[0] == POINTER and data[1] & WHEEL_UP else data


def _keysym(data: bytes) -> int | None:
    """The keysym of a key event; None for other messages."""
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


def _lose_each_second_release_of_shift() -> Rewrite:
    releases = itertools.count(1)

    def lose(data: bytes) -> bytes | None:
        is_release = _keysym(data) in SHIFT_KEYSYMS and not data[DOWN_FLAG[data[0]]]
        return None if is_release and next(releases) % 2 == 0 else data

    return lose


def _never_release_alt(data: bytes) -> bytes | None:
    return None if _keysym(data) in ALT_KEYSYMS and not data[DOWN_FLAG[data[0]]] else data


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


def _delay(seconds: float, selected: Selection = lambda _number, _data: True) -> Patch:
    async def to_server_late(to_server: Any, websocket: Any, writer: Any) -> None:
        delayed = _DelayedWriter(writer, seconds, selected)
        try:
            await to_server(websocket, delayed)
        finally:
            delayed.close()

    return wrap(TO_SERVER, to_server_late)


register_fault(
    "clicks-beside",
    breaks="1.1e-1",
    description="A click arrives one character to the right of its target",
    api=rewrite_input(_shift_pointer),
)
register_fault(
    "capitals-lost",
    breaks="1.1e-2",
    description="Capital letters arrive as lower-case letters",
    api=rewrite_input(_lose_capitals),
)
register_fault(
    "every-second-release-of-shift-lost",
    breaks="1.1e-2",
    description="Every second release of the Shift key does not arrive",
    api=rewrite_input_of_each(_lose_each_second_release_of_shift),
)
register_fault("alt-lost", breaks="1.1e-3", description="The Alt key does not arrive", api=rewrite_input(_lose_alt))
register_fault(
    "alt-stays-down",
    breaks="1.1e-3",
    description="The Alt key stays down once it was pressed",
    api=rewrite_input(_never_release_alt),
)
register_fault(
    "wheel-turns-one-way",
    breaks="1.1e-4",
    description="The wheel scrolls down only",
    api=rewrite_input(_lose_wheel_up),
)
register_fault(
    "input-is-late",
    breaks="1.1e-5",
    description="All input reaches the desktop 150 ms late",
    api=_delay(0.150),
)
register_fault(
    "mouse-is-late",
    breaks="1.1e-5",
    description="Mouse input reaches the desktop 150 ms late, keyboard input does not",
    api=_delay(0.150, lambda _, data: data[0] == POINTER),
)
register_fault(
    "one-event-in-three-is-late",
    breaks="1.1e-5",
    description="One input event in three reaches the desktop 150 ms late",
    api=_delay(0.150, lambda number, _: number % 3 == 0),
)
register_fault(
    "input-is-a-little-late",
    breaks="1.1e-5",
    description="All input reaches the desktop 30 ms late, within the limit",
    tolerable=True,
    api=_delay(0.030),
)
