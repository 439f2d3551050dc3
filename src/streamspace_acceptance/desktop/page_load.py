"""One load of the VNC client's page: its scripts, its errors, and whether the client showed its screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response
from playwright.sync_api import TimeoutError as Late

from streamspace_acceptance.desktop.client_page import CLIENT_PAGE, PageOpenError
from streamspace_acceptance.desktop.watchdog import CRASHED, GRACE_SECONDS, BrowserError, BrowserWatchdog
from streamspace_acceptance.desktop.websocket_monitor import WebSocketMonitor, without_query

__all__ = ["PAGE_SECONDS", "PageLoad", "PageOpenError", "PageState"]

PAGE_SECONDS = 20.0

# Chromium aborts a load whenever an address of its own machine changes, as when a container starts beside it. No answer
# of a server can cause that error, so the page is loaded again, as a user would do.
_NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
_CERTIFICATE = "ERR_CERT_"
_LISTED = 2


@dataclass
class PageState:
    """How far a load has come: errors, scripts, and whether the client showed its screen."""

    errors: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    broken_scripts: list[str] = field(default_factory=list)
    novnc: list[str] = field(default_factory=list)
    canvas: bool = False
    loaded_again: int = 0

    def describe(self) -> str:
        """The missing and failed parts of the page, or the statement that there are none."""
        troubles = [
            *([] if self.novnc else [f"no script of {CLIENT_PAGE.name} among {len(self.scripts)} scripts"]),
            *self.broken(),
            *(f"error {error}" for error in self.errors[:_LISTED]),
            *([] if self.canvas else [f"no {CLIENT_PAGE.name} screen in the page"]),
            *([f"loaded {self.loaded_again + 1} times: this machine's network changed"] * (self.loaded_again > 0)),
        ]
        return "; ".join(troubles) or f"{CLIENT_PAGE.name} loaded ({len(self.scripts)} scripts) and its screen is there"

    def broken(self) -> list[str]:
        """The scripts that did not load, the first ones by name."""
        more = len(self.broken_scripts) - _LISTED
        return self.broken_scripts[:_LISTED] + ([f"and {more} more scripts"] if more > 0 else [])

    @property
    def novnc_loaded(self) -> bool:
        """Whether the client runs in the page."""
        return bool(self.novnc) and not self.broken_scripts and self.canvas


class PageLoad:
    """A new page, loaded once. `network_changed`: the load was aborted, and no server is to blame.

    `opened` is called with the page while it is still empty.
    """

    def __init__(
        self,
        context: BrowserContext,
        calls: BrowserWatchdog,
        url: str,
        loaded_again: int,
        opened: Callable[[Page], None] = lambda _: None,
    ) -> None:
        self._calls = calls
        with calls.within("a new page", of_page=False):
            self.page = context.new_page()
            CLIENT_PAGE.remember_screen(self.page)
        opened(self.page)
        self.network_changed = False
        self._responses: list[Response] = []
        self._loaded = PageState(loaded_again=loaded_again)
        self.page.on("pageerror", lambda error: self._loaded.errors.append(str(error)))
        self.page.on("response", self._keep_script)
        self.page.on("requestfailed", self._keep_failure)
        self.page.on("console", self._keep_console)
        self.line = WebSocketMonitor(self.page)
        self._go(url)

    def _go(self, url: str) -> None:
        failed = self._load(url)
        if _CERTIFICATE in failed:
            raise BrowserError(
                f"the browser does not accept the certificate of the desktop's page ({failed}): it has to trust the CA "
                "that signed it, or let SSL_CERT_FILE name its PEM file"
            )
        if failed and _NETWORK_CHANGED not in failed:
            raise PageOpenError(failed)
        self.network_changed = self.network_changed or bool(failed)

    def _load(self, url: str) -> str:
        """Loads the page. Returns why it did not load, empty when it did; PageOpenError when it is late.

        A late page does not hang: one that waits for one of its parts still answers.
        """
        committed = False
        with self._calls.within("a page", 2 * PAGE_SECONDS + GRACE_SECONDS):
            try:
                self.page.goto(url, timeout=PAGE_SECONDS * 1000, wait_until="commit")
                committed = True
                self.page.wait_for_load_state("load", timeout=PAGE_SECONDS * 1000)
            except Late as error:
                late = PageOpenError(f"it has not come in full within {PAGE_SECONDS:g} s", late=True)
                late.__cause__ = error
            except Error as error:
                if not self._calls.alive or CRASHED in str(error):
                    raise
                return str(error).splitlines()[0]
            else:
                return ""
        if committed:
            with self._calls.within("an answer of the page, which has not loaded in time,"):
                self.page.evaluate("true")
        raise late

    def loaded(self) -> PageState:
        """How far the page has come by now."""
        responses, self._responses = self._responses, []
        for response in responses:
            self._judge_script(response)
        with self._calls.within("an answer of the page"):
            self._loaded.canvas = CLIENT_PAGE.has_shown_screen(self.page)
            if not self._loaded.novnc and CLIENT_PAGE.is_inline(self.page):
                self._loaded.novnc.append("the page itself")
        return self._loaded

    def _keep_script(self, response: Response) -> None:
        if response.request.resource_type == "script":
            self._responses.append(response)

    def _keep_failure(self, request: Request) -> None:
        if _NETWORK_CHANGED in (request.failure or ""):
            self.network_changed = True
        elif request.resource_type == "script":
            self._loaded.broken_scripts.append(f"script {without_query(request.url)} did not come: {request.failure}")

    def _keep_console(self, message: ConsoleMessage) -> None:
        """The errors of a WebSocket occur in the console only."""
        if _NETWORK_CHANGED in message.text:
            self.network_changed = True

    def _judge_script(self, response: Response) -> None:
        self._loaded.scripts.append(response.url)
        if not response.ok:
            self._loaded.broken_scripts.append(f"script {without_query(response.url)} answers {response.status}")
            return
        try:
            with self._calls.within(f"all of the script {without_query(response.url)}"):
                text = response.text()
        except BrowserError as trouble:
            if not self._calls.alive:
                raise
            if not self.network_changed:
                self._loaded.broken_scripts.append(f"script {without_query(response.url)} cannot be read: {trouble}")
            return
        if CLIENT_PAGE.is_client(text):
            self._loaded.novnc.append(response.url)
