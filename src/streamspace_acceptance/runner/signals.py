"""Ctrl-C, SIGTERM and a closed terminal stop a run so that nothing is left running, and nothing looks better than it
is.

The first signal breaks off the running step; hooks and cleanups still run to their end, since they are what
leaves the cluster as it was. A second signal breaks off those as well, but for SIGHUP: of a terminal that is closed,
the kernel and the shell tell one after the other.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """The run was stopped from outside; behave treats it as it treats Ctrl-C."""


class SignalHandler:
    """Turns signals into a stopped run. `on_signal` is told once, with a phrase such as "stopped by SIGTERM"."""

    def __init__(self, on_signal: Callable[[str], None]) -> None:
        self._on_signal = on_signal
        self._may_break = True
        self._asked = False

    def allow(self) -> None:
        """From here on a signal breaks off what runs."""
        self._may_break = True

    def forbid(self) -> None:
        """From here on a first signal lets what runs come to its end."""
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
        phrase = f"stopped by {signal.Signals(number).name}"
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
