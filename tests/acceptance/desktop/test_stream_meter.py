"""The meter of a stream in a real browser: bytes each way and pictures of a page that shows a desktop."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from playwright.sync_api import Page, sync_playwright
from websockets.sync.server import ServerConnection, serve

from streamspace_acceptance.desktop.browser import find
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS
from streamspace_acceptance.desktop.stream_meter import StreamMeter, largest_file
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog
from tests.support.web_server import says, web_server

MESSAGE, MESSAGES = bytes(500), 20
# A screen that is drawn as noVNC draws its own, and a connection that was open before the meter.
PAGE = """<!doctype html><body style="margin:0"><canvas width=200 height=100></canvas><script>
const canvas = document.querySelector("canvas"), screen = canvas.getContext("2d");
const back = Object.assign(document.createElement("canvas"), { width: 200, height: 100 }), draw = back.getContext("2d");
const show = (colour, x) => { draw.fillStyle = colour; draw.fillRect(x, 40, 40, 20); screen.drawImage(back, 0, 0); };
globalThis.socket = new WebSocket("ws://127.0.0.1:%d/");
socket.binaryType = "arraybuffer";
let count = 0;
const receive = (event) => { count += event.data.byteLength && event.data.byteLength > 0 ? 1 : 0; };
socket.addEventListener("message", receive);
globalThis.opened = new Promise((resolve) => { socket.onopen = resolve; });
globalThis.received = (most) => new Promise((resolve) => {
  const look = () => { if (count >= most) resolve(count); else setTimeout(look, 5); };
  look();
});
</script>"""


SHOW = """async ([colour, x]) => {
  show(colour, x);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def echo(socket: ServerConnection) -> None:
    for message in socket:
        socket.send(message)


@pytest.fixture
def page() -> Iterator[Page]:
    setting = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium")
    with serve(echo, "127.0.0.1", 0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=find(setting), args=list(ARGUMENTS))
        page = browser.new_page()
        page.set_content(PAGE % server.socket.getsockname()[1])
        page.evaluate("opened")
        yield page
        browser.close()
        server.shutdown()


def test_meter_counts_bytes_each_way_and_pictures(page: Page) -> None:
    meter = StreamMeter(page, BrowserWatchdog(), 100, 50)
    send = "([size, times]) => { for (let n = 0; n < times; n += 1) socket.send(new Uint8Array(size)); }"
    page.evaluate(send, [len(MESSAGE), MESSAGES])
    assert page.evaluate(f"received({MESSAGES})") == MESSAGES
    for colour in ("red", "lime", "lime", "blue", "red"):
        page.evaluate(SHOW, [colour, 80])
    # Of what is drawn at once, only the last is shown.
    page.evaluate("() => { for (const colour of ['lime', 'blue', 'red']) show(colour, 80); }")
    page.evaluate(SHOW, ["white", 0])  # beside the point that is watched
    counted = meter.take()
    assert counted.sent == counted.received == len(MESSAGE) * MESSAGES
    assert counted.pictures == 3
    assert 0 < counted.seconds < 60
    again = meter.take()
    assert (again.sent, again.received, again.pictures) == (0, 0, 0)


FILES = {
    "/": b"<!doctype html><script src=small.js></script><script src=large.js></script><script src=middle.js></script>",
    "/small.js": b"//" + b"s" * 100,
    "/large.js": b"//" + b"l" * 100_000,
    "/middle.js": b"//" + b"m" * 80_000,
}


def test_largest_file_of_the_page_is_found(page: Page) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        body = FILES.get(request.path, b"")
        says(body, content_type="text/html" if request.path == "/" else "text/javascript")(request)

    with web_server(respond) as url:
        page.goto(url)
        assert largest_file(page, BrowserWatchdog(), 64 * 1024) == f"{url}/large.js"
        assert largest_file(page, BrowserWatchdog(), 200_000) == ""
