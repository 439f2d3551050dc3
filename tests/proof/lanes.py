"""Running cases side by side: on two processors two that are busy, and a third that mostly waits.

More at once would be quicker, and make a healthy product late now and then. Quiet cases come first, one by one, beside
the waiting lane alone.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

from tests.proof.case import Case, Lane, Load, Outcome, Result
from tests.proof.children import CHILDREN, Children, ProofStoppedError

Report = Callable[[Result], None]


class Lanes:
    """The lanes of one proof. `report` hears of each result, one at a time."""

    def __init__(
        self, cases: Iterable[Case], folder: Path, report: Report, *, busy: int = 2, children: Children = CHILDREN
    ) -> None:
        self._folder = folder
        self._report = report
        self._busy = busy
        self._children = children
        self._lock = threading.Lock()
        ordered = sorted(cases, key=lambda case: (-case.seconds, case.id))
        self._left = {load: [case for case in ordered if case.load is load] for load in Load}

    def run(self) -> None:
        """Returns when all have been run. Raises what went wrong in a lane itself, and KeyboardInterrupt."""
        begun, quiet_ended = threading.Event(), threading.Event()
        with ThreadPoolExecutor(self._busy + 2, "lane") as pool:
            lanes: list[Future[None]] = []
            try:
                # No lane works before all are known: an interrupt within `submit` would lose sight of its thread.
                lanes.append(pool.submit(self._work, [Load.WAITING], begun))
                quiet = pool.submit(self._work, [Load.QUIET], begun)
                lanes.append(quiet)
                lanes += [pool.submit(self._work, [Load.BUSY, Load.WAITING], quiet_ended) for _ in range(self._busy)]
                begun.set()
                wait([quiet])
                quiet_ended.set()
                wait(lanes)
            except BaseException:
                self._children.stop()
                self._stop()
                begun.set()
                quiet_ended.set()
                wait(lanes)  # for the removal of their sandboxes; Thread.join does not survive an interrupt
                raise
        for lane in lanes:
            lane.result()

    def _stop(self) -> None:
        with self._lock:
            for cases in self._left.values():
                cases.clear()

    def _next(self, loads: list[Load]) -> Case | None:
        with self._lock:
            return next((self._left[load].pop(0) for load in loads if self._left[load]), None)

    def _work(self, loads: list[Load], may_begin: threading.Event) -> None:
        may_begin.wait()
        try:
            with ExitStack() as stack:
                lane = Lane(self._folder, stack)
                while (case := self._next(loads)) is not None:
                    self._run(case, lane)
        except ProofStoppedError:
            return
        except BaseException:
            self._stop()
            raise

    def _run(self, case: Case, lane: Lane) -> None:
        began = time.monotonic()
        try:
            outcome = case.check(lane)
        except ProofStoppedError:
            raise
        except Exception as error:  # noqa: BLE001 - a case that breaks is a red one, and the others go on
            outcome = Outcome(problems=(f"{type(error).__name__}: {error}",))
        with self._lock:
            self._report(Result(case.id, time.monotonic() - began, outcome))
        if outcome.problems:
            lane.renew()
