"""A browser with a page that hangs, or that dies itself: told as what it is by the deadline, and the next one works."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from streamspace_acceptance import waiting
from streamspace_acceptance.desktop import browser as browser_module
from streamspace_acceptance.desktop import page_load, processes, watchdog
from streamspace_acceptance.desktop.browser import RunBrowser, find
from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.desktop.page_load import PageOpenError
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.desktop.watchdog import BrowserEndedError, BrowserError, PageHangsError
from tests.hostile.calls import LATE_SECONDS
from tests.hostile.conftest import Hostile
from tests.sampling import sample
from tests.support.project import PROJECT
from tests.support.web_server import says, web_server

pytestmark = [pytest.mark.timeout(120), pytest.mark.quiet]

ANSWER, PAGE = 5.0, 5.0
"""Seconds in the place of 15 and 20."""
CANVAS = (
    "<!doctype html><body><canvas width=200 height=150></canvas>"
    "<script>document.querySelector('canvas').getContext('2d').fillRect(0, 0, 9, 9);</script><script>{}</script>"
)
SPIN = "while (true) {}"
LOST_WITHIN, KEPT_FOR = 15.0, 1.0
NOVNC = """<!doctype html><body><script type=module>
import RFB from "/novnc/core/rfb.js";
const connect = () => new RFB(document.body, location.search.slice(1))
  .addEventListener("disconnect", () => setTimeout(connect, 100));
connect();
</script>"""
RELEASE = PROJECT / "node_modules" / "@novnc"
PAGES = {
    "/sound": CANVAS.format(""),
    "/spins": CANVAS.format(SPIN),
    "/spins-when-told": CANVAS.format(
        f"const spin = () => {{ const told = new XMLHttpRequest(); told.open('GET', '/spins-now', false); told.send(); "
        f"{SPIN} }}; addEventListener('keyup', () => setTimeout(spin, 300))"
    ),
    "/alerts": CANVAS.format("setInterval(() => alert('again'), 0)"),
    "/stays": CANVAS.format("addEventListener('beforeunload', event => { event.preventDefault(); alert('no'); })"),
    "/novnc.html": NOVNC,
    "/waits-for-a-part": CANVAS.format("") + "<script src=/silence></script>",
    "/works-hard": CANVAS.format("const end = Date.now() + 7000; while (Date.now() < end) {}"),
    "/has-an-endless-script": CANVAS.format("setTimeout(() => import('/drips.js'), 100)"),
}


class _Server:
    """Says the pages, and is silent where its path says so until the end."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.spins = threading.Event()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/spins-now":
            self.spins.set()
        path = request.path.partition("?")[0]
        if path.startswith("/novnc/"):
            says((RELEASE / path.lstrip("/")).read_bytes(), content_type="text/javascript")(request)
        elif request.path == "/silence":
            self.over.wait(30)
        elif request.path == "/drips.js":
            request.send_response(200)
            request.send_header("Content-Type", "text/javascript")
            request.send_header("Content-Length", "1000000")
            request.end_headers()
            request.wfile.write(b"//" + b"x" * 100_000)
            self.over.wait(30)
        else:
            says(PAGES.get(path, "").encode(), 200 if path in PAGES else 404, "text/html")(request)


SERVER = _Server()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with web_server(SERVER.respond) as url:
        yield url
        SERVER.over.set()


@pytest.fixture(scope="module")
def browser() -> Iterator[RunBrowser]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watchdog, "ANSWER_SECONDS", ANSWER)
        patch.setattr(page_load, "PAGE_SECONDS", PAGE)
        page = PageDescription(screen="canvas")
        made = RunBrowser(find(os.environ.get("STREAMSPACE_BROWSER")), page=page)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def _the_next_browser_works(browser: RunBrowser, address: str) -> Iterator[None]:
    yield
    viewer = browser.viewer(f"{address}/sound")
    assert viewer.loaded().canvas
    assert viewer.picture() is not None
    viewer.close()
    assert len(drivers()) == 1


def drivers() -> list[int]:
    """The processes that drive browsers: one, since there is one browser."""
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes.children()}
    return [pid for pid, line in lines.items() if b"run-driver" in line]


