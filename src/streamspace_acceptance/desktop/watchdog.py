"""The deadline of every call to the browser, and what it means when there is no answer.

Playwright gives most of its calls none: a page that spins would keep them, and the run, for ever. One thread keeps the
time. When a call overruns, it ends the browser's process, and half a second later the process that drives the browser:
then Playwright gives up, whatever it waits for. No call to Playwright stands outside a `within`
(`tests/acceptance/desktop/test_browser_calls.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as Late

from streamspace_acceptance import waiting
from streamspace_acceptance.desktop import processes
from streamspace_acceptance.outcomes import Unmet, Unproven

ANSWER_SECONDS = 15.0
"""A call takes some milliseconds; on a machine with ten times the work that it can do, tenths of a second."""
CONTROL_SECONDS = ANSWER_SECONDS
"""So long a fresh browser may take to start and to show a page: as long as the one that did not answer. It takes 0.7 s
on an idle machine, 3 s on a busy one; more than 8 s were seen with ten times the work that there are processors for."""
GRACE_SECONDS = 0.5
CRASHED = "Target crashed"
# What a browser says that does not start -> what to do about it. Its socket lies below TMPDIR, and its whole path must
# fit into about a hundred characters.
ADVICE = {"Socket path too long": "TMPDIR is too long a path for this browser: let it name a short one, such as /tmp"}


class BrowserError(Exception):
    """The browser does not do what it was asked for; nothing is known about the product. The sentence says what."""


class BrowserEndedError(Unproven):
    """The browser was ended because of a page that an earlier error reported."""


class PageHangsError(Unmet):
    """A page answers nothing, while a fresh browser does: the product has FAILED."""

    def __init__(self, what: str, seconds: float, control: float) -> None:
        super().__init__(
            "the page in the browser",
            expected=f"{what} within {seconds:g} s",
            actual="the page answers nothing, and its browser had to be killed",
            likely=f"a script of the page never comes to an end; a fresh browser answers within {control:.1f} s",
        )


@dataclass
class _Call:
    began: float
    due: float


class BrowserWatchdog:
    """The calls to one browser process. `processes` are ended in their order when one of the calls overruns.

    `alive` tells whether the browser is there; `control` after how many seconds a fresh one has answered, or why it has
    not.
    """

    def __init__(
        self,
        ends: Callable[[], list[int]] = list,
        alive: Callable[[], bool] = lambda: True,
        control: Callable[[], float | str] = lambda: 0.0,
    ) -> None:
        self._ends = ends
        self._is_alive = alive
        self._control = control
        self._running: list[_Call] = []
        self._changed = threading.Condition()
        self._overran = False
        self._stuck = False
        self._keeper: threading.Thread | None = None
        self._over: str | None = None

    @property
    def alive(self) -> bool:
        """Whether the browser can be asked anything."""
        return self._over is None and not self._overran and self._is_alive()

    @contextmanager
    def within(
        self, what: str, seconds: float | None = None, *, of_page: bool = True, though_over: bool = False
    ) -> Iterator[None]:
        """All calls to the browser in this block are answered within `seconds` in all, ANSWER_SECONDS by default.

        PageHangsError when they are not; BrowserError when no page is involved (`of_page`) or the machine is to blame,
        and for every other error of Playwright. BrowserEndedError when the browser was ended before, unless
        `though_over`.
        """
        if self._over is not None and not though_over:
            raise BrowserEndedError(self._over)
        seconds = ANSWER_SECONDS if seconds is None else seconds
        call = self._begin(seconds)
        try:
            yield
        except Exception as error:
            self._finish(call)
            if not isinstance(error, Error) and not self._overran:
                raise
            raise self._explained(error, what, seconds, of_page=of_page) from error
        except BaseException:
            # The run was stopped in its midst: the answer that comes later would be taken for the next call's failure.
            self.end(f"the run was stopped while the browser was asked ({what})")
            raise
        finally:
            self._finish(call)
        if self._overran:  # the last word came, but the browser is gone
            raise self._silent(what, seconds, of_page=of_page)

    def end(self, why: str) -> None:
        """Ends the browser's processes; later calls fail with `why`."""
        self._over = self._over or why
        for pid in self._ends():
            processes.end(pid)

    def close(self, why: str) -> None:
        """Ends the browser's processes, and the thread that keeps the time."""
        self.end(why)
        with self._changed:
            keeper, self._keeper = self._keeper, None
            self._changed.notify_all()
        if keeper is not None:
            keeper.join()

    def _begin(self, seconds: float) -> _Call:
        call = _Call(waiting.now(), waiting.now() + seconds)
        with self._changed:
            self._running.append(call)
            self._changed.notify_all()
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep_time, name="deadline of the browser", daemon=True)
                self._keeper.start()
        return call

    def _finish(self, call: _Call) -> None:
        with self._changed:
            self._running = [running for running in self._running if running is not call]
            self._changed.notify_all()

    def _keep_time(self) -> None:
        """Waits for calls until all is closed, and ends the browser when one of them is overdue."""
        with self._changed:
            while not self._overran:
                if self._keeper is not threading.current_thread():
                    return
                due = min(map(_due, self._running), default=waiting.now() + 60)
                if waiting.now() < due:
                    self._changed.wait(min(due - waiting.now(), waiting.LOOK_UP_SECONDS if self._running else 60))
                    continue
                self._overran = True
            for number, pid in enumerate(self._ends()):
                self._stuck = number > 0  # the page's own browser was not what kept the call
                processes.end(pid)
                if self._changed.wait_for(lambda: not self._running, GRACE_SECONDS):
                    return

    def _explained(self, error: Exception, what: str, seconds: float, *, of_page: bool) -> Exception:
        if self._overran or isinstance(error, Late):
            return self._silent(what, seconds, of_page=of_page)
        message = _gist(error)
        if not self._is_alive():
            self._over = f"the browser has ended by itself ({what})"
            return BrowserError(f"{what}: the browser has ended by itself, or was ended from outside: {message}")
        if CRASHED in message:
            return BrowserError(f"{what}: the page's own process has died: out of memory, or ended from outside")
        return BrowserError(f"{what}: {message}")

    def _silent(self, what: str, seconds: float, *, of_page: bool) -> Exception:
        """The error for a call without an answer. It ends the browser; a fresh browser is the control."""
        hastened = waiting.time_left() < seconds
        self.end(f"the browser was ended, since it did not answer ({what})")
        if hastened:
            return BrowserError(f"{what}: not before the run had to end")
        if self._stuck or not of_page:
            return BrowserError(f"{what}: the browser has not answered within {seconds:g} s")
        took = self._control()
        if isinstance(took, str):
            return BrowserError(
                f"{what}: no answer within {seconds:g} s, nor from a fresh browser ({took}): "
                "this machine is too busy, or its browser is out of order"
            )
        return PageHangsError(what, seconds, took)


def _gist(error: Exception) -> str:
    """The first line of the error, and the browser's fatal message or else its last one.

    Known messages come with advice.
    """
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    complaints = [line.partition("[err]")[2].strip() for line in others if "[err]" in line]
    fatal = [complaint for complaint in complaints if ":FATAL:" in complaint]
    advice = [what for mark, what in ADVICE.items() if any(mark in complaint for complaint in complaints)]
    return ": ".join([first.strip(), *(fatal or complaints)[-1:], *advice])


def _due(call: _Call) -> float:
    """Hastened: a second at the least, as for every call."""
    return min(call.due, max(waiting.now() + waiting.time_left(), call.began + 1.0))
