"""Proxy rules about the page of the VNC client: healthy pages that look different, and pages that lack something."""

from collections.abc import Callable
from dataclasses import replace

from tests.proof.proxy import Reply, Rule

PAGE, SCRIPT = "/vnc/", "/viewer.js"
CONNECT_AT_ONCE = "\nconnect();\n"

Edit = Callable[[str], str]


def same(text: str) -> str:
    return text


class Page(Rule):
    """The page, and the product's own script in it, are other texts."""

    def __init__(self, page: Edit = same, script: Edit = same) -> None:
        self._page = page
        self._script = script

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        edit = self._page if is_page(path) else self._script if path.endswith(SCRIPT) else same
        if edit is same or reply.status != 200:
            return reply
        text = edit(reply.body.decode())
        if text == reply.body.decode():
            raise ValueError(f"nothing to change in {path}")
        headers = {"Content-Security-Policy": ""} if is_page(path) else {}
        return replace(reply, body=text.encode(), headers={**reply.headers, **headers})


def is_page(path: str) -> bool:
    return path.startswith(PAGE)


class Framed(Rule):
    """The page at the address holds the client's page in `depth` iframes, one within the other; or `inner` in one."""

    def __init__(self, depth: int = 1, inner: str = "") -> None:
        self._depth = depth
        self._inner = inner

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not is_page(path) or reply.status != 200:
            return reply
        return replace(reply, headers={**reply.headers, "Content-Security-Policy": ""})

    def page_instead(self, path: str, query: str) -> Reply | None:
        depth = query.count("inner=1")
        if not is_page(path):
            return None
        if depth >= self._depth:
            return Reply(200, "text/html", self._inner.encode()) if self._inner else None
        frame = (
            "<!doctype html><title>Workspace</title><style>body{margin:0;font:14px sans-serif}"
            "nav{height:30px;padding:8px}iframe{border:4px solid #888;width:96vw;height:85vh}</style>"
            "<nav>My workspace</nav><script>const frame = document.createElement('iframe');"
            "frame.src = location.href + '&inner=1'; document.body.append(frame);</script>"
        )
        return Reply(200, "text/html; charset=utf-8", frame.encode())


def before_the_screen(html: str) -> Edit:
    """Something stands before the client's screen."""
    return lambda text: text.replace('<main id="screen">', f'{html}<main id="screen">')


def at_the_end(script: str) -> Edit:
    return lambda text: f"{text}\n{script}\n"


def on_a_click(label: str, does: str = "ask.remove(); connect();") -> Edit:
    """The client connects when its user asks for it."""
    button = (
        f"const ask = Object.assign(document.createElement('button'), {{ textContent: {label!r}, id: 'go' }});"
        f"ask.onclick = () => {{ {does} }}; screen.append(ask);"
    )
    return lambda text: text.replace(CONNECT_AT_ONCE, f"\n{button}\n")


def never_connecting(text: str) -> str:
    return text.replace(CONNECT_AT_ONCE, "\n")


def offering(protocol: str) -> Edit:
    """The client offers a subprotocol with its WebSocket."""
    return lambda text: text.replace("{ shared: true }", f"{{ shared: true, wsProtocols: [{protocol!r}] }}")


def in_a_shadow_tree(mode: str) -> Edit:
    made = (
        f"const shadow = document.getElementById('screen').attachShadow({{ mode: {mode!r} }});"
        "const screen = document.createElement('div'); screen.style.cssText = 'height:100%;width:100%';"
        "shadow.append(screen);"
    )
    return lambda text: text.replace('const screen = document.getElementById("screen");', made)


def with_a_password_form(text: str) -> str:
    """The page asks its user for the VNC password, and gives it to the client."""
    form = (
        "rfb.addEventListener('credentialsrequired', () => { const form = document.createElement('form');"
        "form.innerHTML = '<label>Password <input type=password></label><button>Send</button>';"
        "form.onsubmit = (event) => { event.preventDefault();"
        "rfb.sendCredentials({ password: form.querySelector('input').value }); form.remove(); };"
        "document.querySelector('header').append(form); });"
    )
    return text.replace("  rfb.scaleViewport = true;", f"  {form}\n  rfb.scaleViewport = true;")


def with_(settings: str) -> Edit:
    """The client has other settings."""
    return lambda text: text.replace("  rfb.scaleViewport = true;", f"  rfb.scaleViewport = true; {settings}")


def replacing_its_canvas(text: str) -> str:
    """The client ends its first connection after a moment, and connects again with another canvas."""
    return text.replace(
        "  window.rfb = rfb;",
        "  if (!window.rfb) setTimeout(() => rfb.disconnect(), 700);\n  window.rfb = rfb;",
    )