def told(call: Callable[[], object], kind: type[Exception], words: str, within: float) -> None:
    """`call` ends as `kind`, in time."""
    began = waiting.now()
    with pytest.raises(kind, match=words) as caught:
        call()
    assert waiting.now() - began <= within + LATE_SECONDS, f"{waiting.now() - began:.1f} s: {caught.value}"


def spinning(browser: RunBrowser, address: str) -> Viewer:
    """A view of a page that spins from now on."""
    SERVER.spins.clear()
    viewer = browser.viewer(f"{address}/spins-when-told")
    viewer.press("s")
    assert SERVER.spins.wait(5)
    return viewer


CALLS: dict[str, Callable[[Viewer], object]] = {
    "how far it has come": Viewer.loaded,
    "the picture": Viewer.picture,
    "a click": lambda viewer: viewer.click(1, 1),
    "text": lambda viewer: viewer.type("a"),
    "the lag": lambda viewer: viewer.lag_probe(1, 1),
}
"""Calls of every kind; that none is without a deadline shows in the code (`tests/suite/test_browser_calls.py`)."""


@pytest.mark.parametrize("call", sample(CALLS, 1))
def test_a_page_that_spins_fails_whatever_it_is_asked(browser: RunBrowser, address: str, call: str) -> None:
    viewer = spinning(browser, address)
    told(lambda: CALLS[call](viewer), PageHangsError, "the page answers nothing", ANSWER + watchdog.CONTROL_SECONDS)
    told(viewer.loaded, BrowserEndedError, "did not answer", 0)
    viewer.close()


@pytest.mark.whole
def test_a_page_that_spins_while_it_loads(browser: RunBrowser, address: str) -> None:
    limit = PAGE + ANSWER + watchdog.CONTROL_SECONDS
    told(
        lambda: browser.viewer(f"{address}/spins"), PageHangsError, "a script of the page never comes to an end", limit
    )


@pytest.mark.parametrize("path", sample(["/silence", "/waits-for-a-part"], 0))
def test_a_page_that_does_not_come(browser: RunBrowser, address: str, path: str) -> None:
    within = r"not load in full within 5 s: http.*/silence has not come for [2-9]\.\d s"
    told(lambda: browser.viewer(address + path), PageOpenError, within, PAGE)


