"""How the process of a run ends: with the status of the worst verdict, whatever has been left behind in it.

A call that was given up at its deadline goes on in a thread of its own. If its answer comes while the interpreter is
being taken down, the thread can abort the whole process, and the status would be that of SIGABRT.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from streamspace_acceptance.runner.signals import HANDLED


def depart(status: int) -> None:
    """Ends the process with `status` if it is behave's own and something in it has been left behind; else returns.

    To be called when all is on disk: what is registered for the end of the process is run, and what was printed is
    flushed. A signal changes nothing any more. A process that merely uses behave goes on.
    """
    if not _is_behaves_own():
        return
    for number in HANDLED:
        signal.signal(number, signal.SIG_IGN)
    if not _left_behind():
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or nobody reads it any more
            stream.flush()
    os._exit(status)


def _is_behaves_own() -> bool:
    """Whether the process is `behave` or `python -m behave`."""
    program = Path(sys.argv[0])
    return "behave" in (program.stem, program.parent.name if program.stem == "__main__" else "")


def _left_behind() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.daemon and each is not threading.current_thread()]