RESIZES = (
    "document.querySelector('header').style.cssText = 'box-sizing:border-box; height:36px'; rfb.resizeSession = true;"
)
"""On a screen of whole pixels: noVNC 1.7 asks for a fraction again and again, since no desktop has such a size, and
TigerVNC ends the connection of another viewer that opens the desktop at that moment.
"""
COVER = (
    "const cover = document.createElement('div'); cover.textContent = 'Your desktop is on its way';"
    "cover.style.cssText = 'position:fixed;inset:0;z-index:99;background:#124;color:#fff';"
    "document.body.append(cover); setTimeout(() => cover.remove(), 4000);"
)
COOKIES = (
    "const banner = document.createElement('div'); banner.innerHTML = '<p>We use cookies.<button>Accept</button>';"
    "banner.style.cssText = 'position:fixed;left:0;right:0;bottom:0;height:90px;z-index:99;background:#eee';"
    "banner.querySelector('button').onclick = () => banner.remove(); document.body.append(banner);"
)
ASKS_BEFORE_IT_IS_LEFT = "addEventListener('beforeunload', (event) => event.preventDefault());"
NOTICES = "setInterval(() => new WebSocket(new URL('/api/v1/notices', location.href.replace('http', 'ws'))), 1000);"
TWICE_ON_DENSE_SCREENS = (
    "const across = Object.getOwnPropertyDescriptor(MouseEvent.prototype, 'clientX').get;"
    "Object.defineProperty(MouseEvent.prototype, 'clientX',"
    " { get() { return across.call(this) * devicePixelRatio; }, configurable: true });"
)
LOGO = "<canvas id=logo width=40 height=20></canvas>"
DRAW_LOGO = (
    "const logo = document.getElementById('logo').getContext('2d');"
    "logo.fillStyle = '#c33'; logo.fillRect(0, 0, 40, 20);"
)
EMPTY = "<canvas width=1280 height=720></canvas>"
PICTURE = (
    "<!doctype html><canvas id=c width=1280 height=720></canvas><script>const c = document.getElementById('c')"
    ".getContext('2d'); c.fillStyle = '#24506e'; c.fillRect(0, 0, 1280, 720); c.clearRect(99, 99, 200, 80);</script>"
)
HIDDEN = '<canvas width=1 height=1 style="position:absolute;left:-9999px"></canvas>'
GRAPH = '<canvas id=graph width=1200 height=60 style="position:fixed;bottom:0;left:0;pointer-events:none"></canvas>'
DRAW_GRAPH = (
    "const graph = document.getElementById('graph').getContext('2d'); let at = 0; setInterval(() => {"
    "graph.fillStyle = '#385'; graph.fillRect(at = (at + 3) % 1200, 60 * Math.random(), 3, 60); }, 200);"
)
TOOLBAR = (
    '<div style="position:fixed;z-index:9;top:40%;left:45%;width:140px;height:160px;background:#ddd">'
    "<p>Clipboard<p>Full screen</div>"
)
FONT = (
    "<style>@font-face{font-family:Corporate;src:url(/viewer/endless.woff2)}"
    "header{font-family:Corporate,sans-serif}</style>"
)
PRELOADED_FONT = '<link rel="preload" as="font" type="font/woff2" crossorigin href="/viewer/endless.woff2">'
LATE_FONT = (
    "setTimeout(() => { const face = new FontFace('Late', 'url(/viewer/endless.woff2)');"
    "document.fonts.add(face); face.load(); }, 500);"
)


def in_the_head(html: str) -> Edit:
    return lambda text: text.replace("</head>", f"{html}</head>")


class WaitsForFont(Page):
    """A web font whose answer never ends."""

    def hold(self, path: str) -> float:
        return 45.0 if path.endswith("/endless.woff2") else 0.0


class FramedFromElsewhere(Framed):
    """The client's page is in an iframe of another origin."""

    def page_instead(self, path: str, query: str) -> Reply | None:
        reply = super().page_instead(path, query)
        if reply is None:
            return None
        elsewhere = b"location.href.replace('127.0.0.1', 'localhost')"
        return replace(reply, body=reply.body.replace(b"location.href", elsewhere))


class FramedBelow(Framed):
    """The client's page is in an iframe, and the page around it covers that with something."""

    def __init__(self, cover: str) -> None:
        super().__init__()
        self._cover = cover.encode()

    def page_instead(self, path: str, query: str) -> Reply | None:
        reply = super().page_instead(path, query)
        return None if reply is None else replace(reply, body=reply.body + self._cover)


