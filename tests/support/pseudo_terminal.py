"""A shell in a pseudo-terminal, whose other end is the test's."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 10.0


class PseudoTerminal:
    """The test's end: what programs write, and what they read as typed."""

    def __init__(self, end: int) -> None:
        self._end = end
        self.shown = b""

    def type(self, data: bytes) -> None:
        """Types those bytes."""
        os.write(self._end, data)

    def shows(self, text: bytes, times: int = 1) -> bool:
        """Whether a text is shown so often in the end; it is waited for."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.shown.count(text) < times and time.monotonic() < until:
            self.look()
        return self.shown.count(text) >= times

    def look(self, seconds: float = LOOK_SECONDS) -> None:
        """Reads what is shown by now."""
        until = time.monotonic() + seconds
        while select.select([self._end], [], [], max(until - time.monotonic(), 0.0))[0]:
            self.shown += os.read(self._end, 65536)


@contextmanager
def terminal_of(command: Sequence[str]) -> Iterator[PseudoTerminal]:
    """The terminal of a program, 24 rows of 80 columns, whose language is of UTF-8; it ends with the context."""
    child, end = pty.fork()
    if child == 0:
        os.environ.update(LANG="C.UTF-8", TERM="xterm", PS1="$ ")
        os.environ.pop("LC_ALL", None)
        os.execvp(command[0], list(command))  # noqa: S606 - a shell in a terminal of its own
    try:
        yield PseudoTerminal(end)
    finally:
        os.close(end)
        os.waitpid(child, 0)
