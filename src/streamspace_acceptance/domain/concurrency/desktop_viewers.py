"""Several desktops that are open in a browser at the same time, each in a context of its own.

Playwright serves one thread, so that the pages are driven in turn; "at the same time" means that all of them are open
before any of them is worked in, and stay so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.desktop.client_page import ScreenLostError
from streamspace_acceptance.desktop.page_load import PageOpenError
from streamspace_acceptance.desktop.pictures import TOLERANCE, Colour, Picture, random_colours
from streamspace_acceptance.desktop.watchdog import BrowserEndedError, PageHangsError
from streamspace_acceptance.domain.sessions.input_probe import ABSENT, FILLED, as_seen, is_filtered, least_filled
from streamspace_acceptance.domain.sessions.place_search import PATIENCE_SECONDS, PlaceSearch
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS, Settling, describe
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget, Wait, poll

PATIENCE = 2  # times the browser's budget: several pages share the time of one machine
DISTINCT = 2 * TOLERANCE  # in one channel at the least, also behind a filter that halves it
APART = 4 * TOLERANCE  # in one channel at the least: no blurred colour is taken for another's


@dataclass(eq=False)
class DesktopViewer:
    """One viewer of a session. `colour` is the one that was typed last; `trouble` says what it did not do."""

    desk: SessionDesktop
    name: str
    colour: Colour | None = None
    picture: Picture | None = None
    trouble: str | None = None
    _least: float = FILLED
    _is_filtered: bool = False
    _before: Picture | None = None
    _own: Picture | None = None
    _settling: Settling = field(default_factory=Settling)
    _connections: tuple[int, int] = (0, 0)
    _search: PlaceSearch | None = None

    @property
    def session(self) -> Session:
        """The session that it shows."""
        return self.desk.session

    def again(self, desk: SessionDesktop, name: str) -> DesktopViewer:
        """The same viewer, who opens the desktop anew as it was left."""
        back = DesktopViewer(desk, name, self.colour)
        back._before, back._is_filtered = self._before, self._is_filtered
        return back

    def connect(self) -> None:
        """Requests the desktop's address."""
        try:
            self.desk.connect()
            self.desk.check_connected()
        except (Unmet, Unproven) as error:
            self.trouble = _not_open(error)

    def open(self, browser: RunBrowser) -> None:
        """Opens the address in a browser context of its own."""
        try:
            if self.trouble is None:
                self.desk.open(browser)
        except (Unmet, Unproven) as error:
            self.trouble = _not_open(error)

    def type(self, text: str) -> None:
        """Clicks into the window that took the last line, or into the middle, and types a line there."""
        with self._noting_losses():
            viewer = self.desk.viewer
            if self.picture is not None and viewer is not None:
                self._before = self.picture
                self._search = PlaceSearch(self.desk, lambda: viewer.type(text), patience=PATIENCE * PATIENCE_SECONDS)

    def obeys(self, colours: Sequence[Colour | None]) -> bool:
        """Whether its terminal has one of the colours. A line that was typed in vain is typed at another place."""
        self.look()
        is_seen = any(map(self.shows, colours))
        if self._search is not None and self.trouble is None:
            with self._noting_losses():
                self._search.go_on(seen=is_seen)
        return is_seen

    @contextmanager
    def _noting_losses(self) -> Iterator[None]:
        """Notes as its trouble that the page, or its screen, is lost meanwhile."""
        try:
            yield
        except PageOpenError as error:
            self.trouble = str(error)
        except ScreenLostError as error:
            self.trouble = f"{error.actual} ({error.likely})"
        except (PageHangsError, BrowserEndedError) as error:
            self._lose(error)

    def look(self) -> Picture | None:
        """The current picture; None when the page shows no desktop."""
        try:
            self.picture = self.desk.viewer.picture() if self.desk.viewer is not None else None
            if self.picture is not None and self.desk.viewer is not None:
                self._least = least_filled(self.desk.viewer)
                self._own = self.desk.viewer.framebuffer() if self._is_filtered else None
        except PageOpenError as error:
            self.trouble, self.picture = f"it does not open again: {error}", None
        except ScreenLostError:
            self.picture = None  # noVNC may reconnect; a wait for a picture fails with the reason
        except (PageHangsError, BrowserEndedError) as error:
            self._lose(error)
        return self.picture

    def why_not(self, goal: str) -> str:
        """Why a goal was not reached: what the VNC server or the browser said, else what the picture shows."""
        trouble = self.desk.viewer.trouble() if self.desk.viewer is not None else None
        return f"{goal}: {describe(self.picture)}{f' ({trouble})' if trouble else ''}"

    def _lose(self, error: PageHangsError | BrowserEndedError) -> None:
        """Notes that the page hangs, or that another page hung and ended the browser."""
        self.trouble, self.picture = error.actual if isinstance(error, PageHangsError) else error.reason, None

    def shows(self, colour: Colour | None) -> bool:
        """Whether the terminal in its last picture has that colour."""
        if self.picture is None or colour is None:
            return False
        if self._own is not None and self._before is not None:
            if self._own.share(colour) < self._least:  # another colour may look like it behind the filter
                return False
            colour = as_seen(colour, self._own, self._before, self.picture)
        return self.picture.share(colour) >= self._least

    def has_settled(self) -> bool:
        """Whether the desktop is rendered; its connection must last from now on."""
        settled = self._settling.has_settled(self.look())
        if settled and self.picture is not None and self.desk.viewer is not None:
            self._before = self.picture
            self._is_filtered = is_filtered(self.desk.viewer.framebuffer(), self.picture)
        self.begin()
        return settled

    def begin(self) -> None:
        """Requires the connection to last from now on."""
        if self.desk.viewer is not None:
            self._connections = self.desk.viewer.connections

    def check_lasting(self) -> None:
        """Notes a trouble when the page had to reconnect, unless the browser's own network changed."""
        if self.trouble is None and self.desk.viewer is not None:
            (load, before), (present, times) = self._connections, self.desk.viewer.connections
            if present == load and times > before:
                self.trouble = f"it was cut off {times - before} times, and its page connected again"


