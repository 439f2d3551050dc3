"""A masked trace opens in Playwright's own viewer, with actions, pictures of the page, console and network in it.

It takes about six seconds: a browser makes the trace, another one looks at it.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import playwright
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, sync_playwright

from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog
from streamspace_acceptance.redaction.redactor import MASK

pytestmark = pytest.mark.slow

BROWSER = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
VIEWER = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "vite" / "traceViewer"
TYPED, TOKEN, COOKIE = "typed-s3cret-words", "t0ken-in-the-address", "c00kie-of-the-page"
PAGE = f"""<!doctype html><title>A desktop</title>
<h1>The page of the desktop</h1><input id=field><button>Press</button>
<script>document.cookie = "session={COOKIE}"; console.log("the page says hello");
fetch("told.txt?token={TOKEN}")</script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing into the test's output."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which the files of `folder` answer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def trace(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The masked trace of a page in which something was typed."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text(PAGE)
    (folder / "told.txt").write_text("told")
    context = browser.new_context()
    kept = Trace(context, BrowserWatchdog())
    with served(folder) as url:
        page = context.new_page()
        page.goto(f"{url}/index.html?token={TOKEN}")
        page.locator("#field").click()
        page.keyboard.type(TYPED)
        page.get_by_text("Press").click()
        page.wait_for_load_state("networkidle")
        masked = kept.keep()
    context.close()
    return masked


@pytest.fixture
def viewer(browser: Browser, trace: bytes, tmp_path: Path) -> Iterator[Page]:
    """Playwright's viewer with the trace in it."""
    shutil.copytree(VIEWER, tmp_path / "viewer")
    (tmp_path / "viewer" / "trace.zip").write_bytes(trace)
    with served(tmp_path / "viewer") as url:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(15_000)
        page.goto(f"{url}/index.html?trace={url}/trace.zip")
        yield page
        page.close()


def test_the_zip_is_sound_and_holds_no_secret(trace: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(trace)) as archive:
        assert archive.testzip() is None
        entries = {name: archive.read(name) for name in archive.namelist()}
    whole = b"\n".join(entries.values())
    for secret in (TYPED, TOKEN, COOKIE):
        assert secret.encode() not in whole
    assert MASK.encode() in whole
    assert [name for name in entries if name.endswith((".trace", ".network"))]


def test_the_viewer_shows_what_was_done_and_what_was_seen(viewer: Page) -> None:
    actions = viewer.get_by_test_id("actions-tree")
    actions.get_by_text("Navigate").first.wait_for()
    actions.get_by_text("Click").last.click()
    snapshot(viewer).get_by_text("The page of the desktop").wait_for()
    viewer.get_by_role("tab", name="Console").click()
    viewer.get_by_text("the page says hello").first.wait_for()
    viewer.get_by_role("tab", name="Network").click()
    viewer.get_by_text("told.txt").first.wait_for()
    assert TOKEN not in viewer.content()


def snapshot(viewer: Page) -> FrameLocator:
    return viewer.frame_locator("iframe.snapshot-visible")
