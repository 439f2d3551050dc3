"""Calls that begin at moments fixed beforehand: no answer delays the next call (open loop).

A load whose calls wait for earlier answers asks less of a slow product than of a quick one, and so flatters it. The
load therefore also measures itself: a generator that fell behind has not asked what it was to ask.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from streamspace_acceptance.clock import now, pause
from streamspace_acceptance.measuring.distribution import percentile
from streamspace_acceptance.recording import Recording

T = TypeVar("T")

MOST_LAG_SECONDS = 0.010
"""A generator whose 99th percentile of lateness is greater has fallen behind."""
READY_SECONDS = 0.05
"""From the moment when all threads wait to the first call that is due."""
GATHER_SECONDS = 60.0
SWITCH_SECONDS = 0.0005
"""How soon a computing thread makes way for one whose call is due; Python's own 5 ms are half of what is allowed."""
GAP_SECONDS = 0.05
"""Between two creations: the plan sends them all at once, and a single process needs a moment for each."""
LAST_ANSWER_SECONDS = 1.0
"""The longest time between two looks at whether all calls have ended."""


@dataclass
class ScheduledCall(Generic[T]):
    """One call: when it was due, sent and answered, on the monotonic clock; None for what has not happened."""

    number: int
    due: float
    sent: float | None = None
    answered: float | None = None
    outcome: T | None = None
    error: Exception | None = None

    @property
    def lag(self) -> float:
        """Seconds from the moment when it was due until it was sent; infinite for one that was not sent."""
        return float("inf") if self.sent is None else self.sent - self.due


@dataclass(frozen=True)
class Load(Generic[T]):
    """All calls of a load, in the order in which they were due, and what the generator itself took.

    `began` is the moment when the first call was due; `cpu` is the share of one processor that this process used.
    """

    calls: Sequence[ScheduledCall[T]]
    began: float
    cpu: float

    @property
    def dropped(self) -> int:
        """The calls that were never sent."""
        return sum(scheduled.sent is None for scheduled in self.calls)

    @property
    def lag(self) -> float:
        """The lateness of the calls that were sent, in seconds (99th percentile)."""
        lags = [scheduled.lag for scheduled in self.calls if scheduled.sent is not None]
        return percentile(lags, 0.99) if lags else 0.0

    @property
    def distrust(self) -> str:
        """Why figures of this load prove nothing; empty when they can be trusted."""
        if self.dropped:
            return f"the load generator dropped {self.dropped} of {len(self.calls)} calls"
        if self.lag > MOST_LAG_SECONDS:
            return (
                f"the load generator fell behind: its calls began up to {1000 * self.lag:.0f} ms late (p99), "
                f"and {1000 * MOST_LAG_SECONDS:g} ms is allowed"
            )
        return ""

    def describe(self) -> str:
        """The generator's own figures, for the report."""
        return (
            f"load generator: {len(self.calls)} calls, start lag p99 {1000 * self.lag:.1f} ms (at most"
            f" {1000 * MOST_LAG_SECONDS:g} ms), {self.dropped} dropped, {self.cpu:.0%} of one processor"
        )


def evenly(count: int, gap: float = GAP_SECONDS) -> list[float]:
    """Offsets of `count` calls that are `gap` seconds apart, the first at 0."""
    return [number * gap for number in range(count)]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No collection of garbage, which takes tens of milliseconds after a long run; short turns of the threads; and,
    where the system permits it, turns before all others on this machine: a target beside the generator starts desktops.
    """
    interval, collected = sys.getswitchinterval(), gc.isenabled()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    with _in_real_time():
        try:
            yield
        finally:
            sys.setswitchinterval(interval)
            if collected:
                gc.enable()


@contextmanager
def _in_real_time() -> Iterator[None]:
    """All threads of this process come first; what they start does not. Only Linux has this, and only root may ask."""
    usual: dict[int, tuple[int, os.sched_param]] = {}
    try:
        for thread in map(int, os.listdir("/proc/self/task") if hasattr(os, "SCHED_RR") else ()):  # noqa: PTH208
            with suppress(PermissionError, ProcessLookupError):
                before = os.sched_getscheduler(thread), os.sched_getparam(thread)
                os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
                usual[thread] = before
        yield
    finally:
        for thread, (policy, parameter) in usual.items():
            with suppress(ProcessLookupError):
                os.sched_setscheduler(thread, policy, parameter)


@dataclass
class _Generator(Generic[T]):
    calls: Sequence[Callable[[], T]]
    offsets: Sequence[float]
    ended: threading.Event = field(default_factory=threading.Event)
    scheduled: list[ScheduledCall[T]] = field(default_factory=list)

    def run(self) -> Load[T]:
        gathered, begin = Recording[int](), Recording[float]()
        self.scheduled = [ScheduledCall(number, 0.0) for number in range(1, len(self.calls) + 1)]

        def wait_and_call(number: int) -> None:
            scheduled = self.scheduled[number]
            gathered.append(number)
            scheduled.due = begin.beyond(0, GATHER_SECONDS)[0].item + self.offsets[number]
            if not pause(scheduled.due - now(), self.ended):
                self._call(scheduled, self.calls[number])

        threads = [
            threading.Thread(target=wait_and_call, args=(number,), name=f"load {number + 1}", daemon=True)
            for number in range(len(self.calls))
        ]
        for thread in threads:
            thread.start()
        gathered.beyond(len(threads) - 1, GATHER_SECONDS)
        began, spent = now() + READY_SECONDS, time.process_time()
        begin.append(began)
        try:
            with _undisturbed():
                self._join(threads)
        finally:
            self.ended.set()  # after an interruption no further call begins
        return Load(self.scheduled, began, (time.process_time() - spent) / max(now() - began, 0.001))

    @staticmethod
    def _call(scheduled: ScheduledCall[T], call: Callable[[], T]) -> None:
        scheduled.sent = now()
        try:
            scheduled.outcome = call()
        except Exception as error:  # noqa: BLE001 - the expectation judges it
            scheduled.error = error
        scheduled.answered = now()

    @staticmethod
    def _join(threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            while thread.is_alive():
                thread.join(LAST_ANSWER_SECONDS)


def call_on_schedule(calls: Sequence[Callable[[], T]], offsets: Sequence[float]) -> Load[T]:
    """Begins each call at its offset, in seconds after the load's begin, in a thread of its own; waits for all of them.

    Its ScheduledCall holds the error of a call. An interruption ends the load: calls that are due later are not sent.
    """
    if len(calls) != len(offsets) or not calls:
        raise ValueError(f"{len(calls)} calls with {len(offsets)} offsets")
    return _Generator(calls, offsets).run()
