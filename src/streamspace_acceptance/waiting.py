"""Waiting that can be watched: every wait has a subject, a goal, a named budget and a timeline.

This is the only place in which the suite lets time pass. A wait ends as soon as its goal is met, as soon as the goal
has become impossible, or when its budget is used up; the last two raise `Unmet` with everything that was seen.
One monotonic clock is used throughout, stamped when a thing is received.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Literal, Protocol, TypeVar

from streamspace_acceptance.outcomes import Unmet

T = TypeVar("T")
R = TypeVar("R")

Outcome = Literal["met", "impossible", "timed out"]

LOOK_UP_SECONDS = 1.0  # whoever waits in a thread looks up that often, whether the run is to end
NOTED = 2000  # characters of what was seen that a timeline keeps
POLL_SECONDS = 0.1  # at most ten requests a second, for all sessions together

now = time.monotonic
wall_clock = time.time


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
    """What was seen while waiting: texts with offsets in seconds, a text that repeats noted once."""

    def __init__(self, started: float | None = None) -> None:
        self.started = now() if started is None else started
        self._entries: list[tuple[float, str]] = []

    @property
    def entries(self) -> tuple[tuple[float, str], ...]:
        """(offset in seconds, text), oldest first."""
        return tuple(self._entries)

    def note(self, text: str, at: float | None = None) -> bool:
        """Adds `text`, seen `at` a moment of the monotonic clock; False when it only repeats the last one.

        The beginning of a long one: a product may say something long at each look.
        """
        text = text[:NOTED]
        if self._entries and self._entries[-1][1] == text:
            return False
        self._entries.append(((now() if at is None else at) - self.started, text))
        return True

    def render(self) -> str:
        """The line of a failure: `+0.1 s Pending · +0.4 s pod created`."""
        return " · ".join(f"+{max(offset, 0.0):.1f} s {text}" for offset, text in self._entries)


@dataclass
class Wait:
    """One wait: `subject` (a session) is to reach `goal` (Running) within `budget`."""

    subject: str
    goal: str
    budget: Budget
    started: float = field(default_factory=now)
    outcome: Outcome | None = None
    timeline: Timeline = field(init=False)
    _ended: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.started)

    @property
    def elapsed(self) -> float:
        """Seconds since the wait began, or that it took."""
        return (now() if self._ended is None else self._ended) - self.started

    @property
    def remaining(self) -> float:
        """Seconds left of the budget, never below zero."""
        return max(min(self.budget.seconds - self.elapsed, time_left()), 0.0)

    def note(self, text: str, at: float | None = None) -> None:
        """Adds to the timeline and tells whoever watches."""
        if self.timeline.note(text, at):
            _notify("wait_noted", self)

    def end(self, outcome: Outcome | None) -> None:
        """Stops the clock; None for a wait that an error broke off."""
        self._ended = now()
        self.outcome = outcome


_deadline: list[float] = []


@contextmanager
def shutdown_deadline() -> Iterator[Callable[[float], None]]:
    """Gives a call that lets everything in this block end within so many seconds from then on, whatever its budget."""
    try:
        yield lambda seconds: _deadline.append(now() + seconds)
    finally:
        _deadline.clear()


def time_left() -> float:
    """Seconds until everything must have ended, infinite while nothing says so."""
    return min(_deadline) - now() if _deadline else float("inf")


class Listener(Protocol):
    """Whoever wants to see the waits of this run: the console, the evidence."""

    def wait_started(self, wait: Wait) -> None: ...

    def wait_noted(self, wait: Wait) -> None: ...

    def wait_ended(self, wait: Wait) -> None: ...


_listeners: list[Listener] = []


def observe(listener: Listener) -> Callable[[], None]:
    """Tells `listener` of every wait from now on; the answer ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def _notify(event: Literal["wait_started", "wait_noted", "wait_ended"], wait: Wait) -> None:
    for listener in tuple(_listeners):
        getattr(listener, event)(wait)


@dataclass(frozen=True)
class Stamped(Generic[T]):
    """A thing and the moment of the monotonic clock at which it was received."""

    at: float
    item: T


