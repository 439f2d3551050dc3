"""Ctrl-C, SIGTERM and a closed terminal interrupt a run: nothing is left running, and no verdict gets better.

The first signal interrupts the running step; hooks and cleanups still run to their end, since they revert what was done
to the cluster. A second signal interrupts those as well, except SIGHUP: when a terminal is closed, the kernel and the
shell send it one after the other.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal interrupted the run; behave treats it as it treats Ctrl-C."""


class SignalHandler:
    """Turns signals into an interrupted run. `on_signal` is called once, with "interrupted by SIGTERM" or the like."""

    def __init__(self, on_signal: Callable[[str], None]) -> None:
        self._on_signal = on_signal
        self._may_break = True
        self._asked = False

    def allow(self) -> None:
        """From here on a signal interrupts what runs."""
        self._may_break = True

    def forbid(self) -> None:
        """From here on, a first signal interrupts nothing."""
        self._may_break = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals within this block."""
        earlier = {number: signal.signal(number, self._handle) for number in HANDLED if not _is_to_survive(number)}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        phrase = f"interrupted by {signal.Signals(number).name}"
        again, self._asked = self._asked, True
        if again and number == signal.SIGHUP:
            return
        if not again:
            self._on_signal(phrase)
        if self._may_break or again:
            raise Interrupted(phrase)


def _is_to_survive(number: signal.Signals) -> bool:
    """Whether the run was started by nohup, or as a job that outlives its terminal."""
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
