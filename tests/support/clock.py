"""A clock that stands still until somebody waits."""

from __future__ import annotations


class FakeClock:
    """Implements `waiting.Clock`; `waits` are the seconds of each wait."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
