"""Faults that the sandbox does not know: what a proxy before its API does to what passes, and the runs against that."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.proof import rules_of_agents as agents
from tests.proof import rules_of_desktops as desktops
from tests.proof import rules_of_sessions as sessions
from tests.proof import rules_of_templates as templates
from tests.proof.proxy import Rule, proxied
from tests.proof.running import Run, embedded, run_suite
from tests.support.project import PROJECT


@dataclass(frozen=True)
class Lie:
    """A rule, the one test of the plan that it is about, and what must fail or, at the least, remain unproven.

    `only`: the scenario that is run of a test whose others have nothing to do with it. `told`: what each failure names.
    """

    name: str
    rule: Rule
    test: str
    failed: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()
    only: str = ""
    told: str = ""


LIES = [
    Lie("202 for 201", sessions.Accepted(), "1.1a", frozenset({"1.1a-1"})),
    Lie("an id that nobody has", sessions.InventedId(), "1.1a", frozenset({"1.1a-2"})),
    Lie("a gateway answers", sessions.Gateway(), "1.1a", unproven=frozenset({"1.1a-1"})),
    Lie("Running does not last", sessions.FallsBack("Pending"), "1.1b", frozenset({"1.1b-1"})),
    Lie("no reason is given", sessions.GivesNoReason(), "1.1c", frozenset({"1.1c-2"})),
    Lie("half an address", sessions.NoAddress(), "1.1d", frozenset({"1.1d-1"})),
    Lie("the page spins", desktops.Spins(), "1.1d", frozenset({"1.1d-3"}), frozenset({"1.1d-4"})),
    Lie("clicks are lost", desktops.NoPointer(), "1.1d", frozenset({"1.1d-4"})),
    *(
        Lie(name, rule, "1.1d", frozenset({"1.1d-4"}), only="A user works in a session", told="WebSocket has ended")
        for name, rule in (
            ("the line is torn in the handshake", desktops.TornInTheHandshake()),
            ("the line is torn when touched", desktops.TornWhenTouched()),
        )
    ),
    Lie("two sessions for one request", sessions.Twice(), "1.1a", frozenset({"1.1a-2"})),
    Lie("desktops come late", sessions.NoDesktopAtFirst(6.5), "1.1b", frozenset({"1.1b-2"})),
    Lie("three pixels beside", desktops.Beside(3, 3), "1.1e", frozenset({"1.1e-1"}), only="A user points at things"),
    Lie("no at sign", desktops.LosesKeys({0x40}), "1.1e", frozenset({"1.1e-2"}), only="A user types"),
    Lie("no Delete", desktops.LosesKeys({0xFFFF}), "1.1e", frozenset({"1.1e-3"}), only="A user presses special keys"),
    Lie("the way is lost with the pod", sessions.DesktopOnce(), "1.2", frozenset({"1.2-2"})),
    Lie("Failed after the pod is lost", sessions.FallsBack("Failed", 1), "1.2", frozenset({"1.2-2"})),
    Lie("202 for 201, for everybody", sessions.Accepted(), "1.3", unproven=frozenset({"1.3-1"})),
    Lie("another's address", sessions.AnothersAddress(), "1.3", frozenset({"1.3-5"}), frozenset({"1.3-4"})),
    Lie("hibernation is refused", sessions.Refuses("hibernate"), "1.4", frozenset({"1.4-1"}), frozenset({"1.4-2"})),
    Lie("waking is refused", sessions.Refuses("wake"), "1.4", frozenset({"1.4-3"}), frozenset({"1.4-4", "1.4-5"})),
    Lie("awake without a desktop", sessions.DesktopOnce(), "1.4", frozenset({"1.4-4"})),
    Lie("a change that comes late", templates.ChangesLate(1.0), "2.2", frozenset({"2.2-2"})),
    Lie("a refused deletion happens", templates.GoesAllTheSame(0.5), "2.3", frozenset({"2.3-1"})),
    Lie("any session is in the way", templates.AnySessionCounts(), "2.3", frozenset({"2.3-2", "2.3-3"})),
    Lie("only out of sight", templates.OnlyHidden(), "2.3", frozenset({"2.3-4"})),
    Lie(
        "heartbeats of two hours ago", agents.HoursAgo(), "3.3", frozenset({"3.3-1"}), only="An agent sends heartbeats"
    ),
    Lie(
        "offline and online",
        agents.StaysTwice(),
        "3.3",
        frozenset({"3.3-3"}),
        frozenset({"3.3-4"}),
        "An agent's network is cut and restored",
    ),
]
"""What a suite that looks well must find."""

DISGUISES = [
    Lie("a minified client", desktops.Minified(), "1.1d"),
    Lie("a slow line", sessions.Slow(), "1.2"),
]
"""What changes nothing that a user or the plan asks for: every criterion of the test is proven all the same."""


def told(names: list[str], folder: Path) -> dict[str, Run]:
    """The runs with each of these lies, one after the other against one sandbox, which is sound."""
    with embedded(f"foreign-{os.getpid()}") as target:
        return {lie.name: run_with(lie, target, folder) for lie in [*LIES, *DISGUISES] if lie.name in names}


def run_with(lie: Lie, target: dict[str, str], folder: Path) -> Run:
    """The run of the lie's test against a sandbox with that lie before it."""
    (feature,) = (PROJECT / "features").glob(f"*/{lie.test}_*.feature")
    with proxied(target["STREAMSPACE_API_URL"], lie.rule) as url:
        chosen = [str(feature), *(["--name", f"^{lie.only}$"] if lie.only else [])]
        return run_suite(target | {"STREAMSPACE_API_URL": url}, folder / lie.name.replace(" ", "-"), *chosen)
