"""What the proof reads of `plan/criteria.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from behave.parser import parse_file

from tests.support.project import PROJECT

# The embedded StreamSpace has neither images nor the tools that make them: those criteria are shown with stand-ins
# for the tools, in test_environment.py.
WAITING_PHASES = {0, 3}
NOT_OF_THE_EMBEDDED = frozenset({"0-2", "0-3", "0-4", "0-5"})


@cache
def plan_tests() -> tuple[dict[str, Any], ...]:
    """The register's tests, in the order of the plan."""
    return tuple(tomllib.loads((PROJECT / "plan" / "criteria.toml").read_text())["test"])


def plan_test(test: str) -> dict[str, Any]:
    """The entry of the test with that id, such as "1.1a"."""
    return next(entry for entry in plan_tests() if entry["id"] == test)


def plan_test_of(criterion: str) -> dict[str, Any]:
    """The entry of the test that the criterion belongs to."""
    return plan_test(criterion.rpartition("-")[0])


def mostly_waits(test: str) -> bool:
    """Whether a run of the test leaves the processors to others. The fifteen sessions of 3.4 do not."""
    return plan_test(test)["phase"] in WAITING_PHASES and test != "3.4"


def sentences() -> dict[str, str]:
    """{criterion: the Then sentence that proves it}, for the criteria that the features prove today."""
    criteria = [criterion for entry in plan_tests() for criterion in entry["criteria"]]
    return {criterion["id"]: criterion["sentence"] for criterion in criteria if "sentence" in criterion}


def feature_of(test: str) -> Path:
    """The feature that runs the test."""
    (path,) = (PROJECT / "features").glob(f"*/{test}_*.feature")
    return path


def scenario_of(criterion: str) -> str:
    """`FILE:LINE` of the scenario that judges the criterion, as behave takes it; KeyError if none does."""
    path, sentence = feature_of(criterion.rpartition("-")[0]), sentences()[criterion]
    for scenario in parse_file(str(path)).walk_scenarios():
        if any(step.step_type == "then" and step.name == sentence for step in scenario.all_steps):
            return f"{path}:{scenario.line}"
    raise KeyError(criterion)


def criteria_of_the_embedded() -> frozenset[str]:
    """The criteria that the features prove today, as far as they apply to the embedded StreamSpace."""
    return frozenset(sentences()) - NOT_OF_THE_EMBEDDED
