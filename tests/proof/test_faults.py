"""The proof: a sound StreamSpace is green throughout, and each planted fault turns exactly its criterion red."""

import tomllib

import pytest

from streamspace_sandbox.faults.catalogue import Fault, faults
from tests.proof.conftest import SOUND, Runs
from tests.proof.overhead import of_its_own
from tests.support.project import PROJECT

REGISTER = PROJECT / "plan" / "criteria.toml"
pytestmark = [pytest.mark.proof, pytest.mark.sandbox, pytest.mark.timeout(900)]


# The embedded StreamSpace has neither images nor the tools that make them: what is said of those is shown with
# stand-ins for the tools, in test_environment.py beside this file.
NOT_OF_THE_EMBEDDED = {"0-2", "0-3", "0-4", "0-5"}
LONGEST_RUN = 240.0
"""Seconds that the whole plan may take on two processors."""
MOST_OF_ITS_OWN = 0.02 * LONGEST_RUN
"""Seconds by the processor's clock: other work on the machine stretches the other one."""


def criteria_of_the_embedded() -> set[str]:
    """The criteria that the features prove today, as far as they apply to the embedded StreamSpace."""
    tests = tomllib.loads(REGISTER.read_text())["test"]
    return {each["id"] for test in tests for each in test["criteria"] if "sentence" in each} - NOT_OF_THE_EMBEDDED


def test_a_sound_product_is_proven_throughout(runs: Runs) -> None:
    run = runs[SOUND]
    assert run.of("PROVEN") == criteria_of_the_embedded(), run.console
    assert run.inapplicable == NOT_OF_THE_EMBEDDED, run.console
    assert "UNDECIDED: the embedded StreamSpace is not a release" in run.console, "also when it was started by hand"
    assert run.status == 0, run.console


def test_the_suite_itself_adds_next_to_nothing(runs: Runs) -> None:
    """Beside waiting for the product and the browser."""
    own = of_its_own(runs[SOUND].spent)
    assert sum(own.values()) <= MOST_OF_ITS_OWN, f"{sum(own.values()):.1f} s: {own}"


def test_a_fault_turns_its_criterion_red_and_no_other_and_a_tolerable_one_none(runs: Runs, fault: Fault) -> None:
    run = runs[fault.name]
    red = set() if fault.tolerable else {fault.breaks}
    assert run.of("FAILED") == red, f"{run.reasons}\n{run.console}"
    assert not run.of("BROKEN"), f"{run.reasons}\n{run.console}"
    assert (run.status == 0) == fault.tolerable, run.console


def test_every_criterion_has_a_fault() -> None:
    assert {fault.breaks for fault in faults() if not fault.tolerable} == criteria_of_the_embedded()
