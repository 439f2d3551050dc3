"""The sample of the proof: the healthy run, one planted fault of each test of the plan, and some behind a proxy."""

import pytest

from streamspace_sandbox.faults.catalogue import faults
from tests.proof.case import Case, Lane
from tests.proof.families import all_cases, healthy, planted_faults
from tests.proof.families.healthy import LOAD_PHASE
from tests.proof.register import criteria_of_the_embedded, plan_test_of
from tests.scheduling import busy

SAMPLE = [case for case in [*planted_faults.sample(), *all_cases()] if case.sample]


def _parameters() -> list[object]:
    return [pytest.param(case, id=case.id, marks=_marks(case)) for case in SAMPLE]


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    """Planted faults have sandboxes of their own, and the others share one. Nothing runs beside the healthy run."""
    if case.id == healthy.ID:
        return [pytest.mark.quiet]
    return [pytest.mark.xdist_group(busy(case.id if case.family == planted_faults.FAMILY else "behind a proxy"))]


@pytest.mark.proof
@pytest.mark.sandbox
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", _parameters())
def test_sampled_case_is_as_expected(case: Case, lane: Lane) -> None:
    outcome = (case.check_quickly or case.check)(lane)
    assert not outcome.problems, "\n".join([*outcome.problems, outcome.console])


def test_every_criterion_has_a_planted_fault() -> None:
    planned = [fault for fault in faults() if not fault.beyond_the_plan]
    assert {fault.breaks for fault in planned if not fault.tolerable} == criteria_of_the_embedded()


def test_every_test_of_phases_0_to_3_is_in_the_sample() -> None:
    """Those of phase 4 take minutes each: `make proof` has them."""
    sampled = [plan_test_of(criterion)["id"] for case in planted_faults.sample() for criterion in case.criteria]
    plan = [plan_test_of(criterion) for criterion in criteria_of_the_embedded()]
    assert sorted(sampled) == sorted({test["id"] for test in plan if test["phase"] < LOAD_PHASE})
