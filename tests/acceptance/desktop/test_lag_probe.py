"""The probe of input lag in a real browser: a page that answers after a known time is measured right."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from streamspace_acceptance.desktop.browser import find
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS
from streamspace_acceptance.desktop.lag_probe import LagProbe
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog
from streamspace_acceptance.measuring.input_lag import BUSY_PAGE
from tests.support.answering_page import PAGE

pytestmark = pytest.mark.quiet


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    setting = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(setting), args=list(ARGUMENTS))
        page = browser.new_page()
        page.set_content(PAGE)
        yield page
        browser.close()


@pytest.fixture(scope="module")
def probe(page: Page) -> LagProbe:
    return LagProbe(page, BrowserWatchdog(), 100, 50)


@pytest.mark.parametrize("milliseconds", [0, 20, 80, 150])
def test_a_known_lag_is_measured(page: Page, probe: LagProbe, milliseconds: int) -> None:
    page.evaluate("milliseconds => { globalThis.answerAfter = milliseconds }", milliseconds)
    found = [probe.lag_of(lambda: page.keyboard.press("a")) for _ in range(11)]
    found += [probe.lag_of(lambda: page.mouse.click(5, 5)) for _ in range(10)]
    assert all(lag is not None and lag >= milliseconds for lag in found)
    assert statistics.median(lag for lag in found if lag is not None) - milliseconds < 10


def test_what_changes_elsewhere_is_no_answer(page: Page, probe: LagProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamspace_acceptance.desktop.lag_probe.PATIENCE_MILLISECONDS", 200.0)
    page.evaluate("deaf = true")
    assert probe.lag_of(lambda: page.keyboard.press("a")) is None
    page.evaluate("deaf = false")


def test_the_pages_own_timer_tells_a_machine_that_is_held_up(page: Page, probe: LagProbe) -> None:
    probe.take_drifts()
    page.evaluate("() => { const until = performance.now() + 300; while (performance.now() < until); }")
    page.evaluate("() => new Promise(done => setTimeout(done, 50))")
    assert max(probe.take_drifts()) > 200


def test_the_pages_own_load_is_what_it_uses_itself(page: Page, probe: LagProbe) -> None:
    probe.take_load()
    page.evaluate("() => new Promise(done => setTimeout(done, 1000))")
    idle = probe.take_load()
    assert idle < BUSY_PAGE / 2
    used = "() => { let sum = 0; for (let n = 0; n < 5e8; n++) sum += n % 7; return sum; }"
    page.evaluate(used)
    assert probe.take_load() > idle
