"""The client's page in a browser context of its own: pictures of its screen, input into it."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

from playwright.sync_api import BrowserContext, CDPSession, Page

from streamspace_acceptance.desktop import keyboard, watchdog
from streamspace_acceptance.desktop.client_page import Box, ClientPage
from streamspace_acceptance.desktop.lag_probe import LagProbe
from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.desktop.page_load import PageLoad, PageState
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.desktop.screencast import Screencast
from streamspace_acceptance.desktop.stream_meter import StreamMeter, largest_file
from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.desktop.watchdog import BrowserError, BrowserWatchdog
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.waiting import Budget, Wait, poll

KEY_MILLISECONDS = 4.0
UNCOVERED = Budget("cover", 2.0, 1.0)
"""So long may what covers the desktop take to go, after a click."""
HAND_MILLISECONDS = 40.0
"""So long a quick hand holds a button, and takes from one click of two to the next."""
STROKE_SECONDS = 0.1
"""So long a busy machine may take for one stroke of many."""
# Where on a screen a window may be looked for, as fractions of its width and height: the middle, then around it.
_AROUND = (0.5, 0.38, 0.62, 0.26, 0.74, 0.14, 0.86)


class Viewer:
    """One user's view of a desktop, opened at once; PageOpenError when no page comes, whatever its status.

    `ratio` is the number of the browser's own pixels for one of the page's, across. `password` is typed where the page
    asks for one.
    """

    def __init__(
        self,
        context: BrowserContext,
        calls: BrowserWatchdog,
        url: str,
        *,
        page: PageDescription | None = None,
        password: str | None = None,
        ratio: float = 1.0,
    ) -> None:
        self._context = context
        self._calls = calls
        self._url = url
        self._client = ClientPage(page)
        self._password = password
        self._ratio = ratio
        self._times = 0
        self._uncovered: PageLoad | None = None
        self.cover: str | None = None
        """The text of the button by which something was left that covered the desktop; None if nothing did."""
        self._last: Picture | None = None
        self._camera: tuple[Page, CDPSession] | None = None
        self.trace = Trace(context, calls)
        self.screencast = Screencast(context, calls)
        self._load = self._new_load()
        self._client.trouble = self.trouble

    def _new_load(self) -> PageLoad:
        load = PageLoad(
            self._context,
            self._calls,
            self._url,
            self._times,
            self.screencast.follow,
            client=self._client,
            password=self._password,
        )
        self._times += 1
        return load

    def loaded(self) -> PageState:
        """How far the page has come by now."""
        return self._current().loaded()

    def picture(self) -> Picture | None:
        """The screen as the user sees it, None while there is none: one pixel for each of the page's."""
        load = self._current()
        with self._calls.within("a picture of the desktop"):
            screen = self._client.find_screen(load.page)
        if screen is None and not load.loaded().canvas:  # a page may wait for a click
            return None
        with self._calls.within("a picture of the desktop"):
            screen = screen or self._client.find_screen(load.page)
            if screen is None:
                return None
            png = self._captured(load.page, screen.seen)
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

    def notice(self) -> str:
        """The page's own words for a trouble; empty where it says nothing."""
        return self._load.notice()

    def whole_page(self) -> bytes:
        """A PNG of the page as it is."""
        with self._calls.within("a picture of the page"):
            return self._captured(self._load.page, None)

    def framebuffer(self) -> Picture:
        """The screen in its own pixels, not scaled to the page; ScreenLostError while there is none."""
        page = self._current().page
        with self._calls.within("the desktop in its own pixels"):
            png = self._client.framebuffer_png(page)
        return Picture(png)

    def framebuffer_size(self) -> tuple[int, int]:
        """The width and height of the desktop in its own pixels; ScreenLostError without a screen."""
        page = self._current().page
        with self._calls.within("the size of the desktop"):
            return self._client.framebuffer_size(page)

    def shown_at(self, across: float, down: float) -> tuple[int, int]:
        """Where in the picture a point of the framebuffer is shown; PageOpenError while there is no picture.

        Rounded up: noVNC takes what is to the left of a pixel's edge, or above it, for the pixel before.
        """
        wide, high = self.magnification()
        left, top = self._cut_off()
        return math.ceil(across * wide - left), math.ceil(down * high - top)

    def magnification(self) -> tuple[float, float]:
        """Pixels of the picture for one of the framebuffer, across and down; ScreenLostError without a screen."""
        page = self._current().page
        with self._calls.within("the size of the desktop"):
            whole = self._client.require_screen(page).whole
            width, height = self._client.framebuffer_size(page)
        return whole["width"] / width, whole["height"] / height

    def middle(self) -> tuple[int, int]:
        """The middle of the picture; ScreenLostError while there is none."""
        page = self._current().page
        with self._calls.within("the place of the desktop"):
            box = self._client.require_screen(page).seen
        return round(box["width"]) // 2, round(box["height"]) // 2

    def covered(self, points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those points of the picture that something else in the page covers."""
        page = self._current().page
        with self._calls.within("places on the desktop"):
            free = self._client.on_top(page, points)
        return [point for point in points if point not in free]

    def places(self) -> list[tuple[int, int]]:
        """Points of the picture that nothing in the page covers: the middle first, then around it.

        What covers all of them gets one click in this page's life, as a user would get at the desktop below it.
        """
        free = self._free_places()
        if free or self._uncovered is self._load:
            return free
        self._uncovered = self._load
        with self._calls.within("a click on what covers the desktop"):
            point, self.cover = self._client.uncover_point(self._load.page)
            self._load.page.mouse.click(*point)
        with suppress(Unmet):  # a cover that stays is the desktop's own trouble
            poll(
                Wait("the desktop", "free of what covers it", UNCOVERED),
                self._free_places,
                met=bool,
                says=lambda places: f"{len(places)} free places",
                likely=lambda _: "see the page",
            )
        return self._free_places()

    def _free_places(self) -> list[tuple[int, int]]:
        page = self._current().page
        with self._calls.within("places on the desktop"):
            box = self._client.require_screen(page).seen
            points = [(round(box["width"] * x), round(box["height"] * y)) for y in _AROUND for x in _AROUND]
            return self._client.on_top(page, points)

    def click(self, x: int, y: int, button: Literal["left", "middle", "right"] = "left") -> None:
        """Clicks at a point of the picture."""
        page = self._load.page
        with self._calls.within("a click taken"):
            box = self._client.require_screen(page).seen
            page.mouse.click(box["x"] + x, box["y"] + y, button=button)

    def double_click(self, x: int, y: int) -> None:
        """Clicks twice at a point of the picture, as fast as a quick hand does it.

        What comes within one millisecond, no hand does, and a window manager may lose it.
        """
        page = self._load.page
        with self._calls.within("a double click taken"):
            box = self._client.require_screen(page).seen
            page.mouse.dblclick(box["x"] + x, box["y"] + y, delay=HAND_MILLISECONDS)

    def move_to(self, x: int, y: int) -> None:
        """Moves the pointer to a point of the client's screen."""
        with self._calls.within("a movement taken"):
            box = self._client.require_screen(self._load.page).seen
            self._load.page.mouse.move(box["x"] + x, box["y"] + y)

    def turn_wheel(self, pixels: int) -> None:
        """Turns the wheel where the pointer is: up when `pixels` is below zero."""
        with self._calls.within("a turn of the wheel taken"):
            self._load.page.mouse.wheel(0, pixels)

    def press(self, key: str) -> None:
        """Presses a key, or several at once as `Control+c`, and lets them go."""
        with self._calls.within("a key taken"):
            self._load.page.keyboard.press(key)

    def type_capital(self, character: str) -> None:
        """Types one character with Shift held, and lets both go."""
        with self._calls.within("a capital taken"):
            keyboard.type_with_shift(self._load.page.keyboard, character, KEY_MILLISECONDS)

    def lag_probe(self, x: int, y: int) -> LagProbe:
        """Watches a point of the picture for what changes there."""
        return LagProbe(self._load.page, self._calls, x, y, self._client)

    def stream_meter(self, x: int, y: int) -> StreamMeter:
        """Counts what the page receives, sends and draws; `x` and `y` are a point in the desktop's own pixels."""
        return StreamMeter(self._load.page, self._calls, x, y, self._client)

    def largest_file(self, least: int) -> str:
        """The address of the largest file of the page, of its own server; empty for none of `least` bytes."""
        return largest_file(self._load.page, self._calls, least)

    def type(self, text: str, *, told: bool = False, with_shift: bool = False) -> None:
        """Types `text` on the page's keyboard, then Enter.

        `with_shift`: Shift is held for what needs it, as a person does. No evidence says what was typed, though a
        picture may show it; unless it may be `told`.
        """
        if not told:
            secret_sources.from_typing(text)
        keys = self._load.page.keyboard
        with self._calls.within("keys taken", watchdog.ANSWER_SECONDS + len(text) * STROKE_SECONDS):
            if with_shift:
                keyboard.type_with_shift(keys, text, KEY_MILLISECONDS)
            else:
                keys.type(text, delay=KEY_MILLISECONDS)
            keys.press("Enter")

    def close(self) -> None:
        """Closes the page and forgets everything about it."""
        self.trace.forget()
        close(self._context, self._calls)

    def _cut_off(self) -> tuple[float, float]:
        """How much of the screen an edge cuts off on the left and above, in pixels of the page."""
        page = self._current().page
        with self._calls.within("the place of the desktop"):
            screen = self._client.require_screen(page)
        return screen.seen["x"] - screen.whole["x"], screen.seen["y"] - screen.whole["y"]

    def _captured(self, page: Page, box: Box | None) -> bytes:
        """A PNG of the page or of a part of it. The browser's own command: Playwright's waits for all web fonts."""
        size = page.viewport_size or {"width": 0, "height": 0}
        if self._camera is None or self._camera[0] is not page:
            self._camera = page, self._context.new_cdp_session(page)
            # A picture of a part changes the metrics for a moment, and restores those of its own session.
            metrics: dict[str, Any] = {"width": size["width"], "height": size["height"], "mobile": False}
            metrics["deviceScaleFactor"] = self._ratio
            self._camera[1].send("Emulation.setDeviceMetricsOverride", metrics)
        clip: Box = box or {"x": 0.0, "y": 0.0, "width": float(size["width"]), "height": float(size["height"])}
        # The command counts from the beginning of the page, wherever that is scrolled to.
        window = self._camera[1].send("Page.getLayoutMetrics")["cssVisualViewport"]
        clip = {**clip, "x": clip["x"] + window["pageX"], "y": clip["y"] + window["pageY"]}
        wanted: dict[str, Any] = {"clip": {**clip, "scale": 1 / self._ratio}, "format": "png"}
        return base64.b64decode(self._camera[1].send("Page.captureScreenshot", wanted)["data"])

    def _current(self) -> PageLoad:
        """The page, loaded anew in a tab of its own when the machine's network changed under it."""
        self.screencast.acknowledge_frames()
        if self._load.network_changed:
            with self._calls.within("the end of a page"):
                self._load.page.close()
            self._load = self._new_load()
        self._client.size = self._load.line.desktop_size
        return self._load


def close(context: BrowserContext, calls: BrowserWatchdog) -> None:
    """Closes a context with all its pages; a browser that is gone, or goes in the attempt, has done that already."""
    if calls.alive:
        with suppress(BrowserError), calls.within("the end of a window", of_page=False):
            context.close()
