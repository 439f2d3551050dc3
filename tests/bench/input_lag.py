"""The error of the input lag, against a page that answers after a known time."""

from __future__ import annotations

import os
import shutil
import statistics

from playwright.sync_api import sync_playwright

from streamspace_acceptance.desktop.browser import find
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS
from streamspace_acceptance.desktop.lag_probe import LagProbe
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog
from streamspace_acceptance.measuring.distribution import percentile
from tests.bench.figure import BenchFigure
from tests.support.answering_page import PAGE

INJECTED = (0, 20, 50, 80, 100, 150)
TIMES = 20


def errors() -> list[BenchFigure]:
    """The median and the 95th percentile of the error, over all known delays."""
    found: list[float] = []
    setting = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(setting), args=list(ARGUMENTS))
        page = browser.new_page()
        page.set_content(PAGE)
        probe = LagProbe(page, BrowserWatchdog(), 100, 50)
        for milliseconds in INJECTED:
            page.evaluate("milliseconds => { globalThis.answerAfter = milliseconds }", milliseconds)
            acts = [lambda: page.keyboard.press("a"), lambda: page.mouse.click(5, 5)] * (TIMES // 2)
            found += [lag - milliseconds for act in acts if (lag := probe.lag_of(act)) is not None]
        browser.close()
    detail = f"{len(found)} inputs at {INJECTED[0]} to {INJECTED[-1]} ms"
    return [
        BenchFigure("input lag: median error", abs(statistics.median(found)), 2, "ms", detail),
        BenchFigure("input lag: error p95", percentile([abs(error) for error in found], 0.95), 8, "ms", detail),
    ]
