"""One load of the noVNC page: which scripts came, what went wrong, and whether noVNC put up its screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response
from playwright.sync_api import TimeoutError as Late

from streamspace_acceptance.desktop.watchdog import CRASHED, GRACE_SECONDS, BrowserError, BrowserWatchdog
from streamspace_acceptance.desktop.websocket_monitor import WebSocketMonitor, without_query

PAGE_SECONDS = 20.0

# noVNC takes its canvas out of the page when a connection fails: that it was there is remembered.
_REMEMBER_CANVAS = """
globalThis.__canvasSeen = false;
new MutationObserver(() => { globalThis.__canvasSeen ||= document.querySelector('canvas') !== null; })
  .observe(document, { childList: true, subtree: true });
"""
# Chromium drops what it is loading whenever an address of its own machine changes, as when a container starts beside
# it. No answer of a server can cause that error, so the page is loaded again, as a user would.
_NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
_CERTIFICATE = "ERR_CERT_"
_LISTED = 2
_CANVAS_SEEN = "globalThis.__canvasSeen || document.querySelector('canvas') !== null"
# The names of events, which its users listen for: they outlast bundlers and minifiers, as no other name in it does.
_MARKS_OF_NOVNC = ("credentialsrequired", "securityfailure", "desktopname")
_IN_THE_PAGE = "marks => Array.from(document.scripts).some(one => marks.every(mark => one.text.includes(mark)))"


class PageOpenError(Exception):
    """The browser did not get the page at all; `late`: nothing went wrong but that it was not there in time."""

    def __init__(self, sentence: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(sentence)


@dataclass
class PageState:
    """What the browser made of the page: its own errors, its scripts, and whether noVNC put up its screen."""

    errors: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    broken_scripts: list[str] = field(default_factory=list)
    novnc: list[str] = field(default_factory=list)
    canvas: bool = False
    loaded_again: int = 0

    def describe(self) -> str:
        """What stands in the way, or that nothing does."""
        troubles = [
            *([] if self.novnc else [f"no script of noVNC among {len(self.scripts)} scripts"]),
            *self.broken(),
            *(f"error {each}" for each in self.errors[:_LISTED]),
            *([] if self.canvas else ["no noVNC screen in the page"]),
            *([f"loaded {self.loaded_again + 1} times: this machine's network changed"] * (self.loaded_again > 0)),
        ]
        return "; ".join(troubles) or f"noVNC loaded ({len(self.scripts)} scripts) and its screen is there"

    def broken(self) -> list[str]:
        """The scripts that did not come, the first ones by name."""
        more = len(self.broken_scripts) - _LISTED
        return self.broken_scripts[:_LISTED] + ([f"and {more} more scripts"] if more > 0 else [])

    @property
    def novnc_loaded(self) -> bool:
        """Whether the noVNC client runs in the page."""
        return bool(self.novnc) and not self.broken_scripts and self.canvas


class PageLoad:
    """A page of its own, loaded once. `network_changed`: the load came to nothing, and no server is to blame.

    `opened` gets the page while it is still empty.
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
            self.page.add_init_script(_REMEMBER_CANVAS)
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
        """Loads the page, and gives why it did not come, if it did not; CannotOpen when it did not come in time.

        Late is not the same as hanging: a page that waits for one of its parts answers meanwhile.
        """
        come = False
        with self._calls.within("a page", 2 * PAGE_SECONDS + GRACE_SECONDS):
            try:
                self.page.goto(url, timeout=PAGE_SECONDS * 1000, wait_until="commit")
                come = True
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
        if come:
            with self._calls.within("a word of the page, which has not loaded in time,"):
                self.page.evaluate("true")
        raise late

    def loaded(self) -> PageState:
        """How far the page has come by now."""
        responses, self._responses = self._responses, []
        for response in responses:
            self._judge_script(response)
        with self._calls.within("a word of the page"):
            self._loaded.canvas = self.page.evaluate(_CANVAS_SEEN)
            if not self._loaded.novnc and self.page.evaluate(_IN_THE_PAGE, _MARKS_OF_NOVNC):
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
        """The WebSocket's errors are told in the console only."""
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
        if all(mark in text for mark in _MARKS_OF_NOVNC):
            self._loaded.novnc.append(response.url)
