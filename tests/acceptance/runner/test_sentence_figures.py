"""Sentences with figures that no step can use are refused before anything starts, in one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from behave.parser import parse_feature
from behave.step_registry import StepRegistry

import streamspace_acceptance.sentences  # noqa: F401 - the types of figures
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.runner.sentence_figures import check_register, check_sentences
from streamspace_acceptance.verdict.register import UNITS, Criterion, Register, Test

FEATURE = """
Feature: 4.3 VNC streaming latency
  Scenario: A desktop
    When it moves for {duration}
    Then the lag is below {limit}
    And it is green
"""


def scenarios(duration: str = "5 minutes", limit: str = "50 ms") -> list[Any]:
    feature = parse_feature(FEATURE.format(duration=duration, limit=limit), filename="4.3.feature")
    return list(feature.walk_scenarios())


def steps() -> StepRegistry:
    registry = StepRegistry()
    for kind, pattern in (
        ("when", "it moves for {time:Duration}"),
        ("then", "the lag is below {limit:Milliseconds}"),
        ("then", "it is blue"),
    ):
        registry.add_step_definition(kind, pattern, lambda _context, **_arguments: None)
    return registry


@pytest.mark.parametrize("duration", ["5 minutes", "10 s", "0.5 min", "1 hour"])
def test_durations_of_ten_seconds_and_more_are_taken(duration: str) -> None:
    check_sentences(scenarios(duration), steps())


@pytest.mark.parametrize("duration", ["9.9 s", "0 minutes", "0.1 min"])
def test_a_shorter_duration_is_refused(duration: str) -> None:
    with pytest.raises(SetupProblem, match=r"4\.3\.feature:4: a duration of .* must be 10 s or more\."):
        check_sentences(scenarios(duration), steps())


def test_a_duration_in_an_unknown_unit_is_refused() -> None:
    with pytest.raises(SetupProblem, match=r"“it moves for 5 fortnights”.*“it moves for \{time:Duration\}”"):
        check_sentences(scenarios("5 fortnights"), steps())


@pytest.mark.parametrize("limit", ["50 sec", "50 msec", "50", "50 ms2"])
def test_a_limit_in_an_unknown_unit_is_refused(limit: str) -> None:
    with pytest.raises(SetupProblem, match=r"4\.3\.feature:5: no step reads"):
        check_sentences(scenarios(limit=limit), steps())


def register(limit: float | None, unit: str | None) -> Register:
    criterion = Criterion("9-1", "It is quick", None, limit, unit)
    return Register((Test("9", 9, "P1", "Speed", (criterion,)),))


def test_a_registered_limit_in_an_unknown_unit_is_refused() -> None:
    check_register(Register.load())
    for unit in (*UNITS, None):
        check_register(register(1.0 if unit else None, unit))
    with pytest.raises(SetupProblem, match=r"The limit of 9-1 in plan/criteria\.toml has the unit 'parsecs': use one"):
        check_register(register(1.0, "parsecs"))
