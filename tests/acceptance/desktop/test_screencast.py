"""A screencast shows what a viewer would want to see of a page."""

from __future__ import annotations

import io

from PIL import Image

from streamspace_acceptance.desktop.screencast import as_webp


def frame(colour: str, dot: str) -> bytes:
    """A JPEG of one colour with a large dot in its middle."""
    picture = Image.new("RGB", (68, 40), colour)
    picture.paste(Image.new("RGB", (20, 20), dot), (24, 10))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def middles(webp: bytes) -> list[tuple[int, ...]]:
    """The colour in the middle of each frame, to a quarter."""
    picture = Image.open(io.BytesIO(webp))
    found = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        pixel = picture.convert("RGB").getpixel((34, 20))
        found.append(tuple(round(part / 64) * 64 for part in pixel))  # type: ignore[union-attr]
    return found


def test_screencast_leaves_out_the_white_page_at_its_beginning() -> None:
    frames = [(1.0, frame("white", "white")), (1.5, frame("white", "white")), (2.0, frame("black", "blue"))]
    assert middles(as_webp([*frames, (2.5, frame("white", "white"))])) == [(0, 0, 256), (256, 256, 256)]


def test_screencast_of_a_blank_page_shows_it() -> None:
    assert middles(as_webp([(1.0, frame("white", "white"))])) == [(256, 256, 256)]
