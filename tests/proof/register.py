"""What the proof reads of `plan/criteria.toml`."""

import tomllib
from functools import cache
from typing import Any

from tests.support.project import PROJECT

# The embedded StreamSpace has neither images nor the tools that make them: those criteria are shown with stand-ins
# for the tools, in test_environment.py.
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


def sentences() -> dict[str, str]:
    """{criterion: the Then sentence that proves it}, for the criteria that the features prove today."""
    criteria = [criterion for entry in plan_tests() for criterion in entry["criteria"]]
    return {criterion["id"]: criterion["sentence"] for criterion in criteria if "sentence" in criterion}


def criteria_of_the_embedded() -> frozenset[str]:
    """The criteria that the features prove today, as far as they apply to the embedded StreamSpace."""
    return frozenset(sentences()) - NOT_OF_THE_EMBEDDED
