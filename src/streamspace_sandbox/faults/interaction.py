"""Faults of test 1.1e: mouse and keyboard, between the viewer and the VNC server of a session."""

import itertools
import struct

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.support.delayed_input import delay_input
from streamspace_sandbox.faults.support.rfb_messages import (
    KEY,
    POINTER,
    QEMU_KEY,
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
    api=delay_input(0.150),
)
register_fault(
    "mouse-is-late",
    breaks="1.1e-5",
    description="Mouse input reaches the desktop 150 ms late, keyboard input does not",
    api=delay_input(0.150, lambda _, data: data[0] == POINTER),
)
register_fault(
    "one-event-in-three-is-late",
    breaks="1.1e-5",
    description="One input event in three reaches the desktop 150 ms late",
    api=delay_input(0.150, lambda number, _: number % 3 == 0),
)
register_fault(
    "input-is-a-little-late",
    breaks="1.1e-5",
    description="All input reaches the desktop 30 ms late, within the limit",
    tolerable=True,
    api=delay_input(0.030),
)
