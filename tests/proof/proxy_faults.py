"""Proxy faults, which the sandbox does not know: what a proxy before its API does to what passes."""

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from tests.proof.proxy import Rule, proxied
from tests.proof.proxy_rules import agents, desktops, sessions, templates
from tests.proof.running import Run, run_suite
from tests.support.project import PROJECT


@dataclass(frozen=True)
class ProxyFault:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven.

    `only`: the scenario that is run of a test whose others have nothing to do with it. `reason`: what each failure
    names. `broken` are the criteria that must be BROKEN; `finds`: whether the run must tell of a defect beyond it.
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
    ProxyFault("two sessions for one request", sessions.Twice(), "1.1a", {"1.1a-2"}),
    ProxyFault("desktops come late", sessions.NoDesktopAtFirst(6.5), "1.1b", {"1.1b-2"}),
    ProxyFault("three pixels beside", desktops.Beside(3, 3), "1.1e", {"1.1e-1"}, only="A user clicks"),
    ProxyFault("no at sign", desktops.LosesKeys({0x40}), "1.1e", {"1.1e-2"}, only="A user types"),
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
]
"""What changes nothing that a user or the plan asks for: every criterion of the test is proven all the same."""


def case_id(family: str, fault: ProxyFault) -> str:
    """`family/name` with nothing in it that a shell or a file name would mind."""
    return f"{family}/{fault.name.translate(str.maketrans(' ', '-', chr(39) + ','))}"


def run_against(fault: ProxyFault, target: dict[str, str], reports: Path) -> Run:
    """The run of the fault's test against a healthy sandbox with the fault's proxy before it."""
    (feature,) = (PROJECT / "features").glob(f"*/{fault.test}_*.feature")
    with proxied(target["STREAMSPACE_API_URL"], fault.rule) as url:
        chosen = [str(feature), *(["--name", f"^{fault.only}$"] if fault.only else [])]
        return run_suite(target | {"STREAMSPACE_API_URL": url}, reports, *chosen)
