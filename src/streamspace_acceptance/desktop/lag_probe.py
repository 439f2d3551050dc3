"""Input lag, taken in the page: from the time stamp of an input event to the first drawing that changes a pixel.

The drawing is noVNC's own `drawImage` onto its screen, so that the figure holds all but the browser's last step, its
compositing (at most one frame, 17 ms at 60 frames/s). See `lag.js` beside this file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from streamspace_acceptance.desktop.page_load import PageOpenError
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog

_SCRIPT = Path(__file__).with_name("lag.js")
PATIENCE_MILLISECONDS = 2000.0
"""So late that nobody would take it for an answer."""


class LagProbe:
    """Watches a point of the noVNC screen, given in pixels of its picture. One for each page."""

    def __init__(self, page: Page, calls: BrowserWatchdog, x: int, y: int) -> None:
        self._page = page
        self._calls = calls
        script = _SCRIPT.read_text(encoding="utf-8")
        with calls.within("a watch over a point of the desktop"):
            canvas = page.query_selector("canvas")
            box = canvas.bounding_box() if canvas is not None else None
            if box is None:
                raise PageOpenError("the noVNC screen is gone from the page")
            page.evaluate(script, [(x + 0.5) / box["width"], (y + 0.5) / box["height"]])

    def lag_of(self, act: Callable[[], None]) -> float | None:
        """Milliseconds from the input event that `act` causes to the change; None when there is none in two seconds."""
        with self._calls.within("the lag of an input"):
            self._page.evaluate("lagProbe.arm()")
            act()
            found: float | None = self._page.evaluate("patience => lagProbe.result(patience)", PATIENCE_MILLISECONDS)
        return found

    def delay_by(self, milliseconds: float) -> None:
        """From now on all that the page sends waits for so long: a lag that is known, for the self-check."""
        with self._calls.within("a lag put in"):
            self._page.evaluate("milliseconds => lagProbe.delayBy(milliseconds)", milliseconds)

    def take_drifts(self) -> list[float]:
        """By how many milliseconds the page's own timer has been late since this was last asked, each time."""
        with self._calls.within("the page's own timer"):
            drifts: list[float] = self._page.evaluate("lagProbe.takeDrifts()")
        return drifts
