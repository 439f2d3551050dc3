"""Runs test 1.1d as `behave` does, with a password typed into each desktop, and then as the first argument says.

on: to its end. crash: the hook after the scenario raises. wait: it waits to be killed, a desktop open and typed into.
bare: to its end, with nothing masked.
"""

import os
import signal
import sys

from behave.__main__ import main

from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.redaction import playwright_trace, redactor
from streamspace_acceptance.troubleshooting import desktop_media

how, TYPED, SAID = sys.argv[1], os.environ["CANARY_TYPED"], os.environ["CANARY_SAID"]
opening = SessionDesktop.open


def open_and_type(self: SessionDesktop, browser: object) -> None:
    opening(self, browser)  # type: ignore[arg-type]
    assert self.viewer is not None
    self.viewer.type(TYPED)
    if how == "wait":
        sys.stdout.write("typed\n")
        sys.stdout.flush()
        signal.pause()


def crash(_desktops: object) -> None:
    raise RuntimeError(f"the hook is out of order: {SAID}")


SessionDesktop.open = open_and_type  # type: ignore[method-assign]
if how == "crash":
    desktop_media.show = crash  # type: ignore[assignment]
if how == "bare":
    # The code itself, since many modules hold the function by now.
    for method in (redactor.Redactor.redact, redactor.Redactor.mask):
        method.__code__ = (lambda self, text: text).__code__
    playwright_trace.redacted.__code__ = (lambda trace: trace).__code__
sys.exit(main(["--no-color", "--tags=@test-1.1d"]))