def _not_open(error: Unmet | Unproven) -> str:
    return f"it does not open: {error.actual if isinstance(error, Unmet) else error.reason}"


def connect_together(screens: Sequence[DesktopViewer]) -> None:
    """All viewers request their addresses in the same instant: one answer must not be taken for another's."""
    begin = threading.Barrier(len(screens))

    def connect(screen: DesktopViewer) -> None:
        begin.wait()
        screen.connect()

    with ThreadPoolExecutor(len(screens), "viewer") as pool:
        list(pool.map(connect, screens))


def await_each(screens: Sequence[DesktopViewer], goal: str, done: Callable[[DesktopViewer], bool]) -> None:
    """Waits for all viewers together; each that does not reach the goal gets a trouble."""
    left = [screen for screen in screens if screen.trouble is None]
    if not left:
        return
    count, browser = len(left), left[0].session.budgets.named("browser")
    budget = Budget(browser.name, browser.plan_seconds * PATIENCE, browser.scale)

    def look() -> list[DesktopViewer]:
        left[:] = [screen for screen in left if screen.trouble is None and not done(screen)]
        return left

    with suppress(Unmet):  # each screen says for itself what came of it
        poll(
            Wait(f"{count} desktops at once", goal, budget),
            look,
            met=lambda found: not found,
            says=lambda found: f"{count - len(found)} of {count}",
            likely=lambda _: "see each of them",
            every=LOOK_SECONDS,
        )
    for screen in left:
        screen.trouble = screen.why_not(f"{goal}: not within {budget}")


def colours(screens: Sequence[DesktopViewer], count: int) -> list[Colour]:
    """`count` random colours, neither dark nor pale, each unlike the others and not yet on any of the screens.

    Nor is it like one that was typed before: behind a filter the picture does not show that one as it is.
    """
    pictures = [screen.picture for screen in screens if screen.picture]
    typed = [screen.colour for screen in screens if screen.colour]

    def is_new(colour: Colour) -> bool:
        return not any(picture.share(colour) > ABSENT for picture in pictures) and all(
            any(abs(a - b) >= DISTINCT for a, b in zip(colour, other, strict=True)) for other in typed
        )

    return random_colours(count, is_new, APART)
