"""The end of the process of a run or a command: with the status of its verdict, whatever still goes on in a thread.

A call that missed its deadline goes on in a daemon thread. Before Python 3.14, a thread that wakes up while the
interpreter shuts down can abort the process, and the status is SIGABRT's. So the process ends before that.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from streamspace_acceptance.runner.signals import HANDLED


class Ended(SystemExit):
    """A run or a command is over, with its status.

    A caller that catches this goes on, as with every SystemExit. When nobody does, the interpreter reads `code` to end
    the process: after every `finally`, and from outside of all Python frames. That shows whose process it is, however
    the run was started, and `exit_with` ends it. Any other interpreter ends it in its own way.
    """

    @property
    def code(self) -> int:  # type: ignore[override]  # a plain attribute of SystemExit
        """The exit status; does not return when the interpreter asks in order to end."""
        (status,) = self.args
        if sys._getframe().f_back is None:
            exit_with(status)
        return int(status)


def exit_with(status: int) -> NoReturn:
    """Ends the process: waits for its non-daemon threads, runs the atexit functions, flushes the standard streams.

    Signals are ignored from then on. Daemon threads end with the process.
    """
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    for number in HANDLED:
        signal.signal(number, signal.SIG_IGN)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(status)
