"""One wait: what for, out of which budget, what was seen meanwhile, and the listeners of all waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from streamspace_acceptance.waiting.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.waiting.deadline import time_left

Outcome = Literal["met", "impossible", "timed out"]

NOTED = 2000  # characters of each text that a timeline keeps: a product may answer something long each time


@dataclass(frozen=True)
class Budget:
    """A named figure of the plan, in seconds, and the target's time scale (0.1: its clock runs ten times as fast)."""

    name: str
    plan_seconds: float
    scale: float

    @property
    def seconds(self) -> float:
        """The budget on this target's clock."""
        return self.plan_seconds * self.scale

    def __str__(self) -> str:
        return f"the {self.name} budget ({self.seconds:g} s)"


class Timeline:
    """The observations of a wait: texts with offsets in seconds; a text that repeats is noted once."""

    def __init__(self, started: float | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self.started = clock.now() if started is None else started
        self._clock = clock
        self._entries: list[tuple[float, str]] = []

    @property
    def entries(self) -> tuple[tuple[float, str], ...]:
        """(offset in seconds, text), oldest first."""
        return tuple(self._entries)

    def note(self, text: str, at: float | None = None) -> bool:
        """Adds `text`, seen `at` a moment of the monotonic clock; False when it only repeats the last one."""
        text = text[:NOTED]
        if self._entries and self._entries[-1][1] == text:
            return False
        self._entries.append(((self._clock.now() if at is None else at) - self.started, text))
        return True

    def render(self) -> str:
        """The line of a failure: `+0.1 s Pending · +0.4 s pod created`."""
        return " · ".join(f"+{max(offset, 0.0):.1f} s {text}" for offset, text in self._entries)


class Wait:
    """One wait: `subject` (a session) is to reach `goal` (Running) within `budget`."""

    def __init__(
        self, subject: str, goal: str, budget: Budget, started: float | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.subject = subject
        self.goal = goal
        self.budget = budget
        self.clock = clock
        self.started = clock.now() if started is None else started
        self.outcome: Outcome | None = None
        self.timeline = Timeline(self.started, clock)
        self._ended: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began, or that it took."""
        return (self.clock.now() if self._ended is None else self._ended) - self.started

    @property
    def remaining(self) -> float:
        """Seconds left of the budget, never below zero."""
        return max(min(self.budget.seconds - self.elapsed, time_left()), 0.0)

    def note(self, text: str, at: float | None = None) -> None:
        """Adds to the timeline and notifies the listeners."""
        if self.timeline.note(text, at):
            _notify("wait_noted", self)

    def end(self, outcome: Outcome | None) -> None:
        """Stops the clock; None for a wait that an error interrupted."""
        self._ended = self.clock.now()
        self.outcome = outcome

    @contextmanager
    def announced(self) -> Iterator[None]:
        """The listeners hear of the wait's start and end."""
        _notify("wait_started", self)
        try:
            yield
        finally:
            if self.outcome is None:
                self.end(None)
            _notify("wait_ended", self)


class Listener(Protocol):
    """Sees the waits of this run: the console, the evidence."""

    def wait_started(self, wait: Wait) -> None: ...

    def wait_noted(self, wait: Wait) -> None: ...

    def wait_ended(self, wait: Wait) -> None: ...


_listeners: list[Listener] = []


def observe(listener: Listener) -> Callable[[], None]:
    """Notifies `listener` of every wait from now on; the function that is returned ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _notify(event: Literal["wait_started", "wait_noted", "wait_ended"], wait: Wait) -> None:
    for listener in tuple(_listeners):
        getattr(listener, event)(wait)
