"""Faults that the sandbox does not know: a proxy before its API lies, and the suite must name what the lie is about."""

import pytest

from tests.proof.conftest import Runs
from tests.proof.lies import DISGUISES, LIES, Lie

pytestmark = [pytest.mark.proof, pytest.mark.sandbox, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name.replace(" ", "-"))
def test_a_lie_turns_the_criterion_that_it_is_about(lie: Lie, runs: Runs) -> None:
    run = runs.with_lie(lie.name)
    assert run.of("FAILED") == lie.failed, f"{run.reasons}\n{run.console}"
    assert all(lie.told in run.reasons[each] for each in lie.failed), f"{run.reasons}\n{run.console}"
    assert run.of("UNPROVEN") >= lie.unproven, f"{run.reasons}\n{run.console}"
    assert not run.of("BROKEN"), f"{run.reasons}\n{run.console}"
    assert run.status != 0


@pytest.mark.parametrize("lie", DISGUISES, ids=lambda lie: lie.name.replace(" ", "-"))
def test_what_only_looks_different_is_proven(lie: Lie, runs: Runs) -> None:
    run = runs.with_lie(lie.name)
    assert not run.of("FAILED") | run.of("BROKEN"), f"{run.reasons}\n{run.console}"
    assert run.status == 0, run.console
