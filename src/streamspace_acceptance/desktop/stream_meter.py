"""Bytes and pictures of a page that shows a desktop, counted in the page itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from streamspace_acceptance.desktop.client_page import CLIENT_PAGE, ClientPage
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog

_SCRIPT = Path(__file__).with_name("stream.js").read_text(encoding="utf-8")

_LARGEST_FILE = """least => performance.getEntriesByType('resource')
  .filter(file => file.name.startsWith(location.origin + '/') && file.encodedBodySize >= least)
  .sort((one, other) => other.encodedBodySize - one.encodedBodySize).map(file => file.name)[0] ?? ''"""


@dataclass(frozen=True)
class Traffic:
    """Bytes each way and pictures over `seconds`. A picture is a drawing that changed the point that is watched."""

    seconds: float
    received: int
    sent: int
    pictures: int


class StreamMeter:
    """Counts from now on; `x` and `y` are a point of the desktop, in its own pixels. One for each page."""

    def __init__(self, page: Page, calls: BrowserWatchdog, x: int, y: int, client: ClientPage = CLIENT_PAGE) -> None:
        self._calls = calls
        with calls.within("a count of what the page receives"):
            screen = client.require_screen(page)
            self._page = screen.frame
            screen.canvas.evaluate(_SCRIPT, [x, y])

    def take(self) -> Traffic:
        """The counts since the last call."""
        with self._calls.within("the count of what the page receives"):
            return Traffic(**self._page.evaluate("streamMeter.take()"))


def largest_file(page: Page, calls: BrowserWatchdog, least: int) -> str:
    """The address of the largest file that the page has loaded from its own server; empty for none of `least` bytes."""
    with calls.within("the files of the page"):
        return str(page.evaluate(_LARGEST_FILE, least))
