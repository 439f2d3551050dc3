"""Which of a page's WebSockets is the desktop's, and how often that one ended."""

from collections.abc import Callable
from typing import Any, cast

from playwright.sync_api import Page

from streamspace_acceptance.desktop.websocket_monitor import WebSocketMonitor

GREETING = b"RFB 003.008\n"


class Emitter:
    """Something of Playwright's that tells its listeners of events."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self._listeners: dict[str, Callable[[Any], None]] = {}

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        self._listeners[event] = listener

    def tell(self, event: str, about: object = None) -> None:
        self._listeners[event](about)


class Browser:
    """A page that opens WebSockets."""

    def __init__(self) -> None:
        self.page = Emitter()
        self.monitor = WebSocketMonitor(cast("Page", self.page))

    def open(self, path: str) -> Emitter:
        socket = Emitter(f"ws://h{path}?token=secret")
        self.page.tell("websocket", socket)
        return socket


def test_monitor_leaves_out_what_is_not_the_desktop() -> None:
    browser = Browser()
    browser.open("/desktop").tell("framereceived", GREETING)
    for _ in range(3):
        browser.open("/notices").tell("close")
    assert browser.monitor.connections == 1
    assert browser.monitor.trouble() is None


def test_monitor_counts_the_ends_of_the_desktop() -> None:
    browser = Browser()
    for _ in range(2):
        socket = browser.open("/desktop")
        socket.tell("framereceived", GREETING)
        socket.tell("framereceived", b"\x01\x01")
        socket.tell("close")
    assert browser.monitor.connections == 2
    assert "2 times" in (browser.monitor.trouble() or "")


def test_monitor_counts_all_until_a_server_has_greeted() -> None:
    browser = Browser()
    browser.open("/one").tell("close")
    browser.open("/two").tell("close")
    assert "ended 2 times" in (browser.monitor.trouble() or "")
