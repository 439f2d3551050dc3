"""The sample of the proof: the healthy run, one planted fault of each test of the plan, and some behind a proxy."""

import pytest

from streamspace_sandbox.faults.catalogue import faults
from tests.proof.case import Case, Lane
from tests.proof.families import all_cases, healthy
from tests.proof.families.healthy import LOAD_PHASE
from tests.proof.families.planted_faults import FAMILY as PLANTED
from tests.proof.register import criteria_of_the_embedded, plan_test_of

CASES = all_cases()


def _parameters() -> list[object]:
    return [pytest.param(case, id=case.id, marks=_marks(case)) for case in CASES if case.sample]


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    """A planted fault has a sandbox of its own, and the others share one.

    The healthy run is long. It follows the quiet tests on their worker: beside it they would wait for its end, and the
    other workers for theirs.
    """
    if case.id == healthy.ID:
        return [pytest.mark.xdist_group("quiet"), pytest.mark.long]
    return [pytest.mark.xdist_group(case.id if case.family == PLANTED else "behind a proxy")]


@pytest.mark.proof
@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", _parameters())
def test_sampled_case_is_as_wanted(case: Case, lane: Lane) -> None:
    outcome = (case.check_quickly or case.check)(lane)
    assert not outcome.problems, "\n".join([*outcome.problems, outcome.console])


def test_every_criterion_has_a_planted_fault() -> None:
    planned = [fault for fault in faults() if not fault.beyond_the_plan]
    assert {fault.breaks for fault in planned if not fault.tolerable} == criteria_of_the_embedded()


def test_every_test_of_phases_0_to_3_is_in_the_sample() -> None:
    """Those of phase 4 take minutes each: `make proof` has them."""
    sampled = [case for case in CASES if case.sample and case.family == PLANTED]
    tests = [plan_test_of(criterion) for case in sampled for criterion in case.criteria]
    plan = [plan_test_of(criterion) for criterion in criteria_of_the_embedded()]
    assert sorted(test["id"] for test in tests) == sorted({test["id"] for test in plan if test["phase"] < LOAD_PHASE})
