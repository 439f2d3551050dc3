"""Analysis of a desktop's screenshot: whether it shows anything, and where a colour is."""

from __future__ import annotations

import functools
import io
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

from streamspace_acceptance.outcomes import Unproven

Colour = tuple[int, int, int]
MOST_COLOURS = 8192
"""A desktop has fewer; in a picture of more, a colour is looked for pixel by pixel."""
TOLERANCE = 12  # per channel: JPEG rectangles and scaling blur a colour a little
AROUND, RARE = 16, 0.5
"""So many pixels around a point are looked at, and the share of them that a colour has which is rare there."""
RING = 14
"""The radius of a ring that is drawn around a point, in pixels."""
FURTHER_COLOURS = 300
"""So many colours more are tried where none of the plain ones is free."""
# The steps of red and green, and of blue, on a desktop of 8 bits a pixel (3 + 3 + 2); deeper ones have them too.
_OF_3_BITS, _OF_2_BITS = (73, 109, 146, 182), (0, 85, 170)
_CHANCE = secrets.SystemRandom()
_ABOVE = [255 if value > TOLERANCE else 0 for value in range(256)] * 3


@dataclass(frozen=True)
class Area:
    """Where a colour is: its share of all pixels (0..1) and the box around it, in pixels of the picture."""

    share: float
    box: tuple[int, int, int, int] | None

    def holds(self, x: int, y: int) -> bool:
        """Whether a point is inside the box."""
        return self.box is not None and self.box[0] <= x < self.box[2] and self.box[1] <= y < self.box[3]

    def fills(self, picture: Picture) -> float:
        """The share (0..1) of its own box that the colour covers in `picture`: near 1 for one plain rectangle."""
        if self.box is None:
            return 0.0
        return self.share * picture.pixels / ((self.box[2] - self.box[0]) * (self.box[3] - self.box[1]))


