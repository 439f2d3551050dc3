"""Faults that the sandbox does not know: a proxy before its API lies, and the suite must name what the lie is about."""

import pytest

from tests.proof.conftest import Runs
from tests.proof.lies import LIES, Lie

pytestmark = [pytest.mark.proof, pytest.mark.sandbox, pytest.mark.timeout(900)]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name.replace(" ", "-"))
def test_a_lie_turns_the_criterion_that_it_is_about(lie: Lie, runs: Runs) -> None:
    run = runs.with_lie(lie.name)
    assert run.of("FAILED") == lie.failed, f"{run.reasons}\n{run.console}"
    assert run.of("UNPROVEN") >= lie.unproven, f"{run.reasons}\n{run.console}"
    assert not run.of("BROKEN"), f"{run.reasons}\n{run.console}"
    assert run.status != 0
