"""Planted capacities: the search finds each exactly, whatever refuses the next session.

The cases are quiet ones: twenty sessions start at once, which other cases would make late.
"""

import json
from functools import partial

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "capacities"
CRITERION = "4.4-1"
FIGURE = "largest number"
# fault, ramp, capacity
PLANTED = (("room-for-seven", "5,10", 7), ("quota-of-twenty-three", "20,30", 23), ("room-for-seven", "4,7", 7))


def cases() -> list[Case]:
    return [_case(*planted) for planted in PLANTED]


def _case(fault: str, ramp: str, capacity: int) -> Case:
    case_id = f"{FAMILY}/{fault}-by-{ramp.replace(',', '-')}"
    return Case(case_id, (CRITERION,), seconds(case_id), Load.QUIET, partial(_check, fault, ramp, capacity))


def _check(fault: str, ramp: str, capacity: int, lane: Lane) -> Outcome:
    reports = lane.folder()
    with embedded(lane.sandbox_name(), "--fault", fault) as target:
        run = run_suite(target, reports, "--tags=@test-4.4", "-D", f"ramp={ramp}", recorded=False)
    criteria = json.loads((reports / "verdict.json").read_text())["criteria"]
    figures = next(criterion for criterion in criteria if criterion["id"] == CRITERION).get("measured", [])
    found = [figure["value"] for figure in figures if figure["name"] == FIGURE]
    problems = [] if found == [capacity] else [f"a planted capacity of {capacity} was found as {found}"]
    if run.status != 0:
        problems.append(f"exit status {run.status} and not 0")
    return Outcome.of(run, set(), problems)
