"""A trace that is kept is still a trace, and holds nothing that was typed, set as a cookie or carried in an address."""

from __future__ import annotations

import io
import itertools
import json
import os
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from streamspace_acceptance import waiting
from streamspace_acceptance.desktop.browser import find
from streamspace_acceptance.desktop.browser_arguments import ARGUMENTS
from streamspace_acceptance.desktop.screencast import MOST_BYTES, Screencast, ScreencastError, as_webp
from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.desktop.watchdog import BrowserWatchdog
from streamspace_acceptance.redaction import playwright_trace

pytestmark = pytest.mark.slow

FRAMES_SECONDS = 30.0

TOKEN, COOKIE, TYPED = "t0ken-0123456789-abc", "c00kie-0123456789", "typed pa55word"
PAGE = (
    "<html><head><link rel=stylesheet href='style.css?token={token}'></head><body><input id=name><canvas></canvas>"
    "<script>document.cookie = 'sid={cookie}'</script></body></html>"
)


@pytest.fixture
def context() -> BrowserContext:  # type: ignore[misc]
    setting = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(setting), args=list(ARGUMENTS))
        yield browser.new_context()
        browser.close()


def visit(context: BrowserContext) -> Screencast:
    film = Screencast(context, BrowserWatchdog())
    page = context.new_page()
    film.follow(page)
    page.route("**/*", lambda route: route.fulfill(
        body=PAGE.format(token=TOKEN, cookie=COOKIE) if "style" not in route.request.url else "body { color: red }",
        content_type="text/html" if "style" not in route.request.url else "text/css",
        headers={"Set-Cookie": f"other={COOKIE}-too"},
    ))  # fmt: skip
    page.goto(f"http://streamspace.test/vnc?token={TOKEN}")
    page.click("#name")
    page.keyboard.type(TYPED)
    page.screenshot()
    return film


def test_a_trace_without_secrets(context: BrowserContext) -> None:
    trace = Trace(context, BrowserWatchdog())
    visit(context)
    with zipfile.ZipFile(io.BytesIO(trace.keep())) as kept:
        assert kept.testzip() is None
        assert {"trace.trace", "trace.network"} <= set(kept.namelist())
        lines = [json.loads(line) for line in kept.read("trace.trace").decode().splitlines()]
        calls = {event["method"] for event in lines if event["type"] == "before"}
        assert lines[0]["type"] == "context-options"
        assert {"goto", "click", "keyboardType"} <= calls
        assert any(event["type"] == "frame-snapshot" for event in lines)
        network = [json.loads(line)["snapshot"] for line in kept.read("trace.network").decode().splitlines()]
        assert any("/vnc?token=" in snapshot["request"]["url"] for snapshot in network)
        bodies = {name for name in kept.namelist() if name.startswith("resources/")}
        named = {
            snapshot["response"]["content"].get("_file") or f"resources/{snapshot['response']['content'].get('_sha1')}"
            for snapshot in network
        }
        assert named & bodies
        everything = b"\n".join([*(kept.read(name) for name in kept.namelist()), *map(str.encode, kept.namelist())])
    for secret in (TOKEN, COOKIE, TYPED):
        assert secret.encode() not in everything


def test_what_nobody_can_read_is_left_out_and_told() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as given:
        given.writestr("resources/a.woff2", b"wOF2\xff\xfe\x00")
        given.writestr("resources/b.png", b"\x89PNG\r\n\x1a\nrest")
        given.writestr("trace.trace", '{"type": "x", "value": "Bearer abcdefgh1"}\nno json, Bearer abcdefgh1\n')
    with zipfile.ZipFile(io.BytesIO(playwright_trace.redacted(made.getvalue()))) as kept:
        assert set(kept.namelist()) == {"resources/b.png", "trace.trace", playwright_trace.LEFT_OUT}
        assert json.loads(kept.read("trace.trace")) == {"type": "x", "value": "Bearer [redacted]"}
        told = kept.read(playwright_trace.LEFT_OUT).decode()
    assert "a.woff2: neither text nor a picture" in told
    assert "1 lines that are not JSON" in told


def test_a_film_of_a_page(context: BrowserContext, tmp_path: Path) -> None:
    """On a busy machine the browser draws fewer frames, so the page changes until there are enough."""
    from PIL import Image

    film, began = visit(context), waiting.now()
    for colour in itertools.cycle(("red", "green", "blue")):
        film.acknowledge_frames()
        context.pages[0].evaluate(f"document.body.style.background = '{colour}'")
        context.pages[0].wait_for_timeout(400)  # a screencast keeps a frame each third of a second
        assert waiting.now() - began < FRAMES_SECONDS, "no three frames came"
        with suppress(ScreencastError):  # none has come yet
            made = film.encode()
            moving = Image.open(io.BytesIO(made))
            if getattr(moving, "n_frames", 1) >= 3:
                break
    assert moving.format == "WEBP"
    assert len(made) < MOST_BYTES
    assert not {"exif", "xmp", "icc_profile"} & set(moving.info)


def test_no_film_says_why(context: BrowserContext) -> None:
    film = Screencast(context, BrowserWatchdog())
    with pytest.raises(ScreencastError, match="no frame"):
        film.encode()


def test_frames_of_several_sizes_make_one_film() -> None:
    from PIL import Image

    frames = []
    for number, size in enumerate([(300, 200), (680, 400), (680, 380)]):
        file = io.BytesIO()
        Image.new("RGB", size, (number * 80, 0, 0)).save(file, "JPEG")
        frames.append((float(number), file.getvalue()))
    moving = Image.open(io.BytesIO(as_webp(frames)))
    assert getattr(moving, "n_frames", 1) == 3
    assert moving.size == (680, 400)
