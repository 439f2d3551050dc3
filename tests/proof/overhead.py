"""What the suite itself adds to a run: `python -m tests.proof.overhead FILE [behave's arguments]`.

A thread looks fifty times a second at what the main thread is in. It waits (for the product, for a program, for the
time to pass), it is in Playwright (which speaks to the browser), or it is at the suite's own work: judging, redacting,
reading pictures, writing, loading its modules. FILE says so once a second, as JSON: in `wall` the seconds that went by
meanwhile, in `processor` those that the main thread was on a processor. On a machine with other work the latter are the
measure: the former hold the time in which it would have worked and something else did.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

EVERY = 0.02
_WAITS = frozenset({
    ("threading.py", "wait"), ("threading.py", "_wait_for_tstate_lock"), ("threading.py", "acquire"),
    ("selectors.py", "select"), ("subprocess.py", "_try_wait"), ("subprocess.py", "_execute_child"),
    ("subprocess.py", "_communicate"), ("socket.py", "readinto"), ("socket.py", "create_connection"),
    ("ssl.py", "read"), ("ssl.py", "recv"), ("ssl.py", "do_handshake"), ("queue.py", "get"),
    ("waiting.py", "_pause"), ("sync.py", "get_next_frame"), ("messages.py", "get_next_frame"), ("rfb.py", "read"),
})  # fmt: skip
"""Where Python code calls what blocks: file and function."""
WAITING, BROWSER = "waiting", "browser"


class Sampler(threading.Thread):
    """Counts what the thread `watched` is in."""

    def __init__(self, watched: int, file: Path) -> None:
        super().__init__(name="sampler", daemon=True)
        self._watched = watched
        self._file = file
        self._clocks: dict[str, int] = {"wall": time.CLOCK_MONOTONIC, "processor": time.pthread_getcpuclockid(watched)}
        self._seconds = {name: defaultdict[str, float](float) for name in self._clocks}

    def run(self) -> None:
        """Looks, and writes down what it saw once a second: a run may end at any moment."""
        before, written = self._now(), time.monotonic()
        while True:
            time.sleep(EVERY)
            doing, now = kind(sys._current_frames().get(self._watched)), self._now()
            for name, seconds in now.items():
                self._seconds[name][doing] += seconds - before[name]
            before = now
            if time.monotonic() - written >= 1:
                written = time.monotonic()
                self._write()

    def _now(self) -> dict[str, float]:
        return {name: time.clock_gettime(clock) for name, clock in self._clocks.items()}

    def _write(self) -> None:
        draft = self._file.with_suffix(".tmp")
        draft.write_text(json.dumps(self._seconds, indent=1))
        draft.replace(self._file)


def of_its_own(spent: dict[str, dict[str, float]]) -> dict[str, float]:
    """The seconds on a processor that went into the suite's own work, by module, the most first, out of FILE."""
    found = [(what, seconds) for what, seconds in spent["processor"].items() if what not in (WAITING, BROWSER)]
    return dict(sorted(found, key=lambda one: -one[1]))


def kind(frame: FrameType | None) -> str:
    """What a thread is in: waiting, the browser, or the module whose work it does."""
    if frame is None or _place(frame) in _WAITS:
        return WAITING
    own = None
    while frame is not None:
        path = frame.f_code.co_filename
        if "/playwright/" in path:
            return BROWSER
        if own is None and "/streamspace_acceptance/" in path:
            own = path.rpartition("/streamspace_acceptance/")[2]
        frame = frame.f_back
    return own or "behave and loading"


def _place(frame: FrameType) -> tuple[str, str]:
    return Path(frame.f_code.co_filename).name, frame.f_code.co_name


if __name__ == "__main__":
    Sampler(threading.get_ident(), Path(sys.argv[1])).start()
    from behave.__main__ import main  # loading it is a part of what is measured

    sys.exit(main(sys.argv[2:]))
