"""The client's screen is found in a real browser by what is drawn on it, in whatever frame or tree it stands."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from streamspace_acceptance.desktop.browser import RunBrowser, find
from streamspace_acceptance.desktop.page_description import PageDescription
from streamspace_acceptance.desktop.page_load import PageState
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.waiting import Budget, Wait, poll
from tests.support.web_server import says, web_server

pytestmark = pytest.mark.slow

# As much of a client as counts: names of its events, a canvas of its own, pictures that it draws there.
CLIENT = """<script>
const events = ['credentialsrequired', 'securityfailure', 'desktopname'];
const start = (root, wide = 400, high = 300) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: wide, height: high });
  root.append(canvas);
  const back = Object.assign(document.createElement('canvas'), { width: wide, height: high });
  back.getContext('2d').fillRect(0, 0, wide, high);
  canvas.getContext('2d').drawImage(back, 0, 0);
};
</script>"""
HEAD = '<!doctype html><body style="margin:0">'
LOGO = "<canvas id=logo width=40 height=20></canvas><script>logo.getContext('2d').fillRect(0, 0, 9, 9)</script>"
PAGES = {
    "alone": f"{CLIENT}<script>start(document.body)</script>",
    "behind-a-logo": f"{LOGO}{CLIENT}<script>start(document.body)</script>",
    "in-a-frame": "<iframe src=/alone style='width:500px;height:400px;border:0'></iframe>",
    "in-two-frames": "<iframe src=/in-a-frame style='width:600px;height:500px;border:0'></iframe>",
    "in-a-shadow": f"<div id=host></div>{CLIENT}<script>start(host.attachShadow({{ mode: 'closed' }}))</script>",
    "scrolled": f"{CLIENT}<script>start(document.body, 3000, 2000)</script>",
    "below-the-fold": f"<div style='height:1500px'>News</div>{CLIENT}<script>start(document.body)</script>",
    "below-the-fold-in-a-frame": "<div style='height:1500px'>News</div>"
    "<iframe src=/alone style='width:500px;height:400px;border:0'></iframe>",
    "out-of-reach": f"<style>body{{overflow:hidden;height:90vh}}</style><div style='height:1500px'></div>{CLIENT}"
    "<script>start(document.body)</script>",
    "logo-alone": f"{LOGO}{CLIENT}",
    "nothing-drawn": f"{CLIENT}<canvas width=1280 height=720></canvas>",
    "hidden": f"<div style='visibility:hidden' id=host></div>{CLIENT}<script>start(host)</script>",
    "no-client": "<canvas id=c width=400 height=300></canvas><script>c.getContext('2d').fillRect(0, 0, 9, 9)</script>",
    "empty-frame": "<iframe src=/no-client></iframe>",
    "described": "<canvas id=c width=400 height=300></canvas><script>c.getContext('2d').fillRect(0, 0, 9, 9)</script>",
    "in-a-frame-from-elsewhere": "<script>document.write(`<iframe src=//localhost:${location.port}/alone"
    " style='width:500px;height:400px;border:0'></iframe>`)</script>",
    "from-a-blob": f"{CLIENT}<script>const text = document.scripts[0].text;"
    "const made = new Blob(['{', text, 'start(document.body) }']);"
    "const script = document.createElement('script'); document.scripts[0].remove();"
    "script.src = URL.createObjectURL(made); document.body.append(script)</script>",
    "plain-words": f"{CLIENT}<p>Connect to the desktop with your browser.</p><div>Connected users: 3</div>",
    "waits": f"{CLIENT}<button onclick='this.remove(); start(document.body)'>Connect to the desktop</button>",
}

WAITING = {
    "box": "<div style='cursor:pointer' onclick='{go}'><b>Connect</b></div>",
    "words": "<div style='cursor:pointer;width:900px;height:500px' onclick='{go}'>Click anywhere to start</div>",
    "link": "<a href='#' onclick='{go}; return false'>Open my desktop</a>",
    "another-language": "<button onclick='{go}'>Verbinden</button>",
    "one-more-language": "<button onclick='{go}'>Подключиться</button>",
    "no-known-language": "<button id=noVNC_connect_button onclick='{go}'>Nawiąż</button>",
    "right-to-left": "<button dir=rtl onclick='{go}'>اتصال</button>",
    "sign-before-the-words": "<button onclick='{go}'>▶ Open desktop</button>",
    "picture-in-a-line-of-its-own": "<button onclick='{go}'><div>desktop_windows</div>Start session</button>",
}
LATER = f"<template id=later>{CLIENT}</template>"
ASKING = {
    "that-loads-the-client": "document.body.append(document.importNode(later.content, true)); start(document.body)",
    "that-goes-on": "location.href = '/alone'",
    "that-opens-a-window": "window.open('/alone')",
    "that-opens-a-bare-window": "window.open('/no-client')",
    "that-does-nothing": "",
}
PAGES |= {f"asks-{kind}": f'{LATER}<button onclick="{go}">Open desktop</button>' for kind, go in ASKING.items()}
OVER = "position:fixed;inset:0;background:#123"
COVERS = {
    "consent": f"<div id=c style='{OVER}'><a href=#>Privacy</a><button onclick='c.remove()'>I agree</button></div>",
    "a-click": f"<div style='{OVER};opacity:.5' onclick='setTimeout(() => this.remove(), 200)'>Click to focus</div>",
    "terms-in-a-shadow": f"<div id=c style='{OVER}'></div><script>const terms = c.attachShadow({{mode:'open'}});"
    "terms.innerHTML = '<button>✓ Alle akzeptieren</button>';"
    "terms.firstChild.onclick = () => c.remove()</script>",
    "for-ever": f"<div style='{OVER}'>Connecting …<button>OK</button></div>",
}
FRAME = "<iframe src=/alone style='width:500px;height:400px;border:0'></iframe>"
PAGES |= {f"covered-around-{kind}": FRAME + html for kind, html in COVERS.items()}
PAGES |= {f"covered-by-{kind}": f"{CLIENT}<script>start(document.body)</script>{html}" for kind, html in COVERS.items()}
PAGES |= {
    f"waits-{kind}": CLIENT + html.replace("{go}", "this.remove(); start(document.body)")
    for kind, html in WAITING.items()
}


def respond(request: BaseHTTPRequestHandler) -> None:
    kind = request.path.strip("/").partition("?")[0]
    says((HEAD + PAGES.get(kind, "")).encode(), 200 if kind in PAGES else 404, "text/html; charset=utf-8")(request)


def wait_until_loaded(viewer: Viewer) -> None:
    """Frames come after the page around them."""
    poll(
        Wait("the page", "the client loaded", Budget("test", 20.0, 1.0)),
        viewer.loaded,
        met=lambda loaded: loaded.novnc_loaded,
        says=PageState.describe,
        likely=PageState.describe,
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with web_server(respond) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[RunBrowser]:
    made = RunBrowser(find(None))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("alone", (400, 300)),
        ("behind-a-logo", (400, 300)),
        ("in-a-frame", (400, 300)),
        ("in-two-frames", (400, 300)),
        ("in-a-shadow", (400, 300)),
        ("in-a-frame-from-elsewhere", (400, 300)),
        ("from-a-blob", (400, 300)),
        ("scrolled", (1360, 800)),
        ("below-the-fold", (400, 300)),
        ("below-the-fold-in-a-frame", (400, 300)),
    ],
)
def test_screen_is_found_wherever_it_stands(
    browser: RunBrowser, address: str, page: str, size: tuple[int, int]
) -> None:
    viewer = browser.viewer(f"{address}/{page}", ratio=2.0)
    wait_until_loaded(viewer)
    picture = viewer.picture()
    assert picture is not None
    assert picture.size == size
    assert picture.share((0, 0, 0)) == 1  # nothing of the page around it
    assert viewer.picture() is picture  # a picture changes nothing of the page
    assert viewer.places()[0] == (size[0] // 2, size[1] // 2)
    viewer.close()


def test_screen_that_no_user_can_scroll_to_is_not_seen(browser: RunBrowser, address: str) -> None:
    viewer = browser.viewer(f"{address}/out-of-reach")
    assert not viewer.loaded().canvas
    assert viewer.picture() is None
    viewer.close()


@pytest.mark.parametrize("page", ["logo-alone", "nothing-drawn", "hidden", "no-client", "empty-frame", "plain-words"])
def test_screen_is_not_what_nobody_draws_on(browser: RunBrowser, address: str, page: str) -> None:
    viewer = browser.viewer(f"{address}/{page}")
    assert not viewer.loaded().novnc_loaded
    assert viewer.picture() is None
    viewer.close()


def test_screen_that_a_profile_describes_is_taken(browser: RunBrowser, address: str) -> None:
    browser.close()
    described = RunBrowser(find(None), page=PageDescription.of({"screen": "#c"}))
    viewer = described.viewer(f"{address}/described")
    assert viewer.picture() is not None
    described.close()


def test_page_that_waits_for_a_click_gets_one(
    browser: RunBrowser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamspace_acceptance.desktop.page_load.BY_ITSELF_SECONDS", 0.0)
    viewer = browser.viewer(f"{address}/waits")
    assert viewer.loaded().button == "Connect to the desktop"
    assert viewer.loaded().canvas
    assert viewer.loaded().clicked == "Connect to the desktop"
    viewer.close()


@pytest.mark.parametrize("kind", WAITING)
def test_page_that_waits_in_its_own_way_gets_a_click(
    browser: RunBrowser, address: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamspace_acceptance.desktop.page_load.BY_ITSELF_SECONDS", 0.0)
    viewer = browser.viewer(f"{address}/waits-{kind}")
    assert viewer.loaded().button
    assert viewer.loaded().canvas
    viewer.close()


@pytest.mark.parametrize("kind", ["that-loads-the-client", "that-goes-on", "that-opens-a-window"])
def test_page_that_gets_its_client_on_a_click_gets_one(
    browser: RunBrowser, address: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamspace_acceptance.desktop.page_load.AFTER_CLICK_SECONDS", 0.0)
    viewer = browser.viewer(f"{address}/asks-{kind}")
    wait_until_loaded(viewer)
    assert viewer.loaded().clicked == "Open desktop"
    picture = viewer.picture()
    assert picture is not None
    assert picture.size == (400, 300)
    viewer.close()


@pytest.mark.parametrize("kind", ["that-opens-a-bare-window", "that-does-nothing"])
def test_page_without_a_client_after_its_click_has_none(
    browser: RunBrowser, address: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamspace_acceptance.desktop.page_load.AFTER_CLICK_SECONDS", 0.0)
    viewer = browser.viewer(f"{address}/asks-{kind}")
    assert viewer.loaded().clicked == "Open desktop"
    for _ in range(3):
        assert not viewer.loaded().novnc_loaded
    assert "no script of noVNC" in viewer.loaded().describe()
    viewer.close()


@pytest.mark.parametrize("place", ["by", "around"])
@pytest.mark.parametrize(
    ("kind", "cover"), [("consent", "I agree"), ("a-click", ""), ("terms-in-a-shadow", "✓ Alle akzeptieren")]
)
def test_cover_of_a_desktop_goes_after_a_click(
    browser: RunBrowser, address: str, kind: str, cover: str, place: str
) -> None:
    viewer = browser.viewer(f"{address}/covered-{place}-{kind}")
    wait_until_loaded(viewer)
    assert viewer.places()[0] == (200, 150)
    assert viewer.cover == cover
    viewer.close()


@pytest.mark.parametrize("place", ["by", "around"])
def test_cover_that_stays_leaves_no_place_on_the_desktop(browser: RunBrowser, address: str, place: str) -> None:
    viewer = browser.viewer(f"{address}/covered-{place}-for-ever")
    wait_until_loaded(viewer)
    assert viewer.places() == []
    assert viewer.places() == []
    assert viewer.cover == "OK"
    viewer.close()
