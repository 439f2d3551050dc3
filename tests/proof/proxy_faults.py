"""Proxy faults, which the sandbox does not know: what a proxy before its API does to what passes."""

from tests.proof.proxy import Reply
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import agents, desktops, dialects, sessions, templates, viewer_pages, vnc_servers
from tests.proof.proxy_rules.viewer_pages import Framed, Page, at_the_end, before_the_screen

TYPES, PRESSES = "A user types a command in a terminal", "A user presses special keys"
LOOKS = "A user watches a desktop"
BEATS, TURNS = "An agent sends heartbeats", "A user turns the mouse wheel"
TOGETHER, ADDRESS = "Five users request sessions at the same time", "A user requests the address of a session"


PROXY_FAULTS = [
    ProxyFault("202 for 201", sessions.Accepted(), "1.1a", {"1.1a-1"}),
    ProxyFault("an id that nobody has", sessions.InventedId(), "1.1a", {"1.1a-2"}),
    ProxyFault("the product limits each creation", sessions.TooMany(0), "1.1a", {"1.1a-1"}, reason="429"),
    ProxyFault(
        "the product limits creations together", sessions.TooMany(2), "1.3", {"1.3-1"}, only=TOGETHER, reason="429"
    ),
    ProxyFault(
        "a gateway limits all calls", sessions.RateLimit(13), "1.1b", unproven={"1.1b-1"}, reason="rate of calls"
    ),
    ProxyFault("the page comes late", sessions.PageLate(4.0), "1.1d", {"1.1d-2"}, only=ADDRESS, reason="502 for"),
    ProxyFault("sessions are forgotten", sessions.Forgets(3.0), "1.1b", {"1.1b-1"}, reason="404 while pod", finds=True),
    ProxyFault("deleted sessions stay listed", sessions.StaysListed(30.0), "1.1a", finds=True),
    ProxyFault("a gateway answers", sessions.Gateway(), "1.1a", unproven={"1.1a-1"}),
    ProxyFault("Running does not last", sessions.FallsBack("Pending"), "1.1b", {"1.1b-1"}),
    ProxyFault("no reason is given", sessions.GivesNoReason(), "1.1c", {"1.1c-2"}),
    ProxyFault("half an address", sessions.NoAddress(), "1.1d", {"1.1d-1"}),
    ProxyFault("the page spins", desktops.Spins(), "1.1d", {"1.1d-3"}, {"1.1d-4"}),
    ProxyFault("clicks are lost", desktops.NoPointer(), "1.1d", {"1.1d-4"}),
    *(
        ProxyFault(name, rule, "1.1d", {"1.1d-4"}, only="A user works in a session", reason="WebSocket has ended")
        for name, rule in (
            ("the line is torn in the handshake", desktops.TornInTheHandshake()),
            ("the line is torn when touched", desktops.TornWhenTouched()),
        )
    ),
    ProxyFault(
        "a logo, and a client that never connects",
        Page(
            before_the_screen(viewer_pages.LOGO),
            lambda text: viewer_pages.never_connecting(text) + viewer_pages.DRAW_LOGO,
        ),
        "1.1d",
        {"1.1d-3"},
        {"1.1d-4"},
        reason="no noVNC screen",
    ),
    ProxyFault(
        "a large empty canvas, and a client that never connects",
        Page(before_the_screen(viewer_pages.EMPTY), viewer_pages.never_connecting),
        "1.1d",
        {"1.1d-3"},
        {"1.1d-4"},
        reason="no noVNC screen",
    ),
    ProxyFault(
        "a frame without a client",
        Framed(inner=viewer_pages.PICTURE),
        "1.1d",
        {"1.1d-3"},
        {"1.1d-4"},
        reason="no script of noVNC",
    ),
    ProxyFault(
        "a button that does nothing",
        Page(script=viewer_pages.on_a_click("Connect", "")),
        "1.1d",
        {"1.1d-4"},
        only="A user works in a session",
        reason="waits for a click on “Connect”",
    ),
    *(
        ProxyFault(
            f"the upgrade is answered {status}",
            vnc_servers.Answers(status, browsers=True),
            "1.1d",
            {"1.1d-4"},
            reason="does not let the upgrade through",
        )
        for status in (200, 426)
    ),
    ProxyFault(
        "a VNC password is asked for",
        vnc_servers.AsksForPassword("secret99"),
        "1.1b",
        {"1.1b-4"},
        {"1.1b-2"},
        reason="asks for a password (VncAuth)",
    ),
    ProxyFault(
        "the VNC server refuses with a reason",
        vnc_servers.Refuses(b"Maintenance until noon"),
        "1.1b",
        {"1.1b-4"},
        {"1.1b-2"},
        reason="Maintenance until noon",
    ),
    ProxyFault(
        "clicks count twice on dense screens",
        Page(script=at_the_end(viewer_pages.TWICE_ON_DENSE_SCREENS)),
        "1.1e",
        {"1.1e-1"},
        only="A user clicks",
        reason="pixel ratio 2",
    ),
    ProxyFault(
        "locked out from the fourth viewer on",
        vnc_servers.LocksOutFrom(4),
        "1.3",
        {"1.3-4"},
        {"1.3-5"},
        only="Five users work at the same time",
        reason="Too many security failures",
    ),
    ProxyFault("two sessions for one request", sessions.Twice(), "1.1a", {"1.1a-2"}),
    ProxyFault("desktops come late", sessions.NoDesktopAtFirst(6.5), "1.1b", {"1.1b-2"}),
    ProxyFault("three pixels beside", desktops.Beside(3, 3), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault(
        "no at sign", desktops.LosesKeys({0x40}), "1.1e", {"1.1e-2"}, only="A user types a command in a terminal"
    ),
    ProxyFault("no Delete", desktops.LosesKeys({0xFFFF}), "1.1e", {"1.1e-3"}, only="A user presses special keys"),
    ProxyFault("the way is lost with the pod", sessions.DesktopOnce(), "1.2", {"1.2-2"}),
    ProxyFault("Failed after the pod is lost", sessions.FallsBack("Failed", 1), "1.2", {"1.2-2"}),
    ProxyFault("202 for 201, for everybody", sessions.Accepted(), "1.3", unproven={"1.3-1"}),
    ProxyFault("another's address", sessions.AnothersAddress(), "1.3", {"1.3-5"}, {"1.3-4"}),
    ProxyFault("hibernation is refused", sessions.Refuses("hibernate"), "1.4", {"1.4-1"}, {"1.4-2"}),
    ProxyFault("waking is refused", sessions.Refuses("wake"), "1.4", {"1.4-3"}, {"1.4-4", "1.4-5"}),
    ProxyFault("awake without a desktop", sessions.DesktopOnce(), "1.4", {"1.4-4"}),
    ProxyFault("a change that comes late", templates.ChangesLate(1.0), "2.2", {"2.2-2"}),
    ProxyFault("a change that comes very late", templates.ChangesLate(6.0), "2.2", {"2.2-2"}),
    ProxyFault("a refused deletion happens", templates.GoesAllTheSame(0.5), "2.3", {"2.3-1"}),
    ProxyFault("any session is in the way", templates.AnySessionCounts(), "2.3", {"2.3-2", "2.3-3"}),
    ProxyFault("only out of sight", templates.OnlyHidden(), "2.3", {"2.3-4"}),
    ProxyFault("heartbeats of two hours ago", agents.HoursAgo(), "3.3", {"3.3-1"}, only="An agent sends heartbeats"),
    ProxyFault(
        "offline and online",
        agents.StaysTwice(),
        "3.3",
        {"3.3-3"},
        {"3.3-4"},
        "An agent's network is cut and restored",
        reason="former connection",
    ),
    *(
        ProxyFault(
            f"the desktop {what} after a while",
            rule,
            "1.1d",
            {"1.1d-4"},
            only="A user works in a session",
        )
        for what, rule in (
            ("freezes", desktops.FreezesAfter(8.0)),
            ("is deaf to keys", desktops.DeafAfter({desktops.KEY, desktops.QEMU_KEY}, 8.0)),
            ("is deaf to clicks", desktops.DeafAfter({desktops.POINTER}, 8.0)),
            ("is cut off", desktops.EndsAfter(8.0)),
        )
    ),
    ProxyFault(
        "the desktop is shown while the pointer moves",
        desktops.ShowsOnlyWhatIsPointedAt(),
        "1.1d",
        {"1.1d-4"},
        only="A user works in a session",
    ),
    ProxyFault(
        "a socket at the root of a product below a path",
        dialects.BelowAPath(finds_its_socket=False),
        "1.1d",
        {"1.1d-4"},
        only="A user works in a session",
    ),
    *(
        ProxyFault(f"no {name}", desktops.LosesKeys({key}), "1.1e", {"1.1e-2"}, only=TYPES)
        for name, key in (("backtick", 0x60), ("digit seven", 0x37), ("backslash", 0x5C), ("capital Q", 0x51))
    ),
    ProxyFault(
        "connections end in silence",
        desktops.EndsInSilence(6.0),
        "4.3",
        {"4.3-1"},
        only=LOOKS,
    ),
    ProxyFault("z and y are swapped", desktops.Mistypes({0x79: 0x7A, 0x7A: 0x79}), "1.1e", {"1.1e-2"}, only=TYPES),
    ProxyFault("no release of x", desktops.LosesReleases({0x78}), "1.1e", {"1.1e-2"}, only=TYPES),
    *(
        ProxyFault(f"no {name}", desktops.LosesKeys({key}), "1.1e", {"1.1e-3"}, only="A user presses special keys")
        for name, key in (("Escape", 0xFF1B), ("Home", 0xFF50), ("Page Down", 0xFF56), ("F5", 0xFFC2), ("Tab", 0xFF09))
    ),
    ProxyFault("no release of Control", desktops.LosesReleases({0xFFE3}), "1.1e", {"1.1e-3"}, only=PRESSES),
    ProxyFault(
        "each key twice", desktops.Doubles(desktops.QEMU_KEY), "1.1d", {"1.1d-4"}, only="A user works in a session"
    ),
    ProxyFault("each click twice", desktops.Doubles(desktops.POINTER), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault("left and right are swapped", desktops.SwapsButtons(), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault("the pointer lags behind", desktops.LagsBehind(), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault(
        "the first picture stays", desktops.FirstPictureAlone(), "1.1d", {"1.1d-4"}, only="A user works in a session"
    ),
    ProxyFault("no right button", desktops.LosesButtons(4), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault("no middle button", desktops.LosesButtons(2), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault("the wheel turns down only", desktops.LosesButtons(8), "1.1e", {"1.1e-4"}, only=TURNS),
    ProxyFault("the list never says Running", sessions.Contradicts(listed=True), "1.1b", {"1.1b-1"}),
    ProxyFault("only the list says Running", sessions.Contradicts(listed=False), "1.1b", {"1.1b-1"}),
    ProxyFault("created as another user's", sessions.Creates(user="somebody"), "1.1a", {"1.1a-2"}),
    ProxyFault("created of another template", sessions.Creates(template="chrome-browser"), "1.1a", {"1.1a-2"}),
    ProxyFault("created without a status", sessions.Creates(status=None), "1.1a", {"1.1a-2"}),
    ProxyFault("created as Running", sessions.Creates(status="Running"), "1.1a", {"1.1a-2"}),
    *(
        ProxyFault(f"an address {what}", sessions.Address(address), "1.1d", {"1.1d-2"}, only=ADDRESS)
        for what, address in (
            ("of the cluster's inside", "http://streamspace-api.streamspace.svc.cluster.local:8080/{path}"),
            ("where nothing listens", "http://127.0.0.1:9/{path}"),
            ("of another page", "http://127.0.0.1:9/nowhere"),
        )
    ),
    *(
        ProxyFault(f"a client page {what}", desktops.OtherClient(path, reply), "1.1d", failed, unproven)
        for what, path, reply, failed, unproven in (
            ("that is empty", "/vnc/", Reply(200, "text/html", b""), {"1.1d-2"}, {"1.1d-3", "1.1d-4"}),
            (
                "that asks for a login",
                "/vnc/",
                Reply(200, "text/html", b"<form><input name=user><input type=password><button>Log in</button></form>"),
                {"1.1d-3"},
                {"1.1d-4"},
            ),
            (
                "that is an error",
                "/vnc/",
                Reply(200, "application/json", b'{"error": "not_found"}'),
                {"1.1d-2"},
                {"1.1d-3", "1.1d-4"},
            ),
            ("without its script", "/rfb.js", Reply(404, "text/plain", b"no such file"), {"1.1d-3"}, {"1.1d-4"}),
        )
    ),
    ProxyFault("answers fail now and then", sessions.FailsNowAndThen(7), "1.1b", {"1.1b-1"}),
    ProxyFault(
        "a hibernation that is only said",
        sessions.OnlySays("POST", "/hibernate", {"status": "Hibernating"}),
        "1.4",
        {"1.4-1"},
        {"1.4-2"},
    ),
    ProxyFault(
        "a second waking that is only said",
        sessions.OnlySays("POST", "/wake", {"status": "Waking"}, after=1),
        "1.4",
        {"1.4-3"},
        {"1.4-4", "1.4-5"},
    ),
    ProxyFault("a heartbeat that stands still", agents.HeartbeatStandsStill(), "3.3", {"3.3-1"}, only=BEATS),
    ProxyFault("every second heartbeat is told", agents.EverySecondHeartbeat(), "3.3", {"3.3-1"}, only=BEATS),
    ProxyFault("a heartbeat whenever one asks", agents.AlwaysNow(), "3.3", {"3.3-1"}, only=BEATS),
    ProxyFault("an agent that is not there", agents.Ghost(), "3.4", unproven={"3.4-1", "3.4-2", "3.4-3", "3.4-4"}),
]
"""What a suite that looks well must find."""
