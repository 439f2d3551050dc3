"""The browser's command line: Playwright's own settings hold, and no page but the desktop's is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from streamspace_acceptance.desktop.browser import find
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS, PLAYWRIGHTS

DISABLED = "--disable-features="

pytestmark = pytest.mark.slow


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        executable = find(os.environ.get("STREAMSPACE_BROWSER"))
        browser = playwright.chromium.launch(executable_path=executable, args=list(arguments))
        yield browser
        browser.close()


def process(browser: Browser) -> int:
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return next(int(process["id"]) for process in found if process["type"] == "browser")


def test_features_that_playwright_disables_stay_disabled() -> None:
    with started([argument for argument in ARGUMENTS if not argument.startswith(DISABLED)]) as browser:
        command = Path(f"/proc/{process(browser)}/cmdline").read_bytes().decode()
    (disabled,) = (part.partition(DISABLED)[2] for part in command.split("\0") if part.startswith(DISABLED))
    assert tuple(disabled.split(",")) == PLAYWRIGHTS


def test_window_of_the_browser_loads_the_page_alone() -> None:
    with started(ARGUMENTS) as browser:
        browser.new_context().new_page().set_content("<p>a desktop</p>")
        targets = browser.new_browser_cdp_session().send("Target.getTargets", {"filter": [{}]})["targetInfos"]
        assert {target["type"] for target in targets} == {"page", "tab"}
