"""The browser of a run: found in the order setting, Playwright's own, the system's; started when first needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright

from streamspace_acceptance.verdict.outcomes import SetupProblem

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WINDOW = {"width": 1360, "height": 800}


def find(setting: str | None) -> Path | None:
    """The browser to use, None for Playwright's own; SetupProblem when there is none at all."""
    if setting is not None:
        if os.access(setting, os.X_OK) and Path(setting).is_file():
            return Path(setting)
        raise SetupProblem(
            f"STREAMSPACE_BROWSER names {setting}, which is no program: let it name a Chromium, or unset it."
        )
    if _playwrights_own():
        return None
    for name in SYSTEM_BROWSERS:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise SetupProblem(
        "No browser was found: install Chromium (apt-get install chromium, or playwright install chromium), "
        "or name one in STREAMSPACE_BROWSER."
    )


def _playwrights_own() -> bool:
    """Whether Playwright's own download of Chromium is there, without starting Playwright."""
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path(home) if home else Path.home() / ".cache" / "ms-playwright"
    return any(cache.glob("chromium-*/chrome-linux*/chrome"))


class RunBrowser:
    """The one browser process of a run; each viewer gets a context of its own from it."""

    def __init__(self, executable: Path | None) -> None:
        self._executable = executable
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def context(self) -> BrowserContext:
        """A fresh context: no cookies, no cache, nothing of another viewer's."""
        return self._started().new_context(viewport=WINDOW, device_scale_factor=1)  # type: ignore[arg-type]

    def close(self) -> None:
        """Ends the browser, if it ever started."""
        try:
            if self._browser is not None:
                self._browser.close()
        finally:
            if self._playwright is not None:
                self._playwright.stop()
            self._browser = self._playwright = None

    def _started(self) -> Browser:
        if self._browser is None:
            if self._playwright is None:
                self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(executable_path=self._executable, args=list(ARGUMENTS))
        return self._browser


__all__ = ["Error", "RunBrowser", "find"]
