"""The noVNC page, opened in a browser of its own context: what it loaded, what it shows, input into it."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Error, Page, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from streamspace_acceptance.desktop.pictures import Picture

PAGE_SECONDS = 15.0
KEY_MILLISECONDS = 4.0

# noVNC takes its canvas out of the page when a connection fails: that it was there is remembered.
_REMEMBER_CANVAS = """
globalThis.__canvasSeen = false;
new MutationObserver(() => { globalThis.__canvasSeen ||= document.querySelector('canvas') !== null; })
  .observe(document, { childList: true, subtree: true });
"""
_CANVAS_SEEN = "globalThis.__canvasSeen || document.querySelector('canvas') !== null"
_MARKS_OF_NOVNC = ("noVNC", "class RFB")


class CannotOpen(Exception):
    """The browser did not get the page at all."""


@dataclass
class Loaded:
    """What the browser made of the page: its own errors, its scripts, and whether noVNC put up its screen."""

    errors: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    broken_scripts: list[str] = field(default_factory=list)
    novnc: list[str] = field(default_factory=list)
    canvas: bool = False

    def describe(self) -> str:
        """What stands in the way, or that nothing does."""
        troubles = [
            *([] if self.novnc else [f"no script of noVNC among {len(self.scripts)} scripts"]),
            *(f"script {each}" for each in self.broken_scripts),
            *(f"error {each}" for each in self.errors),
            *([] if self.canvas else ["no noVNC screen in the page"]),
        ]
        return "; ".join(troubles) or f"noVNC loaded ({len(self.scripts)} scripts) and its screen is there"

    @property
    def novnc_loaded(self) -> bool:
        """Whether the noVNC client runs in the page."""
        return bool(self.novnc) and not self.broken_scripts and self.canvas


class Viewer:
    """One open page. Close it by closing its context."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._page: Page = context.new_page()
        self._page.add_init_script(_REMEMBER_CANVAS)
        self._responses: list[Response] = []
        self._loaded = Loaded()
        self._page.on("pageerror", lambda error: self._loaded.errors.append(str(error)))
        self._page.on("response", self._keep_script)
        self._page.on("requestfailed", self._keep_failure)

    def open(self, url: str) -> None:
        """Goes to `url`, whatever status it answers with; CannotOpen when nothing comes."""
        try:
            self._page.goto(url, timeout=PAGE_SECONDS * 1000, wait_until="load")
        except Error as error:
            raise CannotOpen(str(error).splitlines()[0]) from error

    def loaded(self) -> Loaded:
        """How far the page has come by now."""
        for response in self._responses:
            self._judge_script(response)
        self._responses.clear()
        self._loaded.canvas = self._page.evaluate(_CANVAS_SEEN)
        return self._loaded

    def picture(self) -> Picture | None:
        """The noVNC screen as the user sees it, None while there is none."""
        box = self._box()
        if box is None:
            return None
        return Picture(self._page.screenshot(clip=box, timeout=PAGE_SECONDS * 1000))  # type: ignore[arg-type]

    def whole_page(self) -> bytes:
        """A PNG of the page as it is."""
        return self._page.screenshot(timeout=PAGE_SECONDS * 1000)

    def click(self, x: int, y: int) -> None:
        """Clicks at a point of the picture."""
        box = self._box()
        if box is None:
            raise CannotOpen("the noVNC screen is gone from the page")
        self._page.mouse.click(box["x"] + x, box["y"] + y)

    def type(self, text: str) -> None:
        """Types `text` on the page's keyboard, then Enter."""
        self._page.keyboard.type(text, delay=KEY_MILLISECONDS)
        self._page.keyboard.press("Enter")

    def close(self) -> None:
        """Closes the page and forgets everything about it."""
        self._context.close()

    def _box(self) -> dict[str, float] | None:
        try:
            canvas = self._page.query_selector("canvas")
            box = canvas.bounding_box() if canvas is not None else None
        except PlaywrightTimeout:
            return None
        if box is None or box["width"] < 1 or box["height"] < 1:
            return None
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def _keep_script(self, response: Response) -> None:
        if response.request.resource_type == "script":
            self._responses.append(response)

    def _keep_failure(self, request: object) -> None:
        if getattr(request, "resource_type", "") == "script":
            self._loaded.broken_scripts.append(f"{_path(request)} did not come: {getattr(request, 'failure', '')}")

    def _judge_script(self, response: Response) -> None:
        self._loaded.scripts.append(response.url)
        if not response.ok:
            self._loaded.broken_scripts.append(f"{_path(response)} answers {response.status}")
            return
        try:
            text = response.text()
        except Error as error:
            self._loaded.broken_scripts.append(f"{_path(response)} cannot be read: {error}")
            return
        if all(mark in text for mark in _MARKS_OF_NOVNC):
            self._loaded.novnc.append(response.url)


def _path(thing: object) -> str:
    return str(getattr(thing, "url", "")).split("?", 1)[0]
