"""Waiting that can be watched: every wait has a subject, a goal, a named budget and a timeline.

The suite lets time pass in `clock.py` alone. A wait ends when its goal is met, when the goal has become impossible, or
when its budget is used up; the last two raise `Unmet` with everything that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol, TypeVar

from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock, now, pause, wall_clock
from streamspace_acceptance.deadline import (
    LOOK_UP_SECONDS,
    DeadlineExceeded,
    shutdown_deadline,
    shutdown_prolonged,
    time_left,
    within,
)
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.recording import Recording, Stamped, sampling

__all__ = [
    "LOOK_UP_SECONDS",
    "NOTED",
    "POLL_SECONDS",
    "SYSTEM_CLOCK",
    "Budget",
    "Clock",
    "DeadlineExceeded",
    "Listener",
    "Outcome",
    "Recording",
    "Stamped",
    "Timeline",
    "Wait",
    "elapse",
    "follow",
    "keep",
    "now",
    "observe",
    "pause",
    "poll",
    "sampling",
    "shutdown_deadline",
    "shutdown_prolonged",
    "time_left",
    "wall_clock",
    "within",
]

Outcome = Literal["met", "held", "impossible", "timed out"]

FIRST_SHOWN, LAST_SHOWN = 3, 5  # observations of a long timeline in a failure; the report has all of them
NOTED = 2000  # characters of each text that a timeline keeps: a product may answer something long each time


@dataclass(frozen=True)
class Budget:
    """A figure of the plan, in seconds, and the target's time scale (0.1: its clock runs ten times as fast).

    It has a name, or none where a sentence states the figure itself.
    """

    name: str
    plan_seconds: float
    scale: float

    @property
    def seconds(self) -> float:
        """The budget on this target's clock."""
        return self.plan_seconds * self.scale

    def __str__(self) -> str:
        return f"the {self.name} budget ({self.seconds:g} s)" if self.name else self.figure

    @property
    def figure(self) -> str:
        """The plan's figure, and beside it what it is on this target's clock: `60 s (here 6 s)`."""
        here = "" if self.scale == 1 else f" (here {self.seconds:g} s)"
        return f"{self.plan_seconds:g} s{here}"


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

    def lines(self) -> list[str]:
        """`+0.1 s Pending` for each observation; of what was seen before the wait began, the last."""
        before = [text for offset, text in self._entries if offset <= 0.0][-1:]
        return [
            *(f"+0.0 s {text}" for text in before),
            *(f"+{offset:.1f} s {text}" for offset, text in self._entries if offset > 0.0),
        ]

    def render(self) -> str:
        """The line of a failure: `+0.1 s Pending · +0.4 s pod created`, of a long one its begin and its end."""
        lines = self.lines()
        left_out = len(lines) - FIRST_SHOWN - LAST_SHOWN
        if left_out > 1:
            lines[FIRST_SHOWN : FIRST_SHOWN + left_out] = [f"({left_out} more)"]
        return " · ".join(lines)


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
        """The listeners are called at the wait's start and end."""
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


T = TypeVar("T")
R = TypeVar("R")

POLL_SECONDS = 0.1  # at most ten requests a second, for all sessions together


def poll(
    wait: Wait,
    ask: Callable[[], T],
    *,
    met: Callable[[T], bool],
    says: Callable[[T], str],
    likely: Callable[[T], str],
    impossible: Callable[[T], str | None] = lambda _: None,
    every: float = POLL_SECONDS,
) -> T:
    """Asks every `every` seconds until the answer is `met`, and returns that answer.

    `says` describes an answer for the timeline; `impossible` returns why the goal can no longer be met, or None;
    `likely` describes the probable cause of a failure. Raises Unmet; an error of `ask` passes through.
    """
    with wait.announced():
        while True:
            asked = wait.clock.now()
            answer = ask()
            wait.note(says(answer))
            if met(answer):
                wait.end("met")
                return answer
            _give_up(wait, impossible(answer), partial(likely, answer))
            wait.clock.wait(max(min(asked + every - wait.clock.now(), wait.remaining), 0.0))


def follow(
    wait: Wait,
    recording: Recording[T],
    *,
    goal: Callable[[Sequence[Stamped[T]]], R | None],
    says: Callable[[T], str | None],
    likely: Callable[[Sequence[Stamped[T]]], str],
    impossible: Callable[[Sequence[Stamped[T]]], str | None] = lambda _: None,
) -> R:
    """Waits on a recording until `goal` finds something in all that was received, and returns that.

    `says` describes one received thing for the timeline (None: not worth a note). Raises Unmet; an error of the source
    passes through.
    """
    seen = 0
    with wait.announced():
        while True:
            received = recording.beyond(seen, wait.remaining)
            for stamped in received[seen:]:
                text = says(stamped.item)
                if text is not None:
                    wait.note(text, stamped.at)
            seen = len(received)
            reached = goal(received)
            if reached is not None:
                wait.end("met")
                return reached
            _give_up(wait, impossible(received), partial(likely, received))


def keep(
    wait: Wait,
    ask: Callable[[], T],
    *,
    broken: Callable[[T], str | None],
    says: Callable[[T], str],
    likely: str,
    every: float = POLL_SECONDS,
) -> T:
    """Asks for the whole budget, and returns the last answer. Unmet as soon as `broken` says why one is not right."""
    with wait.announced():
        while True:
            asked = wait.clock.now()
            answer = ask()
            wait.note(says(answer))
            if (why := broken(answer)) is not None:
                wait.end("impossible")
                raise Unmet(
                    wait.subject,
                    expected=f"{wait.goal} for {wait.budget}",
                    actual=f"{why} (after {wait.elapsed:.1f} s)",
                    timeline=wait.timeline.render(),
                    likely=likely,
                )
            if wait.remaining <= 0:
                wait.end("held")
                return answer
            wait.clock.wait(max(min(asked + every - wait.clock.now(), wait.remaining), 0.0))


def elapse(wait: Wait) -> None:
    """Lets the whole budget pass, for what is recorded meanwhile."""
    with wait.announced():
        wait.clock.wait(wait.remaining)
        wait.end("held")


def _give_up(wait: Wait, impossible: str | None, likely: Callable[[], str]) -> None:
    """Raises Unmet when the goal is impossible or the budget used up; otherwise the wait continues."""
    if impossible is None and wait.remaining > 0:
        return
    wait.end("timed out" if impossible is None else "impossible")
    raise Unmet(
        wait.subject,
        expected=f"{wait.goal} within {wait.budget}",
        actual=_last_state(wait) if impossible is None else f"{impossible} (gave up after {wait.elapsed:.1f} s)",
        timeline=wait.timeline.render() or "nothing was seen",
        likely=likely(),
    )


def _last_state(wait: Wait) -> str:
    if not wait.timeline.entries:
        return f"nothing for {wait.elapsed:.1f} s"
    offset, text = wait.timeline.entries[-1]
    return f"{text} for {wait.elapsed - max(offset, 0.0):.1f} s"
