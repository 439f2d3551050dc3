"""The page of the VNC client: how it is recognised, where its screen is, how it draws. Only this file knows noVNC.

What differs from page to page is data (`page_description.py`); another client needs another such class. No method
holds a deadline: its caller does.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ElementHandle, Error, Frame, Page

from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.outcomes import Unmet

Box = dict[str, float]
Point = tuple[float, float]

IN_BROWSER = "the page in the browser"
LEAST_SCREEN = (128, 96)
"""Pixels of the smallest desktop; a logo has fewer."""
_HOLDS_CLIENT = "marks => Array.from(document.scripts).some(script => marks.every(mark => script.text.includes(mark)))"
_WAS_MADE = "scripts => Boolean(globalThis.__canvases && globalThis.__canvases.wasMadeBy(scripts))"
_BOX = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}"""
_INSIDE = """frame => {
  const box = frame.getBoundingClientRect(), style = getComputedStyle(frame);
  const scale = frame.offsetWidth ? box.width / frame.offsetWidth : 1;
  const left = frame.clientLeft + parseFloat(style.paddingLeft), top = frame.clientTop + parseFloat(style.paddingTop);
  return [box.x + scale * left, box.y + scale * top, scale];
}"""
"""Where the content of a frame begins in the document around it, and how much larger it is there."""
# Shows as much of a box as the window holds, once in a page's life, where its user could scroll there as well.
_SCROLL = """({ x, y, width, height }) => {
  const fixed = (element) => element && ["hidden", "clip"].includes(getComputedStyle(element).overflowY);
  if (globalThis.__scrolled || fixed(document.documentElement) || fixed(document.body)) return false;
  globalThis.__scrolled = true;
  const left = x - Math.max((innerWidth - width) / 2, 0), top = y - Math.max((innerHeight - height) / 2, 0);
  scrollBy({ left, top, behavior: "instant" });
  return true;
}"""
_PNG = "canvas => canvas.toDataURL('image/png')"
# For points of the canvas, whether each shows the canvas itself, not something of its frame that lies over it.
_ON_TOP = """(canvas, points) => {
  const box = canvas.getBoundingClientRect(), root = canvas.getRootNode();
  return points.map(([x, y]) => root.elementFromPoint(box.x + x, box.y + y) === canvas);
}"""
# For points of a document, whether each shows a frame in it.
_SHOWS = """(frame, points) => {
  const root = frame.getRootNode();
  return points.map(([x, y]) => root.elementFromPoint(x, y) === frame);
}"""
_CONTEXT_GONE = (
    "Execution context was destroyed",
    "Frame was detached",
    "Frame has been detached",
    "Cannot find context",
)


