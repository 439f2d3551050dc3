"""A small VNC client (RFB, RFC 6143) through the product's own WebSocket: raw pixels, keys and clicks.

It asks for raw pixels only, so that an update can be read without a decoder. All methods raise NoHandshake when the
connection ends or the server does not answer in time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.product.rfb import (
    PLAIN,
    Framebuffer,
    NoHandshake,
    NotInTime,
    Stream,
    ViewerSettings,
    opened,
)

Box = tuple[int, int, int, int]
"""Left edge, top edge, width and height, in pixels."""

ANSWER_SECONDS = 5.0
RETURN_KEYSYM = 0xFF0D
_PIXEL_FORMAT = struct.pack("!BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
_SET_PIXEL_FORMAT = b"\0\0\0\0" + _PIXEL_FORMAT
_SET_ENCODINGS = struct.pack("!BxHi", 2, 1, 0)  # raw alone
_UPDATE_REQUEST, _KEY, _POINTER = 3, 4, 5
_UPDATE, _COLOURS, _BELL, _CUT_TEXT = range(4)
_MOST_PIXELS = 16384 * 16384


@dataclass(frozen=True)
class Rectangle:
    """Pixels of an update, four bytes each (blue, green, red, unused), row by row."""

    box: Box
    pixels: bytes

    def colour_at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """Red, green and blue of a point of the desktop; None when it is outside."""
        left, top, width, height = self.box
        if not (left <= x < left + width and top <= y < top + height):
            return None
        blue, green, red, _ = self.pixels[4 * ((y - top) * width + x - left) :][:4]
        return red, green, blue

    def colours(self) -> set[bytes]:
        """The colours of its pixels: blue, green and red."""
        return {self.pixels[start : start + 3] for start in range(0, len(self.pixels), 4)}


class NotUnderstoodError(NoHandshake):
    """The server sent what this client cannot read, though other viewers may: that says nothing about the product."""


class RfbClient:
    """A viewer of one desktop. `delay` is a known lag in seconds before each message that is sent: a self-check."""

    def __init__(self, framebuffer: Framebuffer, stream: Stream, clock: Clock = SYSTEM_CLOCK) -> None:
        self.framebuffer = framebuffer
        self.delay = 0.0
        self._stream = stream
        self._clock = clock
        self._send(_SET_PIXEL_FORMAT + _SET_ENCODINGS)

    @property
    def middle(self) -> tuple[int, int]:
        """The middle of the desktop."""
        return self.framebuffer.width // 2, self.framebuffer.height // 2

    def request(self, box: Box, *, incremental: bool) -> None:
        """Asks for an update of `box`: at once, or, `incremental`, as soon as something in it changes."""
        self._send(struct.pack("!BBHHHH", _UPDATE_REQUEST, incremental, *box))

    def update(self, seconds: float = ANSWER_SECONDS) -> list[Rectangle]:
        """The next update, whole; NotInTime when none has begun within `seconds`.

        What has begun is read to its end: the next message would else begin in the middle of this one.
        """
        until = self._clock.now() + seconds
        while True:
            self._stream.allow(max(until - self._clock.now(), 0.0))
            kind = self._stream.read(1, "framebuffer update")[0]
            self._stream.allow(ANSWER_SECONDS)
            try:
                if kind == _UPDATE:
                    (count,) = struct.unpack("!xH", self._stream.read(3, "framebuffer update"))
                    return [self._rectangle() for _ in range(count)]
                self._skip(kind)
            except NotInTime as error:
                raise NoHandshake(str(error), reached=error.reached) from error

    def picture(self, box: Box) -> Rectangle:
        """`box` as it looks now, from as many rectangles as the server makes of it."""
        self.request(box, incremental=False)
        pixels, missing = bytearray(4 * box[2] * box[3]), box[2] * box[3]
        while missing > 0:
            for part in self.update():
                missing -= _paste(part, box, pixels)
        return Rectangle(box, bytes(pixels))

    def round_trip(self) -> float:
        """Seconds from a request of one pixel to the whole update that answers it."""
        began = self._clock.now()
        self.picture((0, 0, 1, 1))
        return self._clock.now() - began

    def type(self, text: str) -> None:
        """Presses and releases a key for each character, then Enter, in one message."""
        keysyms = [*map(ord, text), RETURN_KEYSYM]
        self._send(b"".join(struct.pack("!BBxxI", _KEY, down, key) for key in keysyms for down in (1, 0)))

    def click(self, x: int, y: int) -> None:
        """Presses and releases the left button there."""
        self._send(b"".join(struct.pack("!BBHH", _POINTER, buttons, x, y) for buttons in (0, 1, 0)))

    def _send(self, data: bytes) -> None:
        if self.delay:
            self._clock.wait(self.delay)
        self._stream.send(data)

    def _rectangle(self) -> Rectangle:
        x, y, width, height, encoding = struct.unpack("!HHHHi", self._stream.read(12, "rectangle"))
        if encoding != 0 or width * height > _MOST_PIXELS:
            raise NotUnderstoodError(f"a rectangle of {width}x{height} pixels came in encoding {encoding}, not raw")
        return Rectangle((x, y, width, height), self._stream.read(4 * width * height, "pixels"))

    def _skip(self, kind: int) -> None:
        if kind == _COLOURS:
            (count,) = struct.unpack("!xxxH", self._stream.read(5, "colours"))
            self._stream.read(6 * count, "colours")
        elif kind == _CUT_TEXT:
            (length,) = struct.unpack("!xxxI", self._stream.read(7, "clipboard"))
            self._stream.read(length, "clipboard")
        elif kind != _BELL:
            raise NotUnderstoodError(f"a message of type {kind} came that the viewer did not request")


def _paste(part: Rectangle, box: Box, pixels: bytearray) -> int:
    """Copies what `part` has of `box` into its pixels; the number of pixels that were copied."""
    left, top = max(part.box[0], box[0]), max(part.box[1], box[1])
    right = min(part.box[0] + part.box[2], box[0] + box[2])
    bottom = min(part.box[1] + part.box[3], box[1] + box[3])
    if left >= right or top >= bottom:
        return 0
    length = 4 * (right - left)
    for row in range(top, bottom):
        source = 4 * ((row - part.box[1]) * part.box[2] + left - part.box[0])
        target = 4 * ((row - box[1]) * box[2] + left - box[0])
        pixels[target : target + length] = part.pixels[source : source + length]
    return (right - left) * (bottom - top)


@contextmanager
def viewing(address: str, token: str, settings: ViewerSettings = PLAIN) -> Iterator[RfbClient]:
    """A viewer of the desktop at `address`, connected for as long as the context is open; NoHandshake otherwise."""
    with opened(address, token, settings=settings) as (framebuffer, stream):
        yield RfbClient(framebuffer, stream)
