"""Processes identified by id and start time, since the system reuses ids."""

import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process: its id, and its start time in clock ticks since boot."""

    pid: int
    started: int

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return find(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        handle = self._open()
        if handle is None:
            return
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return
        finally:
            os.close(handle)

    def wait(self, seconds: float) -> bool:
        """Whether the process has ended by itself within `seconds`."""
        handle = self._open()
        if handle is None:
            return True
        try:
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            return bool(ended.poll(seconds * 1000))
        finally:
            os.close(handle)

    def _open(self) -> int | None:
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        # Checked after the descriptor was opened: from here on the id cannot be reused.
        if self.is_alive:
            return handle
        os.close(handle)
        return None


def find(pid: int) -> Process | None:
    """The process with this id, unless it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold spaces; field 3 (state) follows its last parenthesis, field 22 is the start.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else Process(pid, int(fields[19]))


def current() -> Process:
    """This process."""
    process = find(os.getpid())
    assert process is not None, "a running process is in /proc"  # noqa: S101
    return process
