"""One load of the VNC client's page: its scripts, its errors, and how far the client has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, Response
from playwright.sync_api import TimeoutError as Late

from streamspace_acceptance import waiting
from streamspace_acceptance.desktop.client_page import CLIENT_PAGE, ClientPage, PageOpenError
from streamspace_acceptance.desktop.page_parts import PageParts
from streamspace_acceptance.desktop.watchdog import CRASHED, GRACE_SECONDS, BrowserError, BrowserWatchdog
from streamspace_acceptance.desktop.websocket_monitor import WebSocketMonitor, without_query
from streamspace_acceptance.redaction import secret_sources

__all__ = ["PAGE_SECONDS", "PageLoad", "PageOpenError", "PageState"]

PAGE_SECONDS = 20.0
BY_ITSELF_SECONDS = 1.0
"""For so long a page may take to connect by itself, before a user would click on its button."""
AFTER_CLICK_SECONDS = 3.0
"""For so long it may take to connect after that click, or after it came without some of its parts."""

AFTER_ALL_SECONDS = 0.5
"""For so long a late page that answers may take to be whole."""

# Chromium aborts a load whenever an address of its own machine changes, as when a container starts beside it. No answer
# of a server can cause that error, so the page is loaded again, as a user would do.
_NETWORK_CHANGED = "ERR_NETWORK_CHANGED"
_CERTIFICATE = "ERR_CERT_"
_LISTED = 2


@dataclass
class PageState:
    """How far a load has come: errors, scripts, and the client's screen.

    `canvas`: the client has drawn on its screen. `started`: it has tried to connect, whether it came to draw or not.
    `status` is the status of the page itself in the browser. `button` is what waits for a click, `clicked` what was
    clicked on; `notice` is what the page itself says of a trouble. `overdue`: a user would no longer wait for it.
    """

    errors: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    broken_scripts: list[str] = field(default_factory=list)
    novnc: list[str] = field(default_factory=list)
    canvas: bool = False
    started: bool = False
    status: int | None = None
    button: str = ""
    clicked: str = ""
    notice: str = ""
    overdue: bool = False
    loaded_again: int = 0

    def describe(self) -> str:
        """The missing and failed parts of the page, or the statement that there are none."""
        name = CLIENT_PAGE.name
        odd = self.status is not None and not 200 <= self.status < 300
        troubles = [
            *([f"the browser got the page with status {self.status}"] if odd else []),
            *([] if self.novnc else [f"no script of {name} among {len(self.scripts)} scripts"]),
            *([] if self.novnc_loaded else self.broken()),
            *(f"error {error}" for error in self.errors[:_LISTED] if not self.canvas),
            *([] if self.canvas or not self.novnc else [self._screenless()]),
            *([f"the page says “{self.notice}”"] if self.notice and not self.canvas else []),
            *([f"loaded {self.loaded_again + 1} times: this machine's network changed"] * (self.loaded_again > 0)),
        ]
        after = f" after one click on “{self.clicked}”" if self.clicked else ""
        return "; ".join(troubles) or f"{name} loaded ({len(self.scripts)} scripts) and draws on its screen{after}"

    def broken(self) -> list[str]:
        """The scripts that did not load, the first ones by name."""
        more = len(self.broken_scripts) - _LISTED
        return self.broken_scripts[:_LISTED] + ([f"and {more} more scripts"] if more > 0 else [])

    @property
    def novnc_loaded(self) -> bool:
        """Whether the client runs in the page: it has drawn, or tried to connect, or waits for a user to ask for it."""
        return bool(self.novnc) and (self.canvas or self.started or bool(self.button))

    @property
    def settled(self) -> bool:
        """Whether the client runs, and a click has been waited for where the page asks for one."""
        return self.novnc_loaded and (self.canvas or self.started or (bool(self.clicked) and self.overdue))

    @property
    def hopeless(self) -> str | None:
        """Why the client will not load any more; None while it may."""
        return ("; ".join(self.broken()) or None) if self.overdue and not self.novnc_loaded else None

    def _screenless(self) -> str:
        if self.button:
            again = " still, after one click" if self.clicked else ""
            return f"the page waits for a click on “{self.button}”{again}"
        return f"{CLIENT_PAGE.name} draws nothing" if self.started else f"no {CLIENT_PAGE.name} screen in the page"


class PageLoad:
    """A new page, loaded once. `network_changed`: the load was aborted, and no server is to blame.

    `opened` is called with the page while it is still empty. `password` is typed where the page asks for one.
    """

    def __init__(
        self,
        context: BrowserContext,
        calls: BrowserWatchdog,
        url: str,
        loaded_again: int,
        opened: Callable[[Page], None] = lambda _: None,
        *,
        client: ClientPage = CLIENT_PAGE,
        password: str | None = None,
    ) -> None:
        self._calls = calls
        self.client = client
        self._password = password
        with calls.within("a new page", of_page=False):
            client.prepare(context)
            self.page = context.new_page()
        opened(self.page)
        self._opened = opened
        self._windows: list[Page] = []
        self.network_changed = False
        self._requests: list[Request] = []
        self._loaded = PageState(loaded_again=loaded_again)
        context.on("requestfinished", self._keep_part)
        context.on("requestfailed", self._keep_failure)
        context.on("console", self._keep_console)
        self._parts = PageParts(self.page)
        self.line = WebSocketMonitor(self.page)
        self.page.on("pageerror", self._keep_error)
        self.page.on("popup", self._keep_window)
        self._go(url)
        self._patient_until = waiting.now() + AFTER_CLICK_SECONDS
        self._click_from = waiting.now() + BY_ITSELF_SECONDS

    def _go(self, url: str) -> None:
        failed = self._load(url)
        if _CERTIFICATE in failed:
            raise BrowserError(
                f"the browser does not accept the certificate of the desktop's page ({failed}): trust the CA that "
                "signed it, or set SSL_CERT_FILE to its PEM file"
            )
        if failed and _NETWORK_CHANGED not in failed:
            raise PageOpenError(failed)
        self.network_changed = self.network_changed or bool(failed)

    def _load(self, url: str) -> str:
        """Loads the page. Returns why it did not load, empty when it did; PageOpenError when it is late.

        A user does not wait for fonts and images that never come, so the document and its own scripts are enough. A
        late page does not hang: one that waits for one of its parts still answers. A page that is whole once it answers
        is not late, since its own scripts or a busy machine kept the browser from answering.
        """
        self._parts.begin()
        with self._calls.within("a page", 2 * PAGE_SECONDS + GRACE_SECONDS):
            try:
                response = self.page.goto(url, timeout=PAGE_SECONDS * 1000, wait_until="commit")
                self._loaded.status = None if response is None else response.status
                whole = self._document_comes(PAGE_SECONDS)
            except Late as error:
                raise self._late() from error
            except Error as error:
                if not self._calls.alive or CRASHED in str(error):
                    raise
                return str(error).splitlines()[0]
        if not whole:
            with self._calls.within("an answer of the page, which has not loaded in time,"):
                self.page.evaluate("true")
                whole = self._document_comes(AFTER_ALL_SECONDS)
        if not whole:
            raise self._late()
        return ""

    def _document_comes(self, seconds: float) -> bool:
        """Whether the document and its own scripts load within that time."""
        try:
            self.page.wait_for_load_state("domcontentloaded", timeout=seconds * 1000)
        except Late:
            return False
        return True

    def _late(self) -> PageOpenError:
        awaited = self._parts.awaited()
        why = awaited or "its parts came promptly, but its scripts, or this machine, keep the browser busy"
        return PageOpenError(f"it did not load in full within {PAGE_SECONDS:g} s: {why}", late=awaited is not None)

    def loaded(self) -> PageState:
        """How far the page has come by now. It gets a click or a password, once, where it waits for one."""
        self._go_to_window()
        requests, self._requests = self._requests, []
        for request in requests:
            self._judge(request)
        state = self._loaded
        self.client.size = self.line.desktop_size
        with self._calls.within("an answer of the page"):
            if not state.novnc:
                state.novnc += self.client.inline_in(self.page)
            self.client.scripts = [without_query(url) for url in state.novnc]
            state.canvas = self.client.find_screen(self.page) is not None
            made = self.line.connections > 0 and self.client.has_started(self.page)
            state.started = state.started or self.line.speaks_rfb or made
        if not state.canvas:
            self._serve_page()
        state.overdue = waiting.now() >= self._patient_until
        return state

    def notice(self) -> str:
        """The page's own words for a trouble; empty where it says nothing."""
        with self._calls.within("what the page says"):
            return self.client.controls(self.page).notice

    def _go_to_window(self) -> None:
        """A click may open the desktop in another window: it is the page from then on."""
        open_windows = [window for window in self._windows if not window.is_closed()]
        if self._loaded.clicked and open_windows and not self._loaded.canvas and self.page is not open_windows[-1]:
            self.page = open_windows[-1]
            self._opened(self.page)
            self._patient_until = waiting.now() + AFTER_CLICK_SECONDS

    def _serve_page(self) -> None:
        """Clicks once on the button that the page waits for, and types the password that it asks for."""
        state = self._loaded
        with self._calls.within("what the page waits for"):
            controls = self.client.controls(self.page)
            state.notice = controls.notice
            if self._password is not None and self.line.asks_for_password and controls.password is not None:
                self._type_password(controls.user, controls.password)
            state.button = "" if state.started else controls.label
            waits = controls.connect is not None and not state.started and not state.clicked
            # A page may load its client, or open a window for it, once its user asks for the desktop.
            click_from = self._click_from if state.novnc else self._patient_until
            if waits and controls.connect is not None and waiting.now() >= click_from:
                self.page.mouse.click(*controls.connect)
                state.clicked = controls.label
                self._patient_until = waiting.now() + AFTER_CLICK_SECONDS

    def _type_password(self, user: tuple[float, float] | None, field_: tuple[float, float]) -> None:
        """Once: a server that refuses it would lock out who tries again."""
        name, _, password = (self._password or "").rpartition(":")
        secret_sources.from_typing(password)
        if user is not None and name:
            self.page.mouse.click(*user)
            self.page.keyboard.type(name)
        self.page.mouse.click(*field_)
        self.page.keyboard.type(password if user is not None and name else self._password or "")
        self.page.keyboard.press("Enter")
        self._password = None

    def _keep_error(self, error: Error) -> None:
        self._loaded.errors.append(str(error))

    def _keep_window(self, window: Page) -> None:
        window.on("pageerror", self._keep_error)
        self.line.watch(window)
        self._windows.append(window)

    def _keep_part(self, request: Request) -> None:
        """A script, or a frame: nothing else of a page makes a client work or not."""
        if request.resource_type == "script" or (request.is_navigation_request() and request.frame.parent_frame):
            self._requests.append(request)

    def _keep_failure(self, request: Request) -> None:
        if _NETWORK_CHANGED in (request.failure or ""):
            self.network_changed = True
        else:
            self._keep_part(request)

    def _keep_console(self, message: ConsoleMessage) -> None:
        """The errors of a WebSocket occur in the console only."""
        if _NETWORK_CHANGED in message.text:
            self.network_changed = True

    def _judge(self, request: Request) -> None:
        name = f"{'script' if request.resource_type == 'script' else 'frame'} {without_query(request.url)}"
        with self._calls.within(f"the answer to {name}"):
            response = request.response()
        if response is not None and not response.ok:
            self._loaded.broken_scripts.append(f"{name} answers {response.status}")
        elif response is None or request.failure:
            self._loaded.broken_scripts.append(f"{name} did not come: {request.failure}")
        if response is not None and request.resource_type == "script":
            self._loaded.scripts.append(response.url)
            readable = response.ok and not request.failure
            self._loaded.novnc += [response.url] if readable and self._is_client(response) else []

    def _is_client(self, response: Response) -> bool:
        try:
            with self._calls.within(f"all of the script {without_query(response.url)}"):
                return self.client.is_client(response.text())
        except BrowserError as trouble:
            if not self._calls.alive:
                raise
            if not self.network_changed:
                self._loaded.broken_scripts.append(f"script {without_query(response.url)} cannot be read: {trouble}")
            return False