class Recording(Generic[T]):
    """What a watch has brought so far: filled by its thread, read and waited on by the test."""

    def __init__(self) -> None:
        self._items: list[Stamped[T]] = []
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def append(self, item: T) -> None:
        """Stamps and keeps what was just received."""
        stamped = Stamped(now(), item)
        with self._changed:
            self._items.append(stamped)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The source broke: whoever waits gets `error`."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def items(self) -> tuple[Stamped[T], ...]:
        """Everything received so far; raises the source's error when it broke."""
        with self._changed:
            return self._read()

    def beyond(self, count: int, timeout: float) -> tuple[Stamped[T], ...]:
        """Everything received, as soon as it is more than `count` things or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) > count or self._error is not None, timeout)
            return self._read()

    def _read(self) -> tuple[Stamped[T], ...]:
        if self._error is not None:
            raise self._error
        return tuple(self._items)


@contextmanager
def _announced(wait: Wait) -> Iterator[None]:
    _notify("wait_started", wait)
    try:
        yield
    finally:
        if wait.outcome is None:
            wait.end(None)
        _notify("wait_ended", wait)


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
    """Asks every `every` seconds until the answer is `met`, and gives that answer.

    `says` words an answer for the timeline; `impossible` gives the reason why the goal can no longer be met, or None;
    `likely` words the probable cause for the failure. Raises Unmet; what `ask` raises goes through.
    """
    with _announced(wait):
        while True:
            asked = now()
            answer = ask()
            wait.note(says(answer))
            if met(answer):
                wait.end("met")
                return answer
            _give_up(wait, impossible(answer), partial(likely, answer))
            _pause(min(asked + every - now(), wait.remaining))


def follow(
    wait: Wait,
    recording: Recording[T],
    *,
    goal: Callable[[Sequence[Stamped[T]]], R | None],
    says: Callable[[T], str | None],
    likely: Callable[[Sequence[Stamped[T]]], str],
    impossible: Callable[[Sequence[Stamped[T]]], str | None] = lambda _: None,
) -> R:
    """Waits on a watch until `goal` finds what it looks for in all that was received, and gives that.

    `says` words one received thing for the timeline (None: not worth a note). Raises Unmet; an error of the watch
    goes through.
    """
    seen = 0
    with _announced(wait):
        while True:
            received = recording.beyond(seen, wait.remaining)
            for stamped in received[seen:]:
                text = says(stamped.item)
                if text is not None:
                    wait.note(text, stamped.at)
            seen = len(received)
            found = goal(received)
            if found is not None:
                wait.end("met")
                return found
            _give_up(wait, impossible(received), partial(likely, received))


def elapse(wait: Wait) -> None:
    """Lets the whole budget go by, for what is recorded meanwhile."""
    with _announced(wait):
        _pause(wait.remaining)
        wait.end("timed out")


def _give_up(wait: Wait, impossible: str | None, likely: Callable[[], str]) -> None:
    """Raises Unmet when the goal is impossible or the budget used up; otherwise the wait goes on."""
    if impossible is None and wait.remaining > 0:
        return
    wait.end("timed out" if impossible is None else "impossible")
    raise Unmet(
        wait.subject,
        expected=f"{wait.goal} within {wait.budget}",
        actual=_standstill(wait) if impossible is None else f"{impossible} (gave up after {wait.elapsed:.1f} s)",
        timeline=wait.timeline.render() or "nothing was seen",
        likely=likely(),
    )


def _standstill(wait: Wait) -> str:
    if not wait.timeline.entries:
        return f"nothing for {wait.elapsed:.1f} s"
    offset, text = wait.timeline.entries[-1]
    return f"{text} for {wait.elapsed - max(offset, 0.0):.1f} s"


@contextmanager
def sampling(ask: Callable[[], T], *, every: float, what: str) -> Iterator[Recording[T]]:
    """What `ask` answers, every `every` seconds from now on until the context ends; the first answer is there at once.

    An error of `ask` ends the recording and reaches whoever reads it; that of the first call is raised here.
    """
    recording: Recording[T] = Recording()
    recording.append(ask())
    ended = threading.Event()

    def run() -> None:
        try:
            due = now() + every
            while not ended.wait(max(due - now(), 0.0)):
                due = now() + every
                recording.append(ask())
        except Exception as error:  # noqa: BLE001 - the recording raises it where somebody reads
            recording.fail(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    try:
        yield recording
    finally:
        ended.set()
        thread.join()


def _pause(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


def pause(seconds: float, ended: threading.Event) -> None:
    """Before a source that brought nothing is asked again: lets `seconds` go by, or less once `ended`."""
    ended.wait(seconds)


class DeadlineExceeded(Exception):
    """No answer within a total deadline, however slowly the answer drips: the call was abandoned."""


def within(seconds: float, call: Callable[[], T], *, what: str) -> T:
    """What `call` gives, provided that it is done within `seconds` in all; raises Silence otherwise.

    The timeouts of network libraries count from one piece of an answer to the next, so an answer that drips keeps
    them waiting for ever. The call runs in a thread of its own, which is left behind when the deadline passes.
    """
    results: Recording[T] = Recording()

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - handed on to the caller, whatever it is
            results.fail(error)

    threading.Thread(target=run, name=what, daemon=True).start()
    began = now()
    while True:
        # Hastened: a last try of a second each, so that as much as may be is undone. That may come while this waits.
        seconds = min(seconds, max(time_left() + now() - began, 1.0))
        done = results.beyond(0, min(began + seconds - now(), LOOK_UP_SECONDS))
        if done:
            return done[0].item
        if now() >= began + seconds:
            raise DeadlineExceeded(f"{what}: no complete answer within {seconds:g} s")
