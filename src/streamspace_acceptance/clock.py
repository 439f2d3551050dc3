"""The clock of the suite: one monotonic clock. Only this file reads the time and sleeps."""

from __future__ import annotations

import threading
import time
from typing import Protocol

now = time.monotonic
wall_clock = time.time


class Clock(Protocol):
    """Seconds that only rise, and a way to let them pass."""

    def now(self) -> float: ...

    def wait(self, seconds: float) -> None: ...


class _SystemClock:
    def now(self) -> float:
        return now()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = _SystemClock()


def pause(seconds: float, ended: threading.Event) -> bool:
    """Lets `seconds` pass before a source is asked again, less once `ended`; returns whether it has ended."""
    return ended.wait(max(seconds, 0.0))
