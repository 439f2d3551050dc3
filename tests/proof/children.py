"""The programs that the proof starts: each in a session of its own, and all of them ended when the proof is stopped.

A Ctrl-C at a terminal reaches the whole foreground process group. The children are outside it, so that only the proof
decides what ends: the runs of the suite do, the removal of a sandbox does not.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.support.project import PROJECT

END_SECONDS = 30.0


class ProofStoppedError(Exception):
    """The proof is being stopped: no further program starts, and those that ran were ended."""


@dataclass(frozen=True)
class Finished:
    """What a program printed, and its exit status."""

    status: int
    output: str
    errors: str


class Children:
    """The programs that run now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    @property
    def running(self) -> int:
        """How many programs run that `stop` would end."""
        with self._lock:
            return len(self._running)

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], seconds: float, *, always: bool = False
    ) -> Finished:
        """Run `command` to its end.

        `always`: also while the proof is being stopped, and then to its end. Raises ProofStoppedError, and
        TimeoutError after `seconds`; the program has ended then.
        """
        with self._lock:
            if self._stopped and not always:
                raise ProofStoppedError
            child = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            if not always:
                self._running.add(child)
        try:
            output, errors = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            _end(child)
            raise TimeoutError(f"{' '.join(command)} ran for more than {seconds:g} s") from error
        finally:
            with self._lock:
                self._running.discard(child)
        if self._stopped and not always:
            raise ProofStoppedError
        return Finished(child.returncode, output, errors)

    def stop(self) -> None:
        """End what runs, and let nothing else start."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for child in running:
            _signal(child, signal.SIGTERM)


def _end(child: subprocess.Popen[str]) -> None:
    """SIGTERM, and SIGKILL for what does not heed it."""
    _signal(child, signal.SIGTERM)
    try:
        child.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.communicate()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    """The whole session of the child: pytest's children do not get the signal otherwise."""
    if child.poll() is None:
        os.killpg(child.pid, number)


CHILDREN = Children()
