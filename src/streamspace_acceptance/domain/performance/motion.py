"""A source of known motion in a session: a program in its terminal that redraws a block in the next colour of a cycle.

It is typed as a user would type it, through the product's own connection. It needs bash 5 and a terminal with the 256
colours of xterm. The colours tell the number of each picture, and so how many the source itself has drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops

from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.product.rfb_client import Box, Rectangle, RfbClient

FIRST, LAST = 16, 231
"""The colours of xterm's cube: 6 levels each of red, green and blue."""
LEVELS = (0, 95, 135, 175, 215, 255)
NEAR = 12
"""How far a part of a colour may be from its level; two levels are 40 apart at the least."""
LOOKED_AT = (320, 200)
"""Width and height of the part of the desktop, around its middle, in which motion is looked for."""
SIDE = 64
"""Pixels of each side of the part that is looked at; its picture comes uncompressed, with four bytes a pixel."""
STOP = "q"

# The next picture is due at a fixed moment, so that drawing takes nothing from the rate. A key ends the program.
_PROGRAM = (
    r"m(){ n=%d d=${EPOCHREALTIME/[.,]/};printf '\e[?25l';while :;do printf '\e[48;5;%%dm' $n;"
    r"for((r=LINES/2-4;r<LINES/2+4;r++));do printf '\e[%%d;%%dH%%16s' $r $((COLUMNS/2-8));done;"
    r"((n=n<%d?n+1:%d,d+=%d,w=d-${EPOCHREALTIME/[.,]/}));((w>0))||w=1;"
    r"printf -v w %%d.%%06d $((w/1000000)) $((w%%1000000));read -rsN1 -t$w&&break;done;"
    r"printf '\e[0m\e[2J\e[H\e[?25h';};m"
)


@dataclass(frozen=True)
class Spot:
    """A point of the desktop that is inside the moving block."""

    x: int
    y: int

    @property
    def box(self) -> Box:
        """A part of the block around it."""
        return self.x - SIDE // 2, self.y - SIDE // 2, SIDE, SIDE


def program(rate: float) -> str:
    """The line to type: a source of `rate` pictures a second."""
    return _PROGRAM % (FIRST, LAST, FIRST, round(1_000_000 / rate))


def start(client: RfbClient, rate: float, seconds: float, clock: Clock = SYSTEM_CLOCK) -> Spot | None:
    """Types the program into the terminal in the middle; where it moves within `seconds`, None when nothing does."""
    client.click(*client.middle)
    client.type(program(rate))
    return find(client, rate, seconds, clock)


def stop(client: RfbClient) -> None:
    """Ends the program, with a line that the shell ignores."""
    client.type(STOP)


def find(client: RfbClient, rate: float, seconds: float, clock: Clock = SYSTEM_CLOCK) -> Spot | None:
    """Where something moves in the middle of the desktop, looked for during `seconds`; None when nothing does."""
    width, height = (min(most, size) for most, size in zip(LOOKED_AT, _size(client), strict=True))
    box = client.middle[0] - width // 2, client.middle[1] - height // 2, width, height
    end, before = clock.now() + seconds, client.picture(box)
    while clock.now() < end:
        clock.wait(1 / rate)
        after = client.picture(box)
        spot = changed(before, after)
        if spot is not None:
            return spot
        before = after
    return None


def changed(before: Rectangle, after: Rectangle) -> Spot | None:
    """The middle of the block that changed from one colour to another; None when no such block did.

    A block covers most of the box around the change. Letters that are typed do not.
    """
    first, second = (_image(part) for part in (before, after))
    mask = ImageChops.difference(first, second).convert("L").point([255 if value > 2 else 0 for value in range(256)])
    box = mask.getbbox()
    if box is None or (box[2] - box[0]) < 64 or (box[3] - box[1]) < 64:
        return None
    inside = mask.crop(box)
    if inside.histogram()[255] < 0.9 * inside.width * inside.height:
        return None
    return Spot(after.box[0] + (box[0] + box[2]) // 2, after.box[1] + (box[1] + box[3]) // 2)


def number(colour: tuple[int, int, int]) -> int | None:
    """The place of a colour in the source's cycle, from 0 on; None for a colour that is not of it.

    A desktop of 16 bits a pixel, or a compressed picture, has nearly that colour.
    """
    nearest = [min(range(len(LEVELS)), key=lambda level: abs(LEVELS[level] - part)) for part in colour]
    if any(abs(LEVELS[level] - part) > NEAR for level, part in zip(nearest, colour, strict=True)):
        return None
    red, green, blue = nearest
    return 36 * red + 6 * green + blue


def _size(client: RfbClient) -> tuple[int, int]:
    return client.framebuffer.width, client.framebuffer.height


def _image(part: Rectangle) -> Image.Image:
    return Image.frombytes("RGBX", part.box[2:], part.pixels).convert("RGB")