@pytest.mark.whole
def test_a_page_that_keeps_the_browser_busy_is_not_late(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/works-hard")
    assert viewer.picture() is not None
    viewer.close()


def test_a_script_without_an_end_keeps_nobody(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/has-an-endless-script")
    began = waiting.now()
    while waiting.now() - began < ANSWER:
        assert not viewer.loaded().novnc_loaded
    assert viewer.picture() is not None
    viewer.close()


@pytest.mark.parametrize("path", sample(["/alerts", "/stays"], 1))
def test_dialogs_keep_nobody(browser: RunBrowser, address: str, path: str) -> None:
    viewer = browser.viewer(address + path)
    viewer.click(5, 5)
    assert viewer.picture() is not None
    began = waiting.now()
    viewer.close()
    assert waiting.now() - began < ANSWER / 2


@pytest.mark.whole
def test_spinning_page_ends_the_other_pages_with_a_reason(browser: RunBrowser, address: str) -> None:
    other, viewer = browser.viewer(f"{address}/sound"), spinning(browser, address)
    told(viewer.picture, PageHangsError, "answers nothing", ANSWER + watchdog.CONTROL_SECONDS)
    told(other.picture, BrowserEndedError, "a picture of the desktop", 0)
    other.close()


@pytest.mark.parametrize(
    ("kind", "words"),
    sample(
        [
            ("closed", r"has ended.*Failed when connecting"),
            ("ws-closed", r"has ended.*Failed when connecting: Connection closed \(code: 1000\)"),
            ("ws-cut", r"has ended.*Failed when connecting: Connection closed \(code: 1006\)"),
            ("rfb-cut-result", r"has ended.*Connection closed \(code: 1006\)"),
            ("ws-garbage", r"has ended.*code: 1006"),
            ("rfb-silent-init", None),
        ],
        2,
    ),
)
def test_a_connection_that_is_lost_is_told(
    browser: RunBrowser, address: str, hostile: Hostile, kind: str, words: str | None
) -> None:
    viewer = browser.viewer(f"{address}/novnc.html?{hostile.place(kind).url.replace('http', 'ws', 1)}")
    began = waiting.now()
    while waiting.now() - began < (KEPT_FOR if words is None else LOST_WITHIN):
        assert viewer.loaded().novnc
        if words is not None and re.search(words, viewer.trouble() or ""):
            break
    assert (viewer.trouble() is None) if words is None else re.search(words, viewer.trouble() or "")
    viewer.close()


def _of_kind(kind: str) -> list[int]:
    """The processes below the browser's that are of a kind, by their command line."""
    (driver,) = drivers()
    below = [pid for child in processes.children(driver) for pid in (child, *_below(child))]
    lines = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in below}
    return [pid for pid, line in lines.items() if f"--type={kind}".encode() in line]


def _below(pid: int) -> list[int]:
    return [descendant for child in processes.children(pid) for descendant in (child, *_below(child))]


def test_the_pages_own_process_dies(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/sound")
    for pid in _of_kind("renderer"):
        os.kill(pid, signal.SIGKILL)
    told(viewer.picture, BrowserError, "the page's own process has died", 0)
    viewer.close()


def test_the_browser_dies(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/sound")
    (driver,) = drivers()
    for pid in processes.children(driver):
        os.kill(pid, signal.SIGKILL)
    told(viewer.picture, BrowserError, "the browser has ended by itself", 0)
    viewer.close()


@pytest.mark.whole
def test_what_drives_the_browser_hangs(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/sound")
    (driver,) = drivers()
    os.kill(driver, signal.SIGSTOP)
    told(viewer.picture, BrowserError, "the browser has not answered within", ANSWER)
    viewer.close()


def test_nothing_outlasts_a_run_that_has_to_end(
    browser: RunBrowser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "ANSWER_SECONDS", 20.0)
    viewer = spinning(browser, address)
    with waiting.shutdown_deadline() as hasten:
        hasten(1.0)
        told(viewer.picture, BrowserError, "not before the run had to end", 1.5)


@pytest.mark.whole
def test_silent_fresh_browser_does_not_blame_the_page(
    browser: RunBrowser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = spinning(browser, address)
    monkeypatch.setattr(browser_module, "CONTROL_SECONDS", 0.01)
    words = r"nor from a fresh browser \(the start of the browser: .*\): this machine is too busy"
    told(viewer.picture, BrowserError, words, ANSWER + 2)


def test_a_program_that_is_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: RunBrowser) -> None:
    browser.close()
    monkeypatch.setattr(browser_module, "START_SECONDS", 4.0)
    for name, script, words in (
        ("hangs", "exec sleep 600", "the start of the browser"),
        ("fails", "echo libnss3.so: cannot open shared object file >&2; exit 127", "libnss3.so"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
        told(lambda path=tmp_path / name: RunBrowser(path).viewer("about:blank"), BrowserError, words, 4.0)  # type: ignore[misc]
        assert not drivers()


def test_a_tmpdir_in_which_chromium_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: RunBrowser
) -> None:
    browser.close()
    long = tmp_path / ("long" * 20)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    told(lambda: browser.viewer("about:blank"), BrowserError, "TMPDIR is too long a path for this browser", 15.0)
    monkeypatch.undo()
    browser.close()


def test_a_browser_that_is_closed_leaves_nothing_in_tmpdir(
    address: str, monkeypatch: pytest.MonkeyPatch, browser: RunBrowser
) -> None:
    browser.close()
    with tempfile.TemporaryDirectory(prefix="short-") as short:
        monkeypatch.setenv("TMPDIR", short)
        viewer = browser.viewer(f"{address}/sound")
        assert list(Path(short).iterdir())
        viewer.close()
        browser.close()
        assert list(Path(short).iterdir()) == []
    monkeypatch.undo()
