"""Playwright's own trace of what was done with a page: every call, the page before and after, the network."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext

from streamspace_acceptance.desktop.watchdog import BrowserError, BrowserWatchdog
from streamspace_acceptance.redaction import playwright_trace, secret_sources

KEEP_SECONDS = 30.0
"""A trace of some megabytes is packed first."""


class TraceError(Exception):
    """There is no trace: the sentence says why."""


class Trace:
    """A trace of one browser context, from now on. It is forgotten with the context unless somebody keeps it."""

    def __init__(self, context: BrowserContext, calls: BrowserWatchdog) -> None:
        self._context = context
        self._calls = calls
        self._trouble: str | None = None
        self._goes_on = True
        try:
            with calls.within("the begin of the trace", of_page=False):
                context.tracing.start(screenshots=False, snapshots=True, sources=False)
        except BrowserError as trouble:
            self._trouble = str(trouble)

    def keep(self) -> bytes:
        """Ends the trace and gives it without secrets, as the bytes of a zip; TraceError when it cannot be had.

        Playwright hands a trace out as a file only. It lies in a folder that nobody else can read, and no longer than
        it takes to read it.
        """
        if self._trouble is not None:
            raise TraceError(self._trouble)
        with tempfile.TemporaryDirectory(prefix="streamspace-trace-") as folder:
            raw = Path(folder) / "trace.zip"
            try:
                with self._calls.within("the trace", KEEP_SECONDS, of_page=False):
                    secret_sources.from_cookie_values(
                        str(cookie.get("value", "")) for cookie in self._context.cookies()
                    )
                    self._context.tracing.stop(path=raw)
                    self._goes_on = False
            except BrowserError as trouble:
                raise TraceError(str(trouble)) from trouble
            return playwright_trace.redacted(raw.read_bytes())

    def forget(self) -> None:
        """Ends the trace, if nobody has kept it. Playwright leaves an empty folder of each that is not ended."""
        if self._goes_on and self._trouble is None and self._calls.alive:
            with suppress(BrowserError), self._calls.within("the end of the trace", of_page=False):
                self._context.tracing.stop()
                self._goes_on = False
