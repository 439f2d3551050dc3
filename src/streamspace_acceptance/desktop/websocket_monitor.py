"""The connection between a page and its desktop, as the browser sees it: how often it opened and ended, and why."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus

from playwright.sync_api import ConsoleMessage, Page, WebSocket

from streamspace_acceptance.desktop.client_page import CLIENT_PAGE
from streamspace_acceptance.desktop.rfb_listener import RfbListener

_WORDS = 160  # characters of a complaint
# Chromium's words for a WebSocket that does not open: its address, and what went wrong.
_FAILED = re.compile(r"WebSocket connection to '([^']*)' failed:? ?(.*)", re.DOTALL)
_STATUS = re.compile(r"Unexpected response code: (\d{3})")
_NO_UPGRADE = {HTTPStatus.OK, HTTPStatus.UPGRADE_REQUIRED}


class WebSocketMonitor:
    """The WebSockets that a page and its frames open, and the errors in its console meanwhile.

    A page may open others beside the desktop's, to notify its user for example: as soon as a VNC server has greeted at
    one address, only that one counts.
    """

    def __init__(self, page: Page) -> None:
        self._opened: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()
        self._desktops_address: str | None = None
        self._complaint = ""
        self._browser_message = ""
        self._desktops: list[RfbListener] = []
        self.watch(page)

    def watch(self, page: Page) -> None:
        """Follows the sockets and the console of one more page."""
        page.on("websocket", self._keep_socket)
        page.on("console", self._keep_complaint)

    @property
    def connections(self) -> int:
        """How often the page has opened the desktop's WebSocket: once, unless the connection was lost."""
        return self._of_the_desktop(self._opened, max(self._opened.values(), default=0))

    @property
    def desktop_size(self) -> tuple[int, int] | None:
        """Width and height of the desktop, as the last VNC server told the page that completed a handshake."""
        return next((desktop.size for desktop in reversed(self._desktops) if desktop.size is not None), None)

    @property
    def speaks_rfb(self) -> bool:
        """Whether a VNC server has greeted the page."""
        return any(desktop.speaks_rfb for desktop in self._desktops)

    @property
    def asks_for_password(self) -> bool:
        """Whether the page's last VNC server wants a password."""
        last = self._last()
        return last is not None and last.size is None and not last.refusal and bool(last.asks)

    def trouble(self) -> str | None:
        """The VNC server's or the browser's words for a connection that failed or was lost; None when none was."""
        last = self._last()
        trouble = last.trouble() if last is not None else None
        if trouble is not None:
            return f"{self._before(last)}{trouble}{self._times()}"
        if not self._ended():
            return None
        greeted = f"; the VNC server had greeted with {last.greeting}" if last is not None and last.greeting else ""
        complaints = "; ".join(filter(None, [self._browser_message, self._complaint]))
        return f"the page's WebSocket has ended{self._times()}{complaints and f' ({complaints})'}{greeted}"

    def _before(self, last: RfbListener | None) -> str:
        """That the first handshake was torn, where the server's refusal of the last one is its answer to that."""
        first = next((desktop for desktop in self._desktops if desktop.speaks_rfb), None)
        is_torn = first is not None and first is not last and first.size is None and not first.refusal
        return "the page's WebSocket has ended in the midst of the handshake, and then " if is_torn else ""

    def _last(self) -> RfbListener | None:
        """The last WebSocket in which a VNC server greeted."""
        return next((desktop for desktop in reversed(self._desktops) if desktop.speaks_rfb), None)

    def _times(self) -> str:
        return "" if self._ended() <= 1 else f" {self._ended()} times"

    def _ended(self) -> int:
        return self._of_the_desktop(self._ends, self._ends.total())

    def _of_the_desktop(self, counted: Counter[str], otherwise: int) -> int:
        return otherwise if self._desktops_address is None else counted[self._desktops_address]

    def _keep_socket(self, socket: WebSocket) -> None:
        address = without_query(socket.url)
        self._opened[address] += 1
        desktop = RfbListener()
        self._desktops.append(desktop)

        def hear(payload: str | bytes) -> None:
            desktop.heard(payload)
            if desktop.speaks_rfb:
                self._desktops_address = address

        socket.on("framereceived", hear)
        socket.on("framesent", desktop.sent)
        socket.on("close", lambda _: self._ends.update([address]))

    def _keep_complaint(self, message: ConsoleMessage) -> None:
        """The last one of the client, and the last one of the browser."""
        if message.type != "error":
            return
        text = " ".join(message.text.split())
        if CLIENT_PAGE.is_disconnect_notice(text):
            self._complaint = text[:_WORDS]
        else:
            self._browser_message = browsers_words(text)


def browsers_words(message: str) -> str:
    """Chromium's message about a WebSocket that does not open, without what may hold a token."""
    found = _FAILED.match(message)
    if found is None:
        return message[:_WORDS]
    address, reason = without_query(found[1]), found[2].strip()[:_WORDS]
    status = _STATUS.search(reason)
    if status is not None and int(status[1]) in _NO_UPGRADE:
        reason = f"{reason}: something before it does not let the upgrade through"
    return f"{address}: {reason or 'it does not open'}"


def without_query(url: str) -> str:
    """The address without its query, which may hold a token."""
    return url.partition("?")[0]
