"""A desktop in a real browser: one that works is taken for that, and each way of not working is told from it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.browser import RunBrowser, find
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions import rendering
from streamspace_acceptance.domain.sessions import session_desktop as sessions_desk
from streamspace_acceptance.domain.sessions.input_probe import probe_input
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget
from tests.support.samples import SESSION, pod
from tests.support.web_server import says, web_server

pytestmark = pytest.mark.slow

PAGE = b"""<!doctype html><title>desktop</title><body style="margin:0">
<script type="module" src="/rfb.js"></script></body>"""

# As much of a client as the suite looks at: a screen with a window that obeys what is typed, unless it is told not to.
CLIENT = """// As a bundler leaves it, no name in it tells what it is, but those of its events.
const events = ['credentialsrequired', 'securityfailure', 'desktopname'];
const trouble = new URLSearchParams(location.search).get('trouble');
if (trouble === 'network' && !localStorage.getItem('again')) {
  localStorage.setItem('again', 'yes');
  console.error('WebSocket connection failed: net::ERR_NETWORK_CHANGED');
  throw new Error('not now');
}
const canvas = Object.assign(document.createElement('canvas'), { width: 400, height: 300 });
document.body.append(canvas);
const screen = canvas.getContext('2d');
function paint(colour) {
  screen.fillStyle = '#203040'; screen.fillRect(0, 0, 400, 300);
  if (trouble === 'blank') return;
  screen.fillStyle = colour;
  const isNarrow = trouble === 'on-the-left' || (trouble === 'elsewhere' && colour !== '#000000');
  screen.fillRect(10, 10, isNarrow ? 100 : 380, 280);
}
paint('#000000');
if (trouble?.startsWith('filter')) canvas.style.filter = 'sepia(0.7) brightness(0.8)';
if (trouble === 'filter-over-a-still') {
  const still = Object.assign(new Image(), { src: canvas.toDataURL() });
  still.style.cssText = 'position:absolute;left:0;top:0;pointer-events:none;filter:sepia(0.7)';
  document.body.append(still);
}
if (trouble === 'restless') setInterval(() => paint(`rgb(${[1, 2, 3].map(() => Math.random() * 255)})`), 50);
const other = part => (parseInt(part, 16) ^ 128).toString(16).padStart(2, '0');
const shown = colour => trouble !== 'swapped' ? colour : colour.replace(/[0-9a-f]{2}/g, other);
let typed = '', focused = false, awaited = '';
const carryOut = command => fetch('/typed?' + new URLSearchParams({ command }));
canvas.addEventListener('mousedown', () => {
  focused = true;
  if (awaited && trouble !== 'no-clicks') carryOut(awaited);
});
addEventListener('keydown', async event => {
  if (!focused || trouble === 'deaf') return;
  if (trouble === 'garbled') { screen.fillStyle = '#eee'; screen.fillRect(20 + 7 * (typed.length % 50), 20, 4, 8); }
  if (event.key !== 'Enter') { typed += event.key.length === 1 ? event.key : ''; return; }
  const command = typed; typed = '';
  if (trouble === 'garbled') return;
  const [touch, touchWhenClicked] = command.match(/touch [^; ]+/g);
  if (trouble !== 'elsewhere-session') await carryOut(touch);
  awaited = touchWhenClicked;
  if (trouble !== 'still') paint(shown(command.match(/#[0-9a-f]{6}/)[0]));
});
"""


class _Pod:
    """The product and the pod behind it, in one server."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.trouble = ""
        self.url = ""
        self.refusals = 3
        self.addresses = count(1)
        self.visited: set[str] = set()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if path == "/typed":
            self.files.add(query["command"][0].rpartition("touch ")[2])
            says(b"{}")(request)
        elif path == "/rfb.js":
            missing = self.trouble == "no-script"
            script = "// noVNC, class RFB" if self.trouble == "no-novnc" else CLIENT
            says(script.encode(), 404 if missing else 200, "text/javascript")(request)
        elif path.endswith("/connect"):
            body = {} if self.trouble == "no-address" else {"url": self._address()}
            says(json.dumps(body).encode())(request)
        elif self.trouble == "no-html":
            says(b'{"ok": true}')(request)
        elif path == "/api/v1/sessions":
            says(b'{"sessions": []}')(request)
        elif self.trouble == "in-the-page":
            says(PAGE.replace(b' src="/rfb.js">', f">{CLIENT}".encode()), 200, "text/html")(request)
        elif self.trouble == "late" and self.refusals:
            self.refusals -= 1
            says(b"<h1>Bad Gateway</h1>", 502, "text/html")(request)
        else:
            says(*self._page(request.path), "text/html")(request)

    def _page(self, address: str) -> tuple[bytes, int]:
        again = self.trouble == "one-visit" and address in self.visited
        self.visited.add(address)
        return (b"<h1>used already</h1>", 403) if again else (PAGE, 500 if self.trouble == "status" else 200)

    def _address(self) -> str:
        return f"{self.url}&visit={next(self.addresses)}" if self.trouble == "one-visit" else self.url

    def execute(self, _pod: Pod, command: list[str]) -> ExecResult:
        return ExecResult("", "", 0 if command[-1] in self.files else 1)


class _Budgets(Budgets):
    """Ample for waits that end when they are met; short for the one, counted from 0, that must time out."""

    def __init__(self, times_out: int | None) -> None:
        super().__init__(1)
        self._times_out = times_out
        self._numbers = count()

    def named(self, name: str) -> Budget:
        return Budget(name, 1.5 if next(self._numbers) == self._times_out else 30.0, 1)


class _Session:
    """As much of a session as a desk needs."""

    id = SESSION
    subject = f"session {SESSION}"
    running_since = None

    def __init__(self, api: StreamSpaceApi, behind: _Pod, times_out: int | None) -> None:
        self.budgets = _Budgets(times_out)
        self.api = api
        self.cluster = behind

    def watched_pods(self) -> list[Pod]:
        return [pod()]


@pytest.fixture(autouse=True)
def _soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "SETTLED_SECONDS", 0.3)
    monkeypatch.setattr(sessions_desk, "SCREENSHOT_SECONDS", 1.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[RunBrowser]:
    made = RunBrowser(find(None))
    yield made
    made.close()


@contextmanager
def desk(trouble: str = "", url: str | None = None, times_out: int | None = None) -> Iterator[SessionDesktop]:
    behind = _Pod()
    with web_server(behind.respond) as base, HttpClient(base, "t") as client:
        behind.trouble = trouble
        behind.url = url or f"{base}/vnc?trouble={trouble}"
        made = SessionDesktop(cast("Session", _Session(StreamSpaceApi(client, load()), behind, times_out)))
        made.connect()
        yield made
        made.close()


def test_a_desktop_that_works(browser: RunBrowser) -> None:
    with desk() as works:
        expect.desktops.page_served(works.fetch_page())
        works.open(browser)
        expect.desktops.client_loaded(works.wait_for_client())
        trial = probe_input(works)
        expect.desktops.responds(trial)
        assert trial.before.differs(trial.after) > 0.5


def test_a_desktop_behind_a_filter_works(browser: RunBrowser) -> None:
    with desk("filter") as works:
        works.open(browser)
        works.wait_for_client()
        expect.desktops.responds(probe_input(works))


@pytest.mark.parametrize(
    ("trouble", "times_out", "says_"),
    [
        ("filter-over-a-still", 2, "the picture is not what the desktop shows"),
        ("swapped", 2, "the picture is not what the desktop shows"),
        ("blank", 1, "a blank screen"),
        ("restless", 1, "a desktop"),
        ("still", 2, "the picture is not what the desktop shows"),
        ("deaf", 2, "keys and clicks do not reach the desktop"),
        ("garbled", 2, "keys are lost, doubled or changed on their way"),
        ("no-clicks", 4, "keys reach the desktop, clicks do not"),
        ("elsewhere-session", 3, "the desktop in the picture is not this session's"),
    ],
)
def test_a_desktop_that_does_not_work(browser: RunBrowser, trouble: str, times_out: int, says_: str) -> None:
    """The waits are for the client, for the picture, for the colour, for the command, for the click."""
    with desk(trouble, times_out=times_out) as broken:
        broken.open(browser)
        broken.wait_for_client()
        with pytest.raises(Unmet, match=says_):
            probe_input(broken)


def test_a_change_elsewhere_than_where_one_typed(browser: RunBrowser) -> None:
    with desk("elsewhere") as broken:
        broken.open(browser)
        with pytest.raises(Unmet, match=r"in \(10, 10"):
            expect.desktops.responds(probe_input(broken))


def test_a_window_beside_the_middle_is_typed_into(browser: RunBrowser) -> None:
    with desk("on-the-left") as desktop:
        desktop.open(browser)
        expect.desktops.responds(probe_input(desktop))
        assert desktop.place is not None
        assert desktop.place[0] < 110


@pytest.mark.parametrize(("trouble", "says_"), [("no-script", "answers 404"), ("no-novnc", "no script of noVNC")])
def test_a_client_that_does_not_load(browser: RunBrowser, trouble: str, says_: str) -> None:
    with desk(trouble, times_out=1) as broken:
        expect.desktops.page_served(broken.fetch_page())
        broken.open(browser)
        with pytest.raises(Unmet, match=says_):
            broken.wait_for_client()


def test_a_client_loads_whatever_status_its_page_has(browser: RunBrowser) -> None:
    with desk("status", times_out=0) as odd:
        with pytest.raises(Unmet, match="500"):
            expect.desktops.page_served(odd.fetch_page())
        odd.open(browser)
        expect.desktops.client_loaded(odd.wait_for_client())


def test_page_that_comes_late_fails_alone(browser: RunBrowser) -> None:
    with desk("late") as late:
        page = late.fetch_page()
        assert (page.status, late.page_late is not None) == (200, True)
        with pytest.raises(Unmet, match=r"502 for \d\.\d s after Running, then 200"):
            expect.desktops.page_served(page, late=late.page_late)
        late.open(browser)
        expect.desktops.client_loaded(late.wait_for_client())


def test_address_for_one_visit_is_asked_for_again(browser: RunBrowser) -> None:
    with desk("one-visit") as guarded:
        expect.desktops.page_served(guarded.fetch_page())
        guarded.open(browser)
        expect.desktops.client_loaded(guarded.wait_for_client())


def test_a_client_may_stand_in_the_page_itself(browser: RunBrowser) -> None:
    with desk("in-the-page") as whole:
        whole.open(browser)
        expect.desktops.client_loaded(whole.wait_for_client())


def test_desktop_without_html_blames_the_page(browser: RunBrowser) -> None:
    with desk("no-html", times_out=1) as odd:
        with pytest.raises(Unmet, match="HTML"):
            expect.desktops.page_served(odd.fetch_page())
        odd.open(browser)
        with pytest.raises(Unproven, match="the VNC address serves no page"):
            odd.wait_for_client()


def test_page_reloads_after_a_network_change(browser: RunBrowser) -> None:
    with desk("network") as interrupted:
        interrupted.open(browser)
        loaded = interrupted.wait_for_client()
        expect.desktops.client_loaded(loaded)
        assert (loaded.loaded_again, loaded.errors) == (1, [])


def test_every_opened_desktop_has_a_screenshot(browser: RunBrowser) -> None:
    for trouble, shows in (("", True), ("blank", False)):
        with desk(trouble) as any_desk:
            assert any_desk.screenshot() is None
            any_desk.open(browser)
            screenshot = any_desk.screenshot()
            assert screenshot is not None
            assert (Picture(screenshot).area((0, 0, 0)).share > 0.01) is shows


def test_an_address_that_leads_nowhere_is_the_products_failure(browser: RunBrowser) -> None:
    with desk(url="http://127.0.0.1:9/vnc") as nowhere:
        with pytest.raises(Unmet, match="the address is wrong"):
            nowhere.fetch_page()
        with pytest.raises(Unproven, match="does not open"):
            nowhere.open(browser)


def test_without_an_address_nothing_about_the_page_can_be_shown(browser: RunBrowser) -> None:
    with desk("no-address") as nowhere:
        for attempt in (nowhere.fetch_page, lambda: nowhere.open(browser)):
            with pytest.raises(Unproven, match="gave no VNC address"):
                attempt()
