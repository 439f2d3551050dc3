"""Input lag, measured in the page: from the time stamp of an input event to the first drawing that changes a pixel.

The drawing is the client's own, so the figure includes everything but the browser's last step, compositing (at most one
frame, 17 ms at 60 frames/s).
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from streamspace_acceptance.desktop.client_page import CLIENT_PAGE, ClientPage
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog

PATIENCE_MILLISECONDS = 2000.0
"""A user would not take a later change for the answer to an input."""


class LagProbe:
    """Watches a point of the client's screen, given in pixels of its picture. One for each page."""

    def __init__(self, page: Page, calls: BrowserWatchdog, x: int, y: int, client: ClientPage = CLIENT_PAGE) -> None:
        self._calls = calls
        with calls.within("a watch over a point of the desktop"):
            screen = client.require_screen(page)
            self._page = screen.frame
            across, down = x + screen.seen["x"] - screen.whole["x"], y + screen.seen["y"] - screen.whole["y"]
            point = [(across + 0.5) / screen.whole["width"], (down + 0.5) / screen.whole["height"]]
            screen.canvas.evaluate(client.lag_script, point)
            self._metrics = page.context.new_cdp_session(page)
            self._metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
            self._since = self._times()

    def lag_of(self, act: Callable[[], None]) -> float | None:
        """Milliseconds from the input event of `act` to the change; None when nothing changes within two seconds."""
        with self._calls.within("the lag of an input"):
            self._page.evaluate("lagProbe.arm()")
            act()
            lag: float | None = self._page.evaluate("patience => lagProbe.result(patience)", PATIENCE_MILLISECONDS)
        return lag

    def delay_by(self, milliseconds: float) -> None:
        """Delays everything that the page sends: a known lag, for the self-check."""
        with self._calls.within("an injected lag"):
            self._page.evaluate("milliseconds => lagProbe.delayBy(milliseconds)", milliseconds)

    def take_drifts(self) -> list[float]:
        """How late the page's own timer was since the last call, in milliseconds, each time."""
        with self._calls.within("the page's own timer"):
            drifts: list[float] = self._page.evaluate("lagProbe.takeDrifts()")
        return drifts

    def take_load(self) -> float:
        """The share of a processor (0..1) that the page's own thread used since the last call.

        It is processor time: what other programs take of the machine is not in it.
        """
        with self._calls.within("the page's use of the processor"):
            (began, before), (ended, used) = self._since, self._times()
        self._since = ended, used
        return (used - before) / (ended - began) if ended > began else 0.0

    def _times(self) -> tuple[float, float]:
        """The browser's clock, and the processor time of the page's thread, in seconds."""
        metrics = {
            metric["name"]: metric["value"] for metric in self._metrics.send("Performance.getMetrics")["metrics"]
        }
        return metrics["Timestamp"], metrics["ThreadTime"]
