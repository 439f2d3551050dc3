"""The parts that a page waits for while it loads, and for how long."""

from __future__ import annotations

from playwright.sync_api import Page, Request

from streamspace_acceptance import waiting
from streamspace_acceptance.desktop.websocket_monitor import without_query


class PageParts:
    """The page itself and its parts, from the request to the last byte of the answer, in seconds of this machine."""

    def __init__(self, page: Page) -> None:
        self._pending: dict[Request, float] = {}
        self._began = waiting.now()
        self._waited = 0.0
        self._waits_since = 0.0
        page.on("request", self._asked)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def begin(self) -> None:
        """The load begins now."""
        self._pending, self._began, self._waited = {}, waiting.now(), 0.0

    def awaited(self) -> str | None:
        """The part that the page waits for, and for how long; None where it spent most of the time on something else.

        Servers that answer promptly while the page does not come leave the browser, and the machine that it runs on.
        """
        now = waiting.now()
        waited = self._waited + (now - self._waits_since if self._pending else 0.0)
        if waited < (now - self._began) / 2:
            return None
        if not self._pending:
            return f"its parts took {waited:.1f} s to come"
        part, since = next(iter(self._pending.items()))
        return f"{without_query(part.url)} has not come for {now - since:.1f} s"

    def _asked(self, request: Request) -> None:
        if not self._pending:
            self._waits_since = waiting.now()
        self._pending[request] = waiting.now()

    def _ended(self, request: Request) -> None:
        if self._pending.pop(request, None) is not None and not self._pending:
            self._waited += waiting.now() - self._waits_since
