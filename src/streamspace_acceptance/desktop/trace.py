"""Playwright's own trace of what was done with a page: every call, the page before and after, the network."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Error

from streamspace_acceptance.evidence import archive, learning


class NoTrace(Exception):
    """There is no trace: the sentence says why."""


class Trace:
    """A trace of one browser context, from now on. It is forgotten with the context unless somebody keeps it."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._trouble: str | None = None
        try:
            context.tracing.start(screenshots=False, snapshots=True, sources=False)
        except Error as error:
            self._trouble = str(error).splitlines()[0]

    def keep(self) -> bytes:
        """Ends the trace and gives it without secrets, as the bytes of a zip; NoTrace when it cannot be had.

        Playwright hands a trace out as a file only. It lies in a folder that nobody else can read, and no longer than
        it takes to read it.
        """
        if self._trouble is not None:
            raise NoTrace(self._trouble)
        try:
            learning.from_cookie_values(str(each.get("value", "")) for each in self._context.cookies())
            with tempfile.TemporaryDirectory(prefix="streamspace-trace-") as folder:
                raw = Path(folder) / "trace.zip"
                self._context.tracing.stop(path=raw)
                return archive.redacted(raw.read_bytes())
        except Error as error:
            raise NoTrace(str(error).splitlines()[0]) from error