class Picture:
    """A screenshot, given as the bytes of a PNG."""

    def __init__(self, png: bytes) -> None:
        self.png = png
        self._image = Image.open(io.BytesIO(png)).convert("RGB")

    @classmethod
    def of_pixels(cls, size: tuple[int, int], pixels: bytes) -> Picture:
        """The picture of raw pixels, row by row, four bytes each: blue, green, red, unused."""
        png = io.BytesIO()
        Image.frombytes("RGB", size, pixels, "raw", "BGRX").save(png, "PNG")
        return cls(png.getvalue())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._image.size

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self._image.width * self._image.height

    def outside_background(self, points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those points around which the most frequent colour of the picture's edge is rare: a window may be there.

        A pointer is smaller than what is looked at around a point.
        """
        wide, high = self.size
        edge = [self._image.getpixel((x, y)) for x in range(wide) for y in (0, high - 1)]
        edge += [self._image.getpixel((x, y)) for y in range(high) for x in (0, wide - 1)]
        background: Colour = Counter(edge).most_common(1)[0][0]  # type: ignore[assignment]  # of an RGB image
        inside = [(x, y) for x, y in points if 0 <= x < wide and 0 <= y < high]
        around = [self.part((x - AROUND, y - AROUND, x + AROUND, y + AROUND)) for x, y in inside]
        return [
            point
            for point, part in zip(inside, around, strict=True)
            if part is not None and part.share(background) < RARE
        ]

    def scaled(self, box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Where a box of this picture is in another one of that size, which shows the same."""
        across, down = size[0] / self._image.width, size[1] / self._image.height
        return round(box[0] * across), round(box[1] * down), round(box[2] * across), round(box[3] * down)

    @property
    def background(self) -> tuple[Colour, float]:
        """The most frequent colour, and the share of pixels (0..1) that have it or a near one."""
        counted = self._image.getcolors(self.pixels) or [(0, (0, 0, 0))]
        colour: Colour = max(counted, key=lambda pair: pair[0])[1]  # type: ignore[assignment]  # of an RGB image
        return colour, self._searched(colour).share

    def part(self, box: tuple[int, int, int, int]) -> Picture | None:
        """The part within `box` (left, top, right, bottom); None when the box is empty."""
        if box[0] >= box[2] or box[1] >= box[3]:
            return None
        png = io.BytesIO()
        self._image.crop(box).save(png, "PNG")
        return Picture(png.getvalue())

    def ringed(self, points: Sequence[tuple[float, float]]) -> bytes:
        """A PNG of the picture with a ring around each point, white within black so that it shows on any colour."""
        image = self._image.copy()
        draw = ImageDraw.Draw(image)
        for x, y in points:
            for radius, colour, width in ((RING, "black", 5), (RING - 1, "white", 3)):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=width)
        png = io.BytesIO()
        image.save(png, "PNG")
        return png.getvalue()

    @functools.cached_property
    def foreground(self) -> float:
        """The share of pixels (0..1) that differ from the most frequent colour: 0 for a blank picture."""
        if self._counted is not None:
            return 1 - max(count for count, _ in self._counted) / self.pixels
        # Of one pixel in sixteen, which finds the same colour in a tenth of the time.
        sample = self._image.resize((-(-self._image.width // 4), -(-self._image.height // 4)), Image.Resampling.NEAREST)
        _, colour = max(sample.getcolors(sample.width * sample.height) or [], key=lambda counted: counted[0])
        other = ImageChops.difference(self._image, Image.new("RGB", self.size, colour))  # type: ignore[arg-type]
        return 1 - _any_channel(other).histogram()[0] / self.pixels

    def differs(self, other: Picture) -> float:
        """The share of pixels (0..1) in which two pictures differ; 1 when their sizes differ."""
        if self.png == other.png:
            return 0.0
        changed = self.changed(other)
        return 1.0 if changed is None else _share(changed)

    def changed(self, other: Picture) -> Image.Image | None:
        """White in each channel in which a pixel differs from that of `other`; None when the sizes differ."""
        if self.size != other.size:
            return None
        return ImageChops.difference(self._image, other._image).point(_ABOVE)

    def share(self, colour: Colour) -> float:
        """The share of pixels (0..1) that have `colour`."""
        if self._counted is None:
            return self._searched(colour).share
        return sum(count for count, other in self._counted if _is_near(other, colour)) / self.pixels

    def area(self, colour: Colour) -> Area:
        """Where `colour` is."""
        return self._searched(colour) if self._counted is None or self.share(colour) else Area(0.0, None)

    def _searched(self, colour: Colour) -> Area:
        red, green, blue = (
            channel.point([255 if abs(value - wanted) <= TOLERANCE else 0 for value in range(256)])
            for channel, wanted in zip(self._channels, colour, strict=True)
        )
        near = ImageChops.darker(ImageChops.darker(red, green), blue)
        return Area(near.histogram()[255] / self.pixels, near.getbbox())

    @functools.cached_property
    def _counted(self) -> list[tuple[int, Colour]] | None:
        """Each colour with the number of its pixels: found once, it answers for every colour that is asked about."""
        return self._image.getcolors(MOST_COLOURS)  # type: ignore[return-value]  # of an RGB image

    @functools.cached_property
    def _channels(self) -> tuple[Image.Image, ...]:
        return self._image.split()


class Changes:
    """The pixels in which any picture since has differed from a first one."""

    def __init__(self, first: Picture) -> None:
        self._first = first
        self._changed: Image.Image | None = None

    def share_with(self, picture: Picture) -> float:
        """Their share (0..1), once `picture` is one of those; 1 where it is of another size."""
        changed = self._first.changed(picture)
        if changed is None:
            return 1.0
        self._changed = changed if self._changed is None else ImageChops.lighter(self._changed, changed)
        return _share(self._changed)


def random_colours(count: int, fits: Callable[[Colour], bool], apart: int = 0) -> list[Colour]:
    """So many random colours that fit; any two differ by at least `apart` in one channel.

    Unproven where there are not so many: a picture of all colours does not tell a new one from the rest.
    """
    found: list[Colour] = []
    drawn = candidates()
    while len(found) < count:
        colour = next(drawn, None)
        if colour is None:
            raise Unproven("the desktop already shows nearly every colour: no other one would stand out")
        alike = any(all(abs(a - b) < apart for a, b in zip(colour, other, strict=True)) for other in found)
        if not alike and fits(colour):
            found.append(colour)
    return found


def candidates() -> Iterator[Colour]:
    """Colours by chance, neither dark nor pale: first those that a desktop of few bits a pixel has as well."""
    plain = [(red, green, blue) for red in _OF_3_BITS for green in _OF_3_BITS for blue in _OF_2_BITS]
    yield from _CHANCE.sample(plain, len(plain))
    for _ in range(FURTHER_COLOURS):
        red, green, blue = (48 + _CHANCE.randrange(160) for _ in range(3))
        yield red, green, blue


def _is_near(colour: Colour, other: Colour) -> bool:
    return (
        abs(colour[0] - other[0]) <= TOLERANCE
        and abs(colour[1] - other[1]) <= TOLERANCE
        and abs(colour[2] - other[2]) <= TOLERANCE
    )


def _any_channel(image: Image.Image) -> Image.Image:
    red, green, blue = image.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)


def _share(image: Image.Image) -> float:
    return _any_channel(image).histogram()[255] / (image.width * image.height)
