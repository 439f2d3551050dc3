"""A recording of a page: the frames that the browser drew, a few a second, as an animated WebP.

The browser hands out frames of its own accord (CDP `Page.startScreencast`), a few at a time until they are
acknowledged. That is done when the page is next looked at, never while something is typed: a frame for every stroke
makes typing a fifth slower.
"""

from __future__ import annotations

import base64
import io
import itertools
from typing import Any

from PIL import Image, ImageOps
from playwright.sync_api import BrowserContext, CDPSession, Page

from streamspace_acceptance.desktop.watchdog import BrowserError, BrowserWatchdog

FRAMES_A_SECOND = 3
MOST_FRAMES = 160
MOST_BYTES = 1_000_000
SIZE = (680, 400)
"""The most pixels across and down."""
LAST_SECONDS = 1.5
"""For so long the last frame is shown."""
LONGEST_SECONDS = 2.0
"""For so long any frame is shown at most: nobody wants to watch a wait in full."""
BLANK_RANGE = 4
"""Shades of grey, of 256, that JPEG makes of one colour at most."""
_QUALITIES = (55, 30, 10)
_SCREENCAST = {"format": "jpeg", "quality": 70, "maxWidth": SIZE[0], "maxHeight": SIZE[1], "everyNthFrame": 1}


class ScreencastError(Exception):
    """There is no moving picture: the sentence says why."""


class Screencast:
    """Frames of the pages of one viewer, with the times at which the browser drew them."""

    def __init__(self, context: BrowserContext, calls: BrowserWatchdog) -> None:
        self._context = context
        self._calls = calls
        self._frames: list[tuple[float, bytes]] = []
        self._trouble: str | None = None
        self._spacing = 1 / FRAMES_A_SECOND
        self._unanswered: list[tuple[CDPSession, int]] = []

    def acknowledge_frames(self) -> None:
        """Lets the next frames come."""
        unanswered, self._unanswered = self._unanswered, []
        try:
            with self._calls.within("the next frames of the screencast"):
                for session, number in unanswered:
                    session.send("Page.screencastFrameAck", {"sessionId": number})
        except BrowserError as trouble:  # its page is gone
            if not self._calls.alive:
                raise
            self._trouble = str(trouble)

    def follow(self, page: Page) -> None:
        """Records `page` until it is closed. Failures here are not the page's fault."""
        try:
            with self._calls.within("the start of the screencast"):
                session = self._context.new_cdp_session(page)
                session.on("Page.screencastFrame", lambda frame: self._keep(session, frame))
                session.send("Page.startScreencast", _SCREENCAST)
        except BrowserError as trouble:
            self._trouble = str(trouble)

    def encode(self) -> bytes:
        """The screencast so far, as one animated WebP of at most a megabyte; ScreencastError when there is none."""
        if not self._frames:
            raise ScreencastError(self._trouble or "the browser gave no frame")
        return as_webp(self._frames)

    def _keep(self, session: CDPSession, frame: dict[str, Any]) -> None:
        """A frame has come; one that comes too soon is let go."""
        at = float(frame["metadata"].get("timestamp") or 0.0)
        if not self._frames or at - self._frames[-1][0] >= self._spacing:
            self._frames.append((at, base64.b64decode(frame["data"])))
        if len(self._frames) > MOST_FRAMES:  # a long screencast has fewer frames a second
            self._frames[:] = self._frames[::2]
            self._spacing *= 2
        self._unanswered.append((session, frame["sessionId"]))


def as_webp(frames: list[tuple[float, bytes]]) -> bytes:
    """The frames (seconds since the epoch, JPEG) as one animated WebP, each shown as long as it was on the screen.

    It begins with the first frame that shows something: until then the page is white. At most a megabyte: of lower
    quality or fewer frames if necessary; ScreencastError when one frame is too large.
    """
    frames = list(itertools.dropwhile(lambda frame: _is_blank(frame[1]), frames)) or frames
    while True:
        pictures = _pictures(frames)
        for quality in _QUALITIES:
            made = _encoded(pictures, _durations([at for at, _ in frames]), quality)
            if len(made) <= MOST_BYTES:
                return made
        if len(frames) == 1:
            raise ScreencastError(f"one frame alone is longer than {MOST_BYTES} bytes")
        frames = frames[::2]


def _is_blank(jpeg: bytes) -> bool:
    counts = Image.open(io.BytesIO(jpeg)).convert("L").histogram()
    shades = [shade for shade, count in enumerate(counts) if count]
    return shades[-1] - shades[0] <= BLANK_RANGE


def _encoded(pictures: list[Image.Image], durations: list[int], quality: int) -> bytes:
    file = io.BytesIO()
    pictures[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        quality=quality,
        method=0,  # the fastest: somebody waits for the screencast
        minimize_size=False,
    )
    return file.getvalue()


def _durations(times: list[float]) -> list[int]:
    """How long each frame stood, in milliseconds."""
    stood = [min(after - before, LONGEST_SECONDS) for before, after in itertools.pairwise(times)]
    return [max(round(seconds * 1000), 1) for seconds in [*stood, LAST_SECONDS]]


def _pictures(frames: list[tuple[float, bytes]]) -> list[Image.Image]:
    """All of one size, as a screencast needs it: the browser draws an empty page smaller."""
    pictures = [Image.open(io.BytesIO(jpeg)).convert("RGB") for _, jpeg in frames]
    for picture in pictures:
        picture.thumbnail(SIZE)
    size = max(picture.width for picture in pictures), max(picture.height for picture in pictures)
    return [picture if picture.size == size else ImageOps.pad(picture, size) for picture in pictures]
