"""The soak: another order for each seed, another delay each time, and what counts as red."""

from typing import Any

import pytest
from behave.parser import parse_feature

from tests.proof.shuffled import apart
from tests.proof.soak import LONGEST, SHORTEST, Jitter, SoakRun, scenario_of

FEATURE = """
Feature: {name}
  Scenario Outline: One of <what>
    Given a <what>
    Examples:
      | what |
      | book |
      | door |
  Scenario: Another
    Given a thing
"""


def features() -> list[Any]:
    return [parse_feature(FEATURE.format(name=name), filename=f"{name}.feature") for name in ("A", "B")]


def order(seed: int) -> list[str]:
    return [f"{feature.name}: {feature.scenarios[0].name}" for feature in apart(features(), seed)]


def test_order_has_each_scenario_once_and_follows_the_seed() -> None:
    assert sorted(order(1)) == sorted(order(2))
    assert len(set(order(1))) == 6
    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in range(10)}) > 5


def test_scenario_apart_still_knows_its_whole_feature() -> None:
    for feature in apart(features(), 7):
        assert [feature.scenarios[0]] == list(feature.walk_scenarios())
        assert len(list(feature.scenarios[0].feature.walk_scenarios())) == 3


def test_jitter_is_another_delay_each_time() -> None:
    rule = Jitter(1)
    delays = [rule.delay for _ in range(100)]
    assert len(set(delays)) == 100
    assert SHORTEST <= min(delays) < max(delays) <= LONGEST


def found(*steps: tuple[str | None, str], verdict: str, applies: bool = True) -> dict[str, Any]:
    return {
        "name": "One",
        "verdict": verdict,
        "reason": "a reason",
        "applies": applies,
        "steps": [{"criterion": criterion, "verdict": judged} for criterion, judged in steps],
    }


@pytest.mark.parametrize(
    ("scenario", "verdict"),
    [
        (found((None, "PROVEN"), ("1.1a-1", "PROVEN"), verdict="PROVEN"), "PROVEN"),
        (found((None, "PROVEN"), ("1.1a-1", "FAILED"), verdict="FAILED"), "FAILED"),
        (found((None, "BROKEN"), ("1.1a-1", "UNPROVEN"), verdict="BROKEN"), "BROKEN"),
        (found((None, "PROVEN"), ("1.1e-5", "FAILED"), verdict="FAILED"), "PROVEN"),
        (found(("4.3-2", "FAILED"), ("4.3-1", "FAILED"), verdict="FAILED"), "FAILED"),
        (found((None, "FAILED"), ("1.1e-5", "UNPROVEN"), verdict="FAILED"), "FAILED"),
        (found(("0-2", "UNPROVEN"), verdict="UNPROVEN", applies=False), "inapplicable"),
    ],
)
def test_verdict_counts_unless_it_is_the_lines_own(scenario: dict[str, Any], verdict: str) -> None:
    assert scenario_of(scenario).verdict == verdict


def test_run_tells_its_seed_and_what_was_red() -> None:
    run = SoakRun(42, 61.0, (scenario_of(found(("1.1a-1", "FAILED"), verdict="FAILED")),))
    assert run.describe() == "seed 42: 1 scenarios, 1 red, 0 not shown, 61 s\n  FAILED “One”: a reason"
