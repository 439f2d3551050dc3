"""The connection between a page and its desktop, as far as the browser tells: opened how often, ended, and why."""

from __future__ import annotations

from collections import Counter

from playwright.sync_api import ConsoleMessage, Page, WebSocket

_WORDS = 160  # characters of a complaint


class WebSocketMonitor:
    """The WebSockets that a page opens, and what it complains of in its console meanwhile."""

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
        """That the connection was lost, how often, and what the page says to that; None if it was not."""
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
        """The last one. The browser's own word about a WebSocket says less than noVNC's about the same."""
        if message.type == "error" and not (self._complaint and message.text.startswith("WebSocket connection to")):
            self._complaint = " ".join(message.text.split())[:_WORDS]


def without_query(url: str) -> str:
    """The address without its query, which may hold a token."""
    return url.partition("?")[0]
