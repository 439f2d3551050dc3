"""The browser of a run: found in the order setting, Playwright's own, the system's; started when first needed."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, ProxySettings, sync_playwright

from streamspace_acceptance import proxies
from streamspace_acceptance.desktop import processes
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS
from streamspace_acceptance.desktop.client_page import CLIENT_PAGE
from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.desktop.viewer import Viewer, close
from streamspace_acceptance.desktop.watchdog import CONTROL_SECONDS, BrowserError, BrowserWatchdog
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.proxies import Proxy
from streamspace_acceptance.user_home import user_home
from streamspace_acceptance.waiting import now

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHTS_OWN = ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*linux*/*headless*shell")
"""Where Playwright keeps its browsers: `playwright install --only-shell` leaves the second alone."""
WINDOW = {"width": 1360, "height": 800}
# What goes wrong in a call is raised where it is made. Beyond that asyncio and Playwright print what became of calls
# that nobody waits for any more: those of a browser that was ended, or of a run that was stopped.
_NOISY_LOGGERS = ("asyncio", "playwright")
START_SECONDS = 30.0
"""Half a second on an idle machine."""


def find(setting: str | None) -> Path | None:
    """The browser to use, None for Playwright's own; SetupProblem when there is none at all."""
    if setting is not None:
        if os.access(setting, os.X_OK) and Path(setting).is_file():
            return Path(setting)
        raise SetupProblem(
            f"STREAMSPACE_BROWSER is {setting}, which is not a program: set it to a Chromium, or unset it."
        )
    if _playwrights_own():
        return None
    for name in SYSTEM_BROWSERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise SetupProblem(
        "No browser was found: install Chromium (apt-get install chromium, or playwright install chromium), "
        "or set STREAMSPACE_BROWSER to one."
    )


def _playwrights_own() -> bool:
    """Whether Playwright's own download of Chromium, or of its headless shell alone, exists: without its start."""
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path(home) if home else user_home() / ".cache" / "ms-playwright"
    return any(next(cache.glob(place), None) is not None for place in PLAYWRIGHTS_OWN)


class _Chromium:
    """One browser process, the process that drives it, and the watchdog of all calls to it."""

    def __init__(
        self, executable: Path | None, pins: frozenset[str], control: Callable[[], float | str], seconds: float
    ) -> None:
        self.pins = pins
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._process: int | None = None
        self._others = processes.children()
        self._driver: frozenset[int] | None = None
        self.calls = BrowserWatchdog(self._processes, self._is_connected, control)
        try:
            with self.calls.within("the start of the browser", seconds, of_page=False):
                self._start(executable, seconds)
        except BaseException:
            self.close()
            raise

    def _start(self, executable: Path | None, seconds: float) -> None:
        for name in _NOISY_LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._playwright = sync_playwright().start()
        pins = [f"--ignore-certificate-errors-spki-list={','.join(sorted(self.pins))}"] if self.pins else []
        self._browser = self._playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, *pins], timeout=seconds * 1000
        )
        system = self._browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        self._process = next(int(process["id"]) for process in system["processInfo"] if process["type"] == "browser")
        self._driver = processes.children() - self._others

    def context(self, ratio: float, proxy: Proxy | None) -> BrowserContext:
        """A fresh context: no cookies, no cache, nothing of another viewer's. `ratio`: see `Viewer`."""
        with self.calls.within("a new window", of_page=False):
            return self._running().new_context(
                viewport=WINDOW,  # type: ignore[arg-type]
                device_scale_factor=ratio,
                proxy=None if proxy is None else _as_playwright(proxy),
            )

    def answer(self, seconds: float) -> None:
        """Shows a page and asks it for something and for its picture."""
        with self.calls.within("a fresh page", seconds, of_page=False):
            page = self._running().new_page()
            page.set_content(CLIENT_PAGE.empty)
            CLIENT_PAGE.framebuffer_png(page)
            page.screenshot()
            page.close()

    def close(self) -> None:
        """Ends the browser and what drives it, by force if need be."""
        if self._playwright is not None:
            if not self.calls.alive:
                self.calls.end("the browser was gone")
            with suppress(BrowserError), self.calls.within("the end of the browser", of_page=False, though_over=True):
                if self._browser is not None and self.calls.alive:
                    self._browser.close()
                self._playwright.stop()
            self._playwright = None
        self.calls.close("the browser was closed")

    def _running(self) -> Browser:
        if self._browser is None:
            raise AssertionError("a browser that did not start was asked for something")
        return self._browser

    def _processes(self) -> list[int]:
        """The browser's process, as soon as it is known, and the one that drives it."""
        driver = processes.children() - self._others if self._driver is None else self._driver
        return [*([] if self._process is None else [self._process]), *driver]

    def _is_connected(self) -> bool:
        return self._browser is None or self._browser.is_connected()


def _as_playwright(proxy: Proxy) -> ProxySettings:
    settings: ProxySettings = {"server": proxy.server}
    if proxy.user is not None:
        settings |= {"username": proxy.user, "password": proxy.password or ""}
    return settings


class RunBrowser:
    """The browser of a run. Each viewer gets a context of its own from it, and a browser that is gone is replaced.

    `pin` gives the key of the server at an address, as Chromium knows it, where the suite has reason to trust it.
    `page` describes the pages that it opens; `password` is for desktops that ask for one.
    """

    def __init__(
        self,
        executable: Path | None,
        pin: Callable[[str], str | None] = lambda _: None,
        *,
        page: PageDescription | None = None,
        password: str | None = None,
    ) -> None:
        self._executable = executable
        self._pin = pin
        self._page = page
        self._password = password
        self._pins: frozenset[str] = frozenset()
        self._browser: _Chromium | None = None

    def viewer(self, url: str, *, ratio: float = 1.0) -> Viewer:
        """The desktop at that address, opened; PageOpenError when no page comes, whatever status it may have.

        `ratio` is the browser's device pixel ratio.

        The browser learns of a server's key when it starts: it starts anew for one that it does not know yet, which
        closes what was open. All desktops of a StreamSpace come from one address, as a rule.
        """
        pin = self._pin(url)
        self._pins |= frozenset() if pin is None else {pin}
        browser = self._started(START_SECONDS)
        context = browser.context(ratio, proxies.proxy_for(url))
        try:
            return Viewer(context, browser.calls, url, page=self._page, password=self._password, ratio=ratio)
        except BaseException:
            close(context, browser.calls)
            raise

    def close(self) -> None:
        """Ends the browser, if it ever started."""
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.close()

    def _started(self, seconds: float) -> _Chromium:
        if self._browser is not None and not (self._browser.calls.alive and self._browser.pins >= self._pins):
            self.close()
        if self._browser is None:
            self._browser = _Chromium(self._executable, self._pins, self._control, seconds)
        return self._browser

    def _control(self) -> float | str:
        """After how many seconds a fresh browser has answered, or why it has not. The next viewer uses it."""
        began = now()
        try:
            self._started(CONTROL_SECONDS).answer(began + CONTROL_SECONDS - now())
        except BrowserError as error:
            return str(error)
        return now() - began
