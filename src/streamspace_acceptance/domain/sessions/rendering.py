"""When a desktop in a browser counts as rendered: it shows something that has not changed for a moment.

A clock, a video or an animation may go on in a part of it.
"""

from __future__ import annotations

from streamspace_acceptance.desktop.pictures import Changes, Picture
from streamspace_acceptance.waiting import Stamped, now

SETTLED_SECONDS = 1.0
MOVING_SECONDS = 5.0
"""A desktop that shows something for so long without standing still has a moving background, or plays something."""
PART = 0.25
"""In so large a share of the screen, at the most, something may go on while the rest stands still,"""
PART_SECONDS = 3.0
"""for so long: a window that has just opened has finished by then."""
STILL = 0.01  # share of pixels: a clock or a cursor may move in a picture that has settled
SHOWN = 0.0002
"""The share of pixels that differ from the background on a desktop that shows something: a terminal that fills the
screen has no more than its prompt, 650 pixels and more of 1280 x 720. A pointer alone has some 130.
"""
LOOK_SECONDS = 0.25


class Settling:
    """Follows the pictures of one desktop."""

    def __init__(self) -> None:
        self._last: Stamped[Picture] | None = None
        self._rest: Stamped[Changes] | None = None
        self._shown_since: float | None = None

    def has_settled(self, picture: Picture | None) -> bool:
        """Whether the latest picture shows something, and has not changed for SETTLED_SECONDS.

        Or all but a PART of it has not changed for PART_SECONDS.
        """
        if picture is None or picture.foreground <= SHOWN:
            self._shown_since, self._rest = None, None
            return False
        self._shown_since = self._shown_since or now()
        if self._last is None or picture.differs(self._last.item) > STILL:
            self._last = Stamped(now(), picture)
        if self._rest is None or self._rest.item.share_with(picture) > PART:
            self._rest = Stamped(now(), Changes(picture))
        return now() - self._last.at >= SETTLED_SECONDS or now() - self._rest.at >= PART_SECONDS

    @property
    def moves(self) -> bool:
        """Whether it has shown something without a break for a while: then it moves all the time."""
        return self._shown_since is not None and now() - self._shown_since >= MOVING_SECONDS


def describe(picture: Picture | None) -> str:
    """For a failure: what a picture shows."""
    if picture is None:
        return "no noVNC screen"
    return "a desktop" if picture.foreground > SHOWN else "a blank screen"
