"""Another contract of the same product: its profile gives every criterion the verdict that it has under the plan's.

A planted fault behind the contract turns the same criterion red, and no other.
"""

from functools import partial

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.register import NOT_OF_THE_EMBEDDED, criteria_of_the_embedded, plan_test_of
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "contracts"
CONTRACT = "shipped-v2.0-beta"
NO_COUNTERPART = {"3.2-1"}
OF_PHASES = "@phase0 or @phase1 or @phase2 or @phase3"
LAST_PHASE = 3
FAULTS = {
    "creation-answers-200": ("1.1a-1", "@test-1.1a"),
    "home-lost-with-pod": ("1.2-3", "@test-1.1a or @test-1.2"),
    "template-loses-display-name": ("2.1-1", "@test-1.1a or @test-2.1"),
}
"""Faults of the creation, of a pod and of a template: a part of the contract each."""
ACCEPTED = ("-D", "accept-deviations")


def cases() -> list[Case]:
    return [
        Case(healthy := f"{FAMILY}/{CONTRACT}", (), seconds(healthy), Load.QUIET, _check_healthy),
        *(_planted(fault, criterion, tags) for fault, (criterion, tags) in FAULTS.items()),
    ]


def _planted(fault: str, criterion: str, tags: str) -> Case:
    case = f"{FAMILY}/{fault}"
    return Case(case, (criterion,), seconds(case), Load.BUSY, partial(_check, fault, criterion, tags))


def _check_healthy(lane: Lane) -> Outcome:
    """Phases 0 to 3: those of phase 4 look at the same answers."""
    with embedded(lane.sandbox_name(), "--contract", CONTRACT) as target:
        run = run_suite(target, lane.folder(), f"--tags={OF_PHASES}", *ACCEPTED, recorded=False)
    planned = {
        criterion for criterion in criteria_of_the_embedded() if plan_test_of(criterion)["phase"] <= LAST_PHASE
    } - NO_COUNTERPART
    problems = []
    if unlike := planned ^ run.of("PROVEN"):
        problems.append(f"not as under the plan's contract: {sorted(unlike)}")
    if run.inapplicable != NOT_OF_THE_EMBEDDED | NO_COUNTERPART:
        problems.append(f"inapplicable are {sorted(run.inapplicable)}")
    return Outcome.of(run, set(), problems)


def _check(fault: str, criterion: str, tags: str, lane: Lane) -> Outcome:
    with embedded(lane.sandbox_name(), "--contract", CONTRACT, "--fault", fault) as target:
        run = run_suite(target, lane.folder(), f"--tags={tags}", *ACCEPTED, recorded=False)
    return Outcome.of(run, {criterion}, [])
