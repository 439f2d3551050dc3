"""The client's page in a browser context of its own: pictures of its screen, input into it."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Literal

from playwright.sync_api import BrowserContext

from streamspace_acceptance.desktop import watchdog
from streamspace_acceptance.desktop.client_page import CLIENT_PAGE
from streamspace_acceptance.desktop.lag_probe import LagProbe
from streamspace_acceptance.desktop.page_load import PageLoad, PageState
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.desktop.screencast import Screencast
from streamspace_acceptance.desktop.stream_meter import StreamMeter
from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.desktop.watchdog import BrowserError, BrowserWatchdog
from streamspace_acceptance.redaction import secret_sources

KEY_MILLISECONDS = 4.0
STROKE_SECONDS = 0.1
"""So long a busy machine may take for one stroke of many."""


class Viewer:
    """One user's view of a desktop, opened at once; PageOpenError when no page comes, whatever its status."""

    def __init__(self, context: BrowserContext, calls: BrowserWatchdog, url: str) -> None:
        self._context = context
        self._calls = calls
        self._url = url
        self._times = 1
        self._last: Picture | None = None
        self.trace = Trace(context, calls)
        self.screencast = Screencast(context, calls)
        self._load = PageLoad(context, calls, url, 0, self.screencast.follow)

    def loaded(self) -> PageState:
        """How far the page has come by now."""
        return self._current().loaded()

    def picture(self) -> Picture | None:
        """The screen as the user sees it, None while there is none."""
        page = self._current().page
        with self._calls.within("a picture of the desktop"):
            box = CLIENT_PAGE.find_screen(page)
            if box is None:
                return None
            png = page.screenshot(clip=box, timeout=0)  # type: ignore[arg-type]
        if self._last is None or self._last.png != png:
            self._last = Picture(png)
        return self._last

    @property
    def connections(self) -> tuple[int, int]:
        """(which load of the page, how often it has connected since): the latter rises when a connection is lost.

        The former rises when the browser's own network changed, since the page is then loaded again.
        """
        return self._times + self._load.network_changed, self._load.line.connections

    def trouble(self) -> str | None:
        """How the page's connection to the desktop failed, as the browser sees it; None when it did not."""
        return self._load.line.trouble()

    def whole_page(self) -> bytes:
        """A PNG of the page as it is."""
        with self._calls.within("a picture of the page"):
            return self._load.page.screenshot(timeout=0)

    def framebuffer(self) -> Picture:
        """The screen in its own pixels, whatever its size in the page; PageOpenError while there is none."""
        page = self._current().page
        with self._calls.within("the desktop in its own pixels"):
            CLIENT_PAGE.require_screen(page)
            png = CLIENT_PAGE.framebuffer_png(page)
        return Picture(png)

    def shown_at(self, across: float, down: float) -> tuple[int, int]:
        """Where in the picture a point of the framebuffer is shown; PageOpenError while there is no picture.

        Rounded up: noVNC takes what is to the left of a pixel's edge, or above it, for the pixel before.
        """
        wide, high = self.magnification()
        return math.ceil(across * wide), math.ceil(down * high)

    def magnification(self) -> tuple[float, float]:
        """Pixels of the picture for one of the framebuffer, across and down; PageOpenError without a screen."""
        page = self._current().page
        with self._calls.within("the size of the desktop"):
            box = CLIENT_PAGE.require_screen(page)
            width, height = CLIENT_PAGE.framebuffer_size(page)
        return box["width"] / width, box["height"] / height

    def middle(self) -> tuple[int, int]:
        """The middle of the picture; PageOpenError while there is none."""
        page = self._current().page
        with self._calls.within("the place of the desktop"):
            box = CLIENT_PAGE.require_screen(page)
        return round(box["width"]) // 2, round(box["height"]) // 2

    def click(self, x: int, y: int, button: Literal["left", "middle", "right"] = "left") -> None:
        """Clicks at a point of the picture."""
        page = self._load.page
        with self._calls.within("a click taken"):
            box = CLIENT_PAGE.require_screen(page)
            page.mouse.click(box["x"] + x, box["y"] + y, button=button)

    def turn_wheel(self, pixels: int) -> None:
        """Turns the wheel where the pointer is: up when `pixels` is below zero."""
        with self._calls.within("a turn of the wheel taken"):
            self._load.page.mouse.wheel(0, pixels)

    def press(self, key: str) -> None:
        """Presses a key, or several at once as `Control+c`, and lets them go."""
        with self._calls.within("a key taken"):
            self._load.page.keyboard.press(key)

    def lag_probe(self, x: int, y: int) -> LagProbe:
        """Watches a point of the picture for what changes there."""
        return LagProbe(self._load.page, self._calls, x, y)

    def stream_meter(self, x: int, y: int) -> StreamMeter:
        """Counts what the page receives, sends and draws; `x` and `y` are a point in the desktop's own pixels."""
        return StreamMeter(self._load.page, self._calls, x, y)

    def type(self, text: str, *, told: bool = False) -> None:
        """Types `text` on the page's keyboard, then Enter.

        No evidence says what was typed, though a picture may show it; unless it may be `told`.
        """
        if not told:
            secret_sources.from_typing(text)
        keyboard = self._load.page.keyboard
        with self._calls.within("keys taken", watchdog.ANSWER_SECONDS + len(text) * STROKE_SECONDS):
            keyboard.type(text, delay=KEY_MILLISECONDS)
            keyboard.press("Enter")

    def close(self) -> None:
        """Closes the page and forgets everything about it."""
        self.trace.forget()
        close(self._context, self._calls)

    def _current(self) -> PageLoad:
        """The page, loaded anew in a tab of its own when the machine's network changed under it."""
        self.screencast.acknowledge_frames()
        if self._load.network_changed:
            with self._calls.within("the end of a page"):
                self._load.page.close()
            self._load = PageLoad(self._context, self._calls, self._url, self._times, self.screencast.follow)
            self._times += 1
        return self._load


def close(context: BrowserContext, calls: BrowserWatchdog) -> None:
    """Closes a context with all its pages; a browser that is gone, or goes in the attempt, has done that already."""
    if calls.alive:
        with suppress(BrowserError), calls.within("the end of a window", of_page=False):
            context.close()
