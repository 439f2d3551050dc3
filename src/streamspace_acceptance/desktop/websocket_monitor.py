"""The connection between a page and its desktop, as the browser sees it: how often it opened and ended, and why."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import ConsoleMessage, Page, WebSocket

from streamspace_acceptance.desktop.client_page import CLIENT_PAGE

_WORDS = 160  # characters of a complaint


class WebSocketMonitor:
    """The WebSockets that a page opens, and the errors in its console meanwhile."""

    def __init__(self, page: Page) -> None:
        self._opened: Counter[str] = Counter()
        self._ended = 0
        self._complaint = ""
        page.on("websocket", self._keep_socket)
        page.on("console", self._keep_complaint)

    @property
    def connections(self) -> int:
        """How often the page has opened the same WebSocket: once, unless the connection was lost."""
        return max(self._opened.values(), default=0)

    def trouble(self) -> str | None:
        """How often the connection was lost, and the last error in the console; None when it was not lost."""
        if not self._ended:
            return None
        times = "" if self._ended == 1 else f" {self._ended} times"
        return f"the page's WebSocket has ended{times}{self._complaint and f' ({self._complaint})'}"

    def _keep_socket(self, socket: WebSocket) -> None:
        self._opened[without_query(socket.url)] += 1
        socket.on("close", self._keep_end)

    def _keep_end(self, _: WebSocket) -> None:
        self._ended += 1

    def _keep_complaint(self, message: ConsoleMessage) -> None:
        """The last one; the browser's own message only where there is no other."""
        if message.type == "error" and (not self._complaint or CLIENT_PAGE.is_disconnect_notice(message.text)):
            self._complaint = " ".join(message.text.split())[:_WORDS]


def without_query(url: str) -> str:
    """The address without its query, which may hold a token."""
    return url.partition("?")[0]