def on_a_click_that_is_no_buttons(label: str) -> Edit:
    """The same with what looks like a button and is a plain box, as in noVNC's own page up to its version 1.3."""
    return lambda text: on_a_click(label)(text).replace(
        "createElement('button'), {", "createElement('div'), { style: 'cursor:pointer;padding:2em;background:#ccc',"
    )


WATERMARK = (
    "const mark = document.createElement('div'); mark.textContent = 'testuser confidential '.repeat(900);"
    "mark.style.cssText = 'position:fixed;inset:0;z-index:99;pointer-events:none;opacity:.15;color:#fff';"
    "mark.style.fontSize = '26px'; document.body.append(mark);"
)
SNOW = (
    "const snow = document.createElement('canvas'); snow.width = 1300; snow.height = 700;"
    "snow.style.cssText = 'position:fixed;inset:0;z-index:99;pointer-events:none'; document.body.append(snow);"
    "const flakes = snow.getContext('2d'); setInterval(() => {"
    "flakes.clearRect(0, 0, 1300, 700); flakes.fillStyle = '#eee';"
    "for (let n = 0; n < 150; n++) flakes.fillRect(1300 * Math.random(), 700 * Math.random(), 16, 16); }, 100);"
)
FLICKER = (
    "const dark = document.createElement('div'); document.body.append(dark);"
    "dark.style.cssText = 'position:fixed;inset:0;z-index:99;pointer-events:none;background:#000';"
    "setInterval(() => { dark.hidden = !dark.hidden; dark.style.display = dark.hidden ? 'none' : ''; }, 700);"
)


def in_a_window(text: str) -> str:
    """The page opens itself in a window of its own for the desktop, when its user asks for it."""
    asks = on_a_click("Open desktop", "window.open(location.href);")(text).partition("const ask =")
    first, _, rest = asks[2].partition("screen.append(ask);")
    return f"{asks[0]}if (window.opener) connect(); else {{ const ask ={first}screen.append(ask); }}{rest}"


NIGHT_LIGHT = "document.documentElement.style.filter = 'sepia(.6) brightness(.8)';"
CONSENT = (
    "const terms = document.createElement('div'); document.body.append(terms);"
    "terms.style.cssText = 'position:fixed;inset:0;z-index:99;background:#234;color:#fff;padding:20vh';"
    "terms.innerHTML = '<p>This system is for authorised use.<p><button>I agree</button>';"
    "terms.querySelector('button').onclick = () => terms.remove();"
)
NO_TERMS = "<div style='position:fixed;inset:0;background:#2346;color:#fff;padding:20vh'>Please wait</div>"
TERMS = (
    "<div id=terms style='position:fixed;inset:0;background:#234;color:#fff;padding:20vh'><p>Authorised use alone."
    "<p><button onclick='terms.remove()'>Zustimmen</button></div>"
)
CLICK_TO_FOCUS = (
    "const veil = document.createElement('div'); veil.textContent = 'Click to take control';"
    "document.body.append(veil);"
    "veil.style.cssText = 'position:fixed;inset:0;z-index:99;background:#0006;color:#fff';"
    "veil.onclick = () => veil.remove();"
)
SPINNER = (
    "const veil = document.createElement('div'); veil.textContent = 'Connecting'; document.body.append(veil);"
    "veil.style.cssText = 'position:fixed;inset:0;z-index:99;background:#0006;color:#fff';"
)
MIRRORED = "screen.style.transform = 'scaleX(-1)';"
FIVE_A_SECOND = (
    "{ const draw = CanvasRenderingContext2D.prototype.drawImage; const held = []; let last = 0;"
    "const show = (context) => {"
    " last = performance.now(); held.splice(0).forEach((image) => draw.apply(context, image)); };"
    "CanvasRenderingContext2D.prototype.drawImage = function (...image) {"
    " if (!this.canvas.isConnected) return draw.apply(this, image);"
    " const left = last + 200 - performance.now(); held.push(image);"
    " if (left <= 0) show(this); else if (held.length === 1) setTimeout(() => show(this), left); }; }"
)
INVERTED = "document.documentElement.style.filter = 'invert(1) hue-rotate(180deg)';"
NEWS = "<div style='height:1300px'>News of today</div>"
SCROLLING = (
    "document.documentElement.style.cssText = 'overflow:auto;height:auto';"
    "document.body.style.cssText = 'overflow:auto;height:auto;display:block';"
    "screen.style.cssText = 'height:700px;width:1200px';"
)
THUMBNAIL = (
    "const small = document.createElement('div'); document.body.append(small);"
    "small.style.cssText = 'position:fixed;right:0;bottom:0;width:200px;height:112px;z-index:9';"
    "const second = new RFB(small, socketUrl(), { shared: true });"
    "second.viewOnly = true; second.scaleViewport = true;"
)
