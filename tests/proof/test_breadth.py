"""The breadth of the proof: how many defects each criterion is tried with."""

from tests.proof import breadth
from tests.proof.families.healthy import LOAD_PHASE
from tests.proof.register import plan_test_of, sentences

BUILT_FROM_A_CHECKOUT = {"0-5"}
"""tests/proof/test_environment.py and the unit tests of images have its defects."""


def test_each_criterion_before_the_load_has_three_defects() -> None:
    counted = breadth.defects()
    asked = {
        criterion for criterion in sentences() if plan_test_of(criterion)["phase"] < LOAD_PHASE
    } - BUILT_FROM_A_CHECKOUT
    assert {criterion: counted[criterion] for criterion in asked if counted[criterion] < breadth.FEWEST} == {}


def test_counts_name_each_criterion_and_the_few() -> None:
    lines = breadth.describe().splitlines()
    assert len(lines) == 2 + len(sentences())
    assert lines[-1].startswith("fewer than 3: 0-5, 4.1-1")
