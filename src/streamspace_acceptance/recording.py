"""Items that arrive while a test runs, each stamped on receipt: from a watch, or from polling."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from streamspace_acceptance.clock import now, pause

T = TypeVar("T")


@dataclass(frozen=True)
class Stamped(Generic[T]):
    """A thing and the moment of the monotonic clock at which it was received."""

    at: float
    item: T


class Recording(Generic[T]):
    """The items of a source so far: a thread fills it, the test reads it and waits on it."""

    def __init__(self) -> None:
        self._items: list[Stamped[T]] = []
        self._error: BaseException | None = None
        self._changed = threading.Condition()
        self._waits = 0

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for more just now."""
        return self._waits > 0

    def append(self, item: T, at: float | None = None) -> None:
        """Stamp and keep what was just received, or was received `at` a moment and has been read since."""
        stamped = Stamped(now() if at is None else at, item)
        with self._changed:
            self._items.append(stamped)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """The source broke: every reader gets `error`."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def items(self) -> tuple[Stamped[T], ...]:
        """Everything received so far; raises the source's error when it broke."""
        return self.beyond(-1, 0.0)

    def beyond(self, count: int, timeout: float) -> tuple[Stamped[T], ...]:
        """Everything received, as soon as it is more than `count` things or after `timeout` seconds."""
        with self._changed:
            self._waits += 1
            try:
                self._changed.wait_for(lambda: len(self._items) > count or self._error is not None, timeout)
            finally:
                self._waits -= 1
            if self._error is not None:
                raise self._error
            return tuple(self._items)


@contextmanager
def sampling(ask: Callable[[], T], *, every: float, what: str) -> Iterator[Recording[T]]:
    """A recording of what `ask` answers every `every` seconds until the context ends, the first answer at once.

    An error of `ask` ends the recording and reaches its readers; that of the first call is raised here.
    """
    recording: Recording[T] = Recording()
    recording.append(ask())
    ended = threading.Event()

    def run() -> None:
        try:
            due = now() + every
            while not pause(due - now(), ended):
                due = now() + every
                recording.append(ask())
        except Exception as error:  # noqa: BLE001 - the recording raises it in its readers
            recording.fail(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    try:
        yield recording
    finally:
        ended.set()
        thread.join()
