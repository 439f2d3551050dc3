"""Playwright's own trace of what was done with a page: every call, the page before and after, the network."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext

from streamspace_acceptance.desktop.deadline import BrowserTrouble, Calls
from streamspace_acceptance.evidence import archive, learning

KEEP_SECONDS = 30.0
"""A trace of some megabytes is packed first."""


class NoTrace(Exception):
    """There is no trace: the sentence says why."""


class Trace:
    """A trace of one browser context, from now on. It is forgotten with the context unless somebody keeps it."""

    def __init__(self, context: BrowserContext, calls: Calls) -> None:
        self._context = context
        self._calls = calls
        self._trouble: str | None = None
        try:
            with calls.within("the begin of the trace", of_page=False):
                context.tracing.start(screenshots=False, snapshots=True, sources=False)
        except BrowserTrouble as trouble:
            self._trouble = str(trouble)

    def keep(self) -> bytes:
        """Ends the trace and gives it without secrets, as the bytes of a zip; NoTrace when it cannot be had.

        Playwright hands a trace out as a file only. It lies in a folder that nobody else can read, and no longer than
        it takes to read it.
        """
        if self._trouble is not None:
            raise NoTrace(self._trouble)
        with tempfile.TemporaryDirectory(prefix="streamspace-trace-") as folder:
            raw = Path(folder) / "trace.zip"
            try:
                with self._calls.within("the trace", KEEP_SECONDS, of_page=False):
                    learning.from_cookie_values(str(each.get("value", "")) for each in self._context.cookies())
                    self._context.tracing.stop(path=raw)
            except BrowserTrouble as trouble:
                raise NoTrace(str(trouble)) from trouble
            return archive.redacted(raw.read_bytes())
