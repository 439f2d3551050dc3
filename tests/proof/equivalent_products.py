"""Products that only look different, behind a proxy: every criterion of the test is proven all the same."""

from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import addresses, desktops, dialects, sessions, viewer_pages, vnc_servers
from tests.proof.proxy_rules.viewer_pages import Framed, Page, WaitsForFont, at_the_end, before_the_screen, in_the_head
from tests.support.project import PROJECT

BARE_LISTS = str(PROJECT / "tests/proof/profiles/bare-lists.toml")
A_SESSION = "/api/v1/sessions/[^/]+"
ON_THE_WAY = {
    "Pending": "Provisioning",
    "Hibernating": "Suspending",
    "Waking": "Resuming",
    "Terminating": "Deleting",
}
STRICT = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline';"
    " connect-src 'self' ws: wss:; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "clipboard-read=(), clipboard-write=(), fullscreen=()",
    "Strict-Transport-Security": "max-age=31536000",
}
"""What a hardened gateway adds."""

EQUIVALENT_PRODUCTS = [
    ProxyFault("a minified client", desktops.Minified(), "1.1d"),
    ProxyFault("a slow line", sessions.Slow(), "1.2"),
    ProxyFault("a client in an iframe", Framed(), "1.1d"),
    ProxyFault("a client in two iframes", Framed(2), "1.1d"),
    ProxyFault("a client in an iframe for every kind of input", Framed(), "1.1e"),
    *(
        ProxyFault(f"a client in a {mode} shadow tree", Page(script=viewer_pages.in_a_shadow_tree(mode)), "1.1d")
        for mode in ("open", "closed")
    ),
    ProxyFault(
        "a logo before the screen",
        Page(before_the_screen(viewer_pages.LOGO), at_the_end(viewer_pages.DRAW_LOGO)),
        "1.1d",
    ),
    ProxyFault("a hidden canvas before the screen", Page(before_the_screen(viewer_pages.HIDDEN)), "1.1d"),
    ProxyFault(
        "a graph that is drawn all the time",
        Page(before_the_screen(viewer_pages.GRAPH), at_the_end(viewer_pages.DRAW_GRAPH)),
        "1.1d",
    ),
    ProxyFault("a toolbar over the screen", Page(before_the_screen(viewer_pages.TOOLBAR)), "1.1d"),
    ProxyFault("a canvas that is replaced", Page(script=viewer_pages.replacing_its_canvas), "1.1d"),
    ProxyFault("a click on Connect first", Page(script=viewer_pages.on_a_click("Connect")), "1.1d"),
    ProxyFault("a click on Open desktop first", Page(script=viewer_pages.on_a_click("Open desktop")), "1.1d"),
    ProxyFault("a font in the head without an end", WaitsForFont(in_the_head(viewer_pages.FONT)), "1.1d"),
    ProxyFault("a preloaded font without an end", WaitsForFont(in_the_head(viewer_pages.PRELOADED_FONT)), "1.1d"),
    ProxyFault("a later font without an end", WaitsForFont(script=at_the_end(viewer_pages.LATE_FONT)), "1.1d"),
    ProxyFault("binary is wanted", vnc_servers.Wants("binary", viewer_pages.offering("binary")), "1.1b"),
    ProxyFault("binary is wanted in a browser", vnc_servers.Wants("binary", viewer_pages.offering("binary")), "1.1d"),
    ProxyFault("no subprotocol is taken", vnc_servers.WantsNone(), "1.1b"),
    *(
        ProxyFault(f"a greeting of {name}", vnc_servers.Greets(b"RFB %s\n" % name.encode()), test)
        for name, test in (
            ("003.003", "1.1b"),
            ("003.007", "1.1d"),
            ("004.001", "1.1b"),
            ("003.889", "1.1b"),
            ("005.000", "1.1d"),
        )
    ),
    ProxyFault("a greeting of 003.003 in a browser", vnc_servers.Greets(b"RFB 003.003\n"), "1.1d"),
    *(
        ProxyFault(f"{name} ({test})", rule(), test)
        for name, rule in (
            ("a VNC server of more security types", vnc_servers.OffersMore),
            ("a desktop that rings", vnc_servers.RingsAtFirst),
        )
        for test in ("1.1b", "1.1d")
    ),
    ProxyFault("an address for one visit", addresses.ForOneVisit(), "1.1d"),
    ProxyFault("an address with a fragment", addresses.Rewritten(lambda url: f"{url}#desktop"), "1.1d"),
    ProxyFault(
        "an address of another name of the host",
        addresses.Rewritten(lambda url: url.replace("127.0.0.1", "localhost")),
        "1.1d",
    ),
    ProxyFault("a socket for notices that never opens", Page(script=at_the_end(viewer_pages.NOTICES)), "1.1d"),
    ProxyFault("two steps of scrolling for a notch", desktops.TurnsTwice(), "1.1e"),
    ProxyFault(
        "a VNC server that counts early ends",
        vnc_servers.LocksOut(),
        "1.1b",
    ),
    ProxyFault(
        "a VNC password that is known",
        vnc_servers.AsksForPassword("secret99", viewer_pages.with_a_password_form),
        "1.1d",
        settings={"STREAMSPACE_VNC_PASSWORD": "secret99"},
    ),
    *(
        ProxyFault(f"an API of other JSON ({test})", dialects.Reworded(), test)
        for test in ("0", "1.1a", "1.1b", "1.1c", "1.2", "1.4", "2.1", "2.2", "2.3", "3.2")
    ),
    *(
        ProxyFault(
            f"lists without a name ({test})", dialects.BareLists(), test, settings={"STREAMSPACE_PROFILE": BARE_LISTS}
        )
        for test in ("0", "1.1a", "2.1", "2.2", "3.2")
    ),
    *(
        ProxyFault(f"times {name} ({test})", dialects.Times(write), test)
        for name, write in (
            ("in nanoseconds", dialects.nanoseconds),
            ("in whole seconds", dialects.whole_seconds),
            ("of another zone", dialects.elsewhere),
            ("20 s behind", dialects.behind(20.0)),
            ("20 s ahead", dialects.behind(-20.0)),
        )
        for test in ("1.1a", "3.3")
    ),
    *(ProxyFault(f"a product below a path ({test})", dialects.BelowAPath(), test) for test in ("0", "1.1b", "1.1d")),
    *(
        ProxyFault(f"an address that leads on by {status}", dialects.LeadsOn(status), "1.1d")
        for status in (302, 307, 200)
    ),
    ProxyFault("strict headers", dialects.Headers(STRICT), "1.1d"),
    ProxyFault("connections that end", dialects.Headers({"Connection": "close"}), "1.1a"),
    *(
        ProxyFault(f"deletions that answer {status}", dialects.Answers("DELETE", A_SESSION, status), "1.4")
        for status in (200, 204)
    ),
    *(
        ProxyFault(
            f"commands that answer 200 ({test})", dialects.Answers("POST", f"{A_SESSION}/(hibernate|wake)", 200), test
        )
        for test in ("1.4", "3.2")
    ),
    *(
        ProxyFault(f"other words on the way ({test})", dialects.StatusWords(ON_THE_WAY), test)
        for test in ("1.1b", "1.4", "3.2")
    ),
    *(
        ProxyFault(f"a client {what}", Page(script=edit), test)
        for what, edit, test in (
            ("with a lossy picture", viewer_pages.with_("rfb.qualityLevel = 0; rfb.compressionLevel = 9;"), "1.1d"),
            ("with a lossy picture and input", viewer_pages.with_("rfb.qualityLevel = 0;"), "1.1e"),
            ("that resizes the desktop", viewer_pages.with_(viewer_pages.RESIZES), "1.1d"),
            ("that resizes the desktop for input", viewer_pages.with_(viewer_pages.RESIZES), "1.1e"),
            ("that is cut", viewer_pages.with_("rfb.scaleViewport = false; rfb.clipViewport = true;"), "1.1d"),
            ("with a dot for a pointer", viewer_pages.with_("rfb.showDotCursor = true;"), "1.1d"),
            ("in half of the page", viewer_pages.with_("screen.style.width = '50vw';"), "1.1d"),
            ("in half of the page for input", viewer_pages.with_("screen.style.width = '50vw';"), "1.1e"),
            ("that greets with an alert", at_the_end("alert('Welcome');"), "1.1d"),
            ("that covers itself at first", at_the_end(viewer_pages.COVER), "1.1d"),
            ("that asks before it is left", at_the_end(viewer_pages.ASKS_BEFORE_IT_IS_LEFT), "1.1d"),
            ("below a cookie banner", at_the_end(viewer_pages.COOKIES), "1.1d"),
        )
    ),
]
"""What changes nothing that a user or the plan asks for: every criterion of the test is proven all the same."""