class PageOpenError(Exception):
    """The page is not there; `late`: it did not come in time."""

    def __init__(self, sentence: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(sentence)


class ScreenLostError(Unmet):
    """The page has taken away the screen on which the desktop was to be seen."""

    def __init__(self, name: str, trouble: str | None) -> None:
        super().__init__(
            IN_BROWSER,
            expected=f"a {name} screen that shows the desktop",
            actual=f"the {name} screen is no longer in the page",
            likely=trouble or "the page removes its screen while the desktop is in use",
        )


@dataclass(frozen=True)
class Screen:
    """The client's screen: its canvas, the frame that holds it, and where it is in the page, in pixels.

    `whole` is all of it; `seen` is the part that no edge of a window or frame cuts off.
    """

    frame: Frame
    canvas: ElementHandle
    whole: Box
    seen: Box


@dataclass(frozen=True)
class Controls:
    """The other things that a page shows: points to click on, and the text of a notice."""

    connect: Point | None = None
    label: str = ""
    password: Point | None = None
    user: Point | None = None
    notice: str = ""


class ClientPage:
    """noVNC's page. Its screen is a canvas, onto which it draws with `drawImage` (see `lag.js` beside this file).

    `scripts` are the addresses of the client's own scripts, and `size` is the desktop's in pixels, as soon as they are
    known: they distinguish the screen from other canvases.
    """

    lag_script = Path(__file__).with_name("lag.js").read_text(encoding="utf-8")
    """Installs `globalThis.lagProbe` for a canvas; its argument is a point, as fractions of width and height."""
    empty = "<canvas></canvas>"
    """A page with a screen and nothing else."""
    _canvases = Path(__file__).with_name("canvases.js").read_text(encoding="utf-8")
    _find = Path(__file__).with_name("find_screen.js").read_text(encoding="utf-8")
    _uncover = Path(__file__).with_name("uncover.js").read_text(encoding="utf-8")
    _look = Path(__file__).with_name("page_controls.js").read_text(encoding="utf-8")

    def __init__(self, description: PageDescription | None = None) -> None:
        self.description = description or PageDescription()
        self.name = self.description.name
        self.scripts: list[str] = []
        self.size: tuple[int, int] | None = None
        self.trouble: Callable[[], str | None] = lambda: None
        """How the connection to the desktop was lost; None if it was not."""

    def is_client(self, script: str) -> bool:
        """Whether the text of a script is the client's."""
        return all(mark in script for mark in self.description.marks)

    def is_disconnect_notice(self, message: str) -> bool:
        """Whether an error in the console is the client's own, and not the browser's."""
        return not message.startswith("WebSocket connection to")

    def prepare(self, context: BrowserContext) -> None:
        """Prepares all pages that are opened from now on, so that their canvases can be distinguished."""
        context.add_init_script(self._canvases)

    def has_started(self, page: Page) -> bool:
        """Whether the client has made its screen, though it may have removed it since."""
        return any(_evaluated(frame, _WAS_MADE, self.scripts) for frame in page.frames)

    def inline_in(self, page: Page) -> list[str]:
        """The addresses of the frames that hold the client themselves, not as a script of its own."""
        return [frame.url for frame in page.frames if _evaluated(frame, _HOLDS_CLIENT, list(self.description.marks))]

    def find_screen(self, page: Page) -> Screen | None:
        """Where the screen is; None while nothing is drawn or it is not visible."""
        wanted = {
            "selector": self.description.screen,
            "size": list(self.size) if self.size else None,
            "scripts": self.scripts,
            "least": list(LEAST_SCREEN),
        }
        ranks = [(_evaluated(frame, self._find, wanted), frame) for frame in page.frames]
        found = [(rank, frame) for rank, frame in ranks if rank is not None]
        if not found:
            return None
        frame = max(found, key=lambda entry: entry[0])[1]
        canvas = frame.evaluate_handle("globalThis.__screen").as_element()
        if canvas is None:
            return None
        try:
            whole, seen = _places(page, frame, canvas)
            if _is_cut_by_window(page, whole, seen) and page.evaluate(_SCROLL, whole):
                whole, seen = _places(page, frame, canvas)
        except Error as error:
            if _is_gone(frame, error):
                return None
            raise
        return None if seen["width"] < 1 or seen["height"] < 1 else Screen(frame, canvas, whole, seen)

    def require_screen(self, page: Page) -> Screen:
        """The same; ScreenLostError while there is none."""
        screen = self.find_screen(page)
        if screen is None:
            raise ScreenLostError(self.name, self.trouble())
        return screen

    def framebuffer_size(self, page: Page) -> tuple[int, int]:
        """Width and height of the framebuffer."""
        width, height = self.require_screen(page).canvas.evaluate("canvas => [canvas.width, canvas.height]")
        return width, height

    def framebuffer_png(self, page: Page) -> bytes:
        """The framebuffer in its own pixels."""
        return base64.b64decode(str(self.require_screen(page).canvas.evaluate(_PNG)).partition(",")[2])

    def on_top(self, page: Page, points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those points of the visible screen that nothing covers."""
        screen = self.require_screen(page)
        left, top = screen.seen["x"] - screen.whole["x"], screen.seen["y"] - screen.whole["y"]
        free = screen.canvas.evaluate(_ON_TOP, [[left + x, top + y] for x, y in points])
        inside = [point for point, is_free in zip(points, free, strict=True) if is_free]
        around = _frame_in_page(page, screen.frame)
        if around is None:
            return inside
        shown = around.evaluate(_SHOWS, [[screen.seen["x"] + x, screen.seen["y"] + y] for x, y in inside])
        return [point for point, is_shown in zip(inside, shown, strict=True) if is_shown]

    def uncover_point(self, page: Page) -> tuple[Point, str]:
        """Where to click to uncover a screen that something in its page covers, and the text of the button there.

        It is the middle of the screen where no button asks a user to go on.
        """
        screen = self.require_screen(page)
        middle = screen.seen["x"] + screen.seen["width"] / 2, screen.seen["y"] + screen.seen["height"] / 2
        around = _frame_in_page(page, screen.frame)
        is_below_page = around is not None and around.evaluate(_SHOWS, [list(middle)]) == [False]
        covered, frame = (around, page.main_frame) if around and is_below_page else (screen.canvas, screen.frame)
        found = covered.evaluate(self._uncover, list(self.description.consent_words))
        if found is None:
            return middle, ""
        return _point_in_page(page, frame, found["point"]), str(found["label"])

    def controls(self, page: Page) -> Controls:
        """The other things that the page shows, each from the first frame that has it."""
        wanted = {
            "connect": self.description.connect_button,
            "words": list(self.description.connect_words),
            "password": self.description.password_field,
            "notice": self.description.notices,
        }
        found = [(frame, _evaluated(frame, self._look, wanted)) for frame in page.frames]
        merged: dict[str, Any] = {}
        for frame, controls in found:
            for name, value in (controls or {}).items():
                if value and not merged.get(name):
                    merged[name] = _point_in_page(page, frame, value) if isinstance(value, list) else value
        return Controls(**merged)


def _evaluated(frame: Frame, script: str, argument: object) -> Any:
    """The result of a script in a frame; None in one that is being replaced at this moment."""
    try:
        return frame.evaluate(script, argument)
    except Error as error:
        if _is_gone(frame, error):
            return None
        raise


def _is_gone(frame: Frame, error: Error) -> bool:
    """Whether a frame failed because the page has loaded another document into it, or removed it."""
    return frame.is_detached() or any(words in str(error) for words in _CONTEXT_GONE)


def _frame_in_page(page: Page, frame: Frame) -> ElementHandle | None:
    """The element of the page itself that holds a frame, or one around it; None for the page's own."""
    while frame is not page.main_frame and frame.parent_frame is not None:
        if frame.parent_frame is page.main_frame:
            return frame.frame_element()
        frame = frame.parent_frame
    return None


def _point_in_page(page: Page, frame: Frame, point: list[float]) -> Point:
    """A point of a frame in the page."""
    box = _in_page(page, frame, {"x": point[0], "y": point[1], "width": 0.0, "height": 0.0})
    return box["x"], box["y"]


def _in_page(page: Page, frame: Frame, box: Box) -> Box:
    """A box of a frame in the page. Playwright leaves out the borders of frames that have a process of their own."""
    inner: Frame | None = frame
    while inner is not None and inner is not page.main_frame:
        left, top, scale = inner.frame_element().evaluate(_INSIDE)
        place = {"x": left + scale * box["x"], "y": top + scale * box["y"]}
        box = {**place, "width": scale * box["width"], "height": scale * box["height"]}
        inner = inner.parent_frame
    return box


def _places(page: Page, frame: Frame, canvas: ElementHandle) -> tuple[Box, Box]:
    """Where a canvas is in the page, and the part of it that is seen."""
    whole = _in_page(page, frame, canvas.evaluate(_BOX))
    return whole, _seen_part(page, frame, whole)


def _is_cut_by_window(page: Page, whole: Box, seen: Box) -> bool:
    """Whether less of a box is seen than the window could show."""
    size = page.viewport_size
    return size is not None and any(seen[side] < min(whole[side], size[side]) - 1 for side in ("width", "height"))


def _seen_part(page: Page, frame: Frame, whole: Box) -> Box:
    """The part of a box that neither the window nor a frame around it cuts off."""
    size = page.viewport_size or {"width": whole["x"] + whole["width"], "height": whole["y"] + whole["height"]}
    seen = _common(whole, {"x": 0.0, "y": 0.0, "width": float(size["width"]), "height": float(size["height"])})
    outer: Frame | None = frame
    while outer is not None and outer is not page.main_frame:
        if (parent := outer.parent_frame) is not None:
            seen = _common(seen, _in_page(page, parent, outer.frame_element().evaluate(_BOX)))
        outer = parent
    return seen


def _common(box: Box, other: Box) -> Box:
    left, top = max(box["x"], other["x"]), max(box["y"], other["y"])
    right = min(box["x"] + box["width"], other["x"] + other["width"])
    bottom = min(box["y"] + box["height"], other["y"] + other["height"])
    return {"x": left, "y": top, "width": max(right - left, 0.0), "height": max(bottom - top, 0.0)}


CLIENT_PAGE = ClientPage()
"""The page as it is guessed, for what is asked without a page of one's own."""
