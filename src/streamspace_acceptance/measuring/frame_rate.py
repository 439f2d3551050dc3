"""Frame rates: distinct pictures of a source whose pictures are numbered, and whether the source kept its own rate."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

CYCLE = 216
"""The source numbers its pictures from 0 to 215, and begins again."""
AHEAD = CYCLE // 2
"""A picture whose number is further ahead is one from before."""
NUMBERED = 0.9
"""The share of pictures that must have a number, at the least."""
KEPT = 0.1
"""The source's own rate may differ from the one asked of it by this share."""


@dataclass(frozen=True)
class Frame:
    """A picture that differs from the one before: when it was there, in seconds, and its number; None for another."""

    at: float
    number: int | None


@dataclass(frozen=True)
class FrameRate:
    """The pictures of one stretch of `seconds`, of a source of `source_rate` pictures a second."""

    seconds: float
    source_rate: float
    frames: Sequence[Frame]

    @cached_property
    def pictures(self) -> Sequence[Frame]:
        """The pictures that are newer than those before. One that comes again, late or out of order is not counted."""
        found = list[Frame]()
        for frame in self.frames:
            if frame.number is not None and (not found or self._is_newer(frame, found[-1])):
                found.append(frame)
        return found

    def _is_newer(self, frame: Frame, last: Frame) -> bool:
        """By the numbers; after so long that these began again, any other number is that of a newer picture."""
        ahead = ((frame.number or 0) - (last.number or 0)) % CYCLE
        return 0 < ahead <= AHEAD or (ahead > 0 and frame.at - last.at > AHEAD / self.source_rate)

    @property
    def received(self) -> float:
        """Distinct pictures a second. A stretch without any counts with its whole length."""
        return len(self.pictures) / self.seconds

    @property
    def is_unnumbered(self) -> bool:
        """Whether the colours that came are not those of the source: then nothing can be counted."""
        return sum(frame.number is not None for frame in self.frames) < NUMBERED * len(self.frames)

    @property
    def drawn(self) -> float | None:
        """Pictures a second that the source drew, by their numbers; None when they cannot tell."""
        numbered = [(frame.at, frame.number or 0) for frame in self.pictures]
        if len(numbered) < 2 or self.is_unnumbered:
            return None
        steps = sum((later - earlier) % CYCLE for (_, earlier), (_, later) in itertools.pairwise(numbered))
        span = numbered[-1][0] - numbered[0][0]
        return steps / span if span > 0 else None

    @property
    def longest_gap(self) -> float:
        """Seconds without a new picture, at the most."""
        times = [0.0, *(frame.at for frame in self.pictures), self.seconds]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    @property
    def distrust(self) -> str:
        """Why the source cannot be relied on; empty when it can."""
        if self.drawn is None:
            return "" if not self.frames else "the pictures do not tell their numbers"
        if abs(self.drawn - self.source_rate) > KEPT * self.source_rate:
            return f"the source was to draw {self.source_rate:g} pictures/s and drew {self.drawn:.1f}"
        return ""

    def __str__(self) -> str:
        drawn = "unknown" if self.drawn is None else f"{self.drawn:.1f}"
        other = len(self.frames) - len(self.pictures)
        stale = f"; {other} more were old ones again, or not the source's" if other else ""
        return (
            f"{len(self.pictures)} distinct pictures in {self.seconds:.1f} s = {self.received:.1f}/s; the source was to"
            f" draw {self.source_rate:g}/s, by the pictures' numbers it drew {drawn}/s; longest gap"
            f" {1000 * self.longest_gap:.0f} ms{stale}"
        )
