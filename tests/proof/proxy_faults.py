"""Proxy faults, which the sandbox does not know: what a proxy before its API does to what passes."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.proxy import Rule, proxied
from tests.proof.proxy_rules import agents, desktops, sessions, templates, viewer_pages, vnc_servers
from tests.proof.proxy_rules.viewer_pages import Framed, Page, WaitsForFont, at_the_end, before_the_screen, in_the_head
from tests.proof.register import feature_of
from tests.proof.running import Run, run_suite


@dataclass(frozen=True)
class ProxyFault:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven.

    `only`: the scenario that is run of a test whose others have nothing to do with it. `reason`: what each failure
    names. `broken` are the criteria that must be BROKEN; `finds`: whether the run must tell of a defect beyond it.
    `settings`: environment variables of the run.
    """

    name: str
    rule: Rule
    test: str
    failed: Set[str] = frozenset()
    unproven: Set[str] = frozenset()
    only: str = ""
    reason: str = ""
    broken: Set[str] = frozenset()
    finds: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


TOGETHER, ADDRESS = "Five users request sessions at the same time", "A user requests the address of a session"

PROXY_FAULTS = [
    ProxyFault("202 for 201", sessions.Accepted(), "1.1a", {"1.1a-1"}),
    ProxyFault("an id that nobody has", sessions.InventedId(), "1.1a", {"1.1a-2"}),
    ProxyFault("the product limits each creation", sessions.TooMany(0), "1.1a", {"1.1a-1"}, reason="429"),
    ProxyFault(
        "the product limits creations together", sessions.TooMany(2), "1.3", {"1.3-1"}, only=TOGETHER, reason="429"
    ),
    ProxyFault("a gateway limits all calls", sessions.RateLimit(6), "1.1b", broken={"1.1b-1"}, reason="rate of calls"),
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
    ),
]
"""What a suite that looks well must find."""

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
        for name, test in (("004.001", "1.1b"), ("003.889", "1.1b"), ("005.000", "1.1d"))
    ),
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
]
"""What changes nothing that a user or the plan asks for: every criterion of the test is proven all the same."""


def case_id(family: str, fault: ProxyFault) -> str:
    """`family/name` with nothing in it that a shell or a file name would mind."""
    return f"{family}/{fault.name.translate(str.maketrans(' ', '-', chr(39) + ','))}"


def run_against(fault: ProxyFault, target: dict[str, str], reports: Path) -> Run:
    """The run of the fault's test against a healthy sandbox with the fault's proxy before it."""
    with proxied(target["STREAMSPACE_API_URL"], fault.rule) as url:
        chosen = [str(feature_of(fault.test)), *(["--name", f"^{fault.only}$"] if fault.only else [])]
        return run_suite({**target, **fault.settings, "STREAMSPACE_API_URL": url}, reports, *chosen)
