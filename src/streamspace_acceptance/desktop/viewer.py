"""The noVNC page, opened in a browser context of its own: pictures of what it shows, input into it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from streamspace_acceptance.desktop.film import Film
from streamspace_acceptance.desktop.page import PAGE_SECONDS, CannotOpen, Loaded, PageLoad
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.evidence import learning

KEY_MILLISECONDS = 4.0


class Viewer:
    """One user's view of a desktop, opened at once; CannotOpen when no page comes, whatever status it may have."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context = context
        self._url = url
        self._times = 1
        self.trace = Trace(context)
        self.film = Film(context)
        self._load = PageLoad(context, url, 0, self.film.follow)

    def loaded(self) -> Loaded:
        """How far the page has come by now."""
        return self._current().loaded()

    def picture(self) -> Picture | None:
        """The noVNC screen as the user sees it, None while there is none."""
        page = self._current().page
        box = _box(page)
        if box is None:
            return None
        return Picture(page.screenshot(clip=box, timeout=PAGE_SECONDS * 1000))  # type: ignore[arg-type]

    def whole_page(self) -> bytes:
        """A PNG of the page as it is."""
        return self._load.page.screenshot(timeout=PAGE_SECONDS * 1000)

    def click(self, x: int, y: int) -> None:
        """Clicks at a point of the picture."""
        page = self._load.page
        box = _box(page)
        if box is None:
            raise CannotOpen("the noVNC screen is gone from the page")
        page.mouse.click(box["x"] + x, box["y"] + y)

    def type(self, text: str) -> None:
        """Types `text` on the page's keyboard, then Enter. No evidence says what was typed; a picture may show it."""
        learning.from_typing(text)
        keyboard = self._load.page.keyboard
        keyboard.type(text, delay=KEY_MILLISECONDS)
        keyboard.press("Enter")

    def close(self) -> None:
        """Closes the page and forgets everything about it."""
        self._context.close()

    def _current(self) -> PageLoad:
        """The page, loaded anew in a tab of its own when the machine's network changed under it."""
        self.film.go_on()
        if self._load.network_changed:
            self._load.page.close()
            self._load = PageLoad(self._context, self._url, self._times, self.film.follow)
            self._times += 1
        return self._load


def _box(page: Page) -> dict[str, float] | None:
    """Where the noVNC screen is in the page, in pixels; None while there is none to be seen."""
    canvas = page.query_selector("canvas")
    box = canvas.bounding_box() if canvas is not None else None
    if box is None or box["width"] < 1 or box["height"] < 1:
        return None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}
