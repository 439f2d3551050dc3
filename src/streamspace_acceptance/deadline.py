"""Total deadlines: of one call, however slowly its answer arrives, and of the whole run once it has to end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from streamspace_acceptance.clock import now
from streamspace_acceptance.recording import Recording

T = TypeVar("T")

LOOK_UP_SECONDS = 1.0
"""How often a wait in a thread checks whether the run has to end."""

_deadline: list[float] = []
_prolonged: list[float] = []


@contextmanager
def shutdown_deadline() -> Iterator[Callable[[float], None]]:
    """Yields a function that makes everything in this block end within so many seconds, whatever its budget."""
    try:
        yield lambda seconds: _deadline.append(now() + seconds)
    finally:
        _deadline.clear()


@contextmanager
def shutdown_prolonged(seconds: float) -> Iterator[None]:
    """In this block a shutdown deadline, set before or within, is so many seconds later: there is much to clean up."""
    _prolonged.append(seconds)
    try:
        yield
    finally:
        _prolonged.remove(seconds)


def time_left() -> float:
    """Seconds until everything must have ended; infinite without a shutdown deadline."""
    return min(_deadline) + max(_prolonged, default=0.0) - now() if _deadline else float("inf")


class DeadlineExceeded(Exception):
    """No answer within a total deadline, however slowly the answer drips: the call was abandoned."""


def within(
    seconds: float, call: Callable[[], T], *, what: str, meanwhile: Callable[[float], None] = lambda _: None
) -> T:
    """The result of `call` within `seconds` in all; DeadlineExceeded otherwise.

    `meanwhile` is called each second with the seconds so far, while there is no result.

    The timeouts of network libraries start again with each piece of an answer, so a dripping answer never ends. The
    call runs in a thread of its own, which is abandoned when the deadline passes.
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
        # A shutdown deadline may come meanwhile. Each call then has one last second, so that most cleanups succeed.
        seconds = min(seconds, max(time_left() + now() - began, 1.0))
        done = results.beyond(0, min(began + seconds - now(), LOOK_UP_SECONDS))
        if done:
            return done[0].item
        meanwhile(now() - began)
        if now() >= began + seconds:
            raise DeadlineExceeded(f"{what}: no complete answer within {seconds:g} s")
