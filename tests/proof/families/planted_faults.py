"""Planted faults: each of the sandbox's catalogue turns its criterion red and no other; a tolerable one turns none.

A fault's run is of test 1.1a, on which all others stand, and of the phase of the criterion that the fault breaks, but
for its long tests; a fault of a long test is run against that test and 1.1a. Long is what waits for tens of seconds, or
works in a browser, which takes a processor as much as all the rest of phase 1 does. A fault of phase 4 is run against
the scenario that judges its criterion, and 1.1a. So the proof says that a fault turns no other criterion red of what
was run against it; of others it says nothing. STREAMSPACE_PROOF=whole asks for the whole phase. In `make test` the
faults of the sample are run against their tests alone, several at a time.
"""

import os
from functools import partial

from streamspace_sandbox.faults.catalogue import Fault, faults
from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.families.healthy import LOAD_PHASE
from tests.proof.register import feature_of, mostly_waits, plan_test_of, scenario_of
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "planted"
BASIS = "@test-1.1a"
LONG_PHASES = {3}
LONG_TESTS = {"1.1d", "1.1e", "1.3"}
WANTS_A_QUIET_MACHINE = "1.1e-5"
WANT_TIME = {"3.3-1", "3.3-2", "4.1-1"}
"""What judges fractions of an interval: a clock that is half as fast makes what a busy machine adds half as much."""
HALF_AS_FAST = ("--time-scale", "0.2")
SAMPLE = (
    (
        "health-degraded",
        "creation-answers-200",
        "any-size-accepted",
        "viewer-answers-404",
        "template-loses-display-name",
        "new-sessions-use-old-template",
        "sessions-miscounted",
    ),
    ("mute-vnc-server",),
    ("capitals-lost", "home-lost-with-pod", "no-pod-on-wake"),
    ("crowd-shares-claim",),
    ("desktops-lost-with-agent", "command-carried-out-twice", "return-not-logged", "unfair-shares"),
)
"""For `make test`: of each test of phases 0 to 3 the cheapest fault that needs the test's own scenario to be found.

Those that do not hide each other share a sandbox and a run. Those of phase 3 get a slower clock: `make test` is to pass
on a busy machine too.
"""


def cases() -> list[Case]:
    return [_case(fault) for fault in faults() if not fault.beyond_the_plan]


def _case(fault: Fault) -> Case:
    id = f"{FAMILY}/{fault.name}"
    clock = HALF_AS_FAST if fault.breaks in WANT_TIME else ()
    return Case(id, (fault.breaks,), seconds(id), _load(fault), partial(_check, (fault,), covered(fault), clock=clock))


def sample() -> list[Case]:
    """The cases of `make test`: each runs the tests of its faults, which must turn exactly their criteria red."""
    known = {fault.name: fault for fault in faults()}
    return [_together(tuple(known[name] for name in names)) for names in SAMPLE]


def _together(planted: tuple[Fault, ...]) -> Case:
    tests = ",".join(f"@test-{plan_test_of(fault.breaks)['id']}" for fault in planted)
    id = f"{FAMILY}/{'+'.join(fault.name for fault in planted)}"
    broken = tuple(fault.breaks for fault in planted)
    clock = HALF_AS_FAST if any(plan_test_of(criterion)["phase"] in LONG_PHASES for criterion in broken) else ()
    check = partial(_check, planted, (f"--tags={tests}", "-D", "gate=off"), clock=clock)
    return Case(id, broken, seconds(id), Load.BUSY, check, sample=True)


def _load(fault: Fault) -> Load:
    phase = plan_test_of(fault.breaks)["phase"]
    if phase == LOAD_PHASE or fault.breaks == WANTS_A_QUIET_MACHINE:
        return Load.QUIET
    return Load.WAITING if mostly_waits(plan_test_of(fault.breaks)["id"]) else Load.BUSY


def covered(fault: Fault) -> tuple[str, ...]:
    """What is run against the fault, as arguments of behave."""
    test = plan_test_of(fault.breaks)
    if os.environ.get("STREAMSPACE_PROOF") == "whole":
        return (f"--tags=@phase{test['phase']} or {BASIS}",)
    if test["phase"] == LOAD_PHASE:
        return str(feature_of("1.1a")), scenario_of(fault.breaks)
    if test["phase"] in LONG_PHASES or test["id"] in LONG_TESTS:
        return (f"--tags=@test-{test['id']} or {BASIS}",)
    left_out = "".join(f" and not @test-{long}" for long in sorted(LONG_TESTS))
    return (f"--tags=(@phase{test['phase']}{left_out}) or {BASIS}",)


def _check(planted: tuple[Fault, ...], chosen: tuple[str, ...], lane: Lane, *, clock: tuple[str, ...]) -> Outcome:
    names = ",".join(fault.name for fault in planted)
    with embedded(lane.sandbox_name(), "--fault", names, *clock) as target:
        run = run_suite(target, lane.folder(), *chosen, recorded=False)
    wanted = {fault.breaks for fault in planted if not fault.tolerable}
    problems = []
    if (run.status == 0) == bool(wanted):
        tolerable = "not " if wanted else ""
        problems.append(f"exit status {run.status}, though the fault is {tolerable}tolerable")
    return Outcome.of(run, wanted, problems)
