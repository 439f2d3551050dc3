"""Shards: every scenario is in exactly one, those that disrupt are in the last, the others have about the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest
from behave.configuration import Configuration
from behave.runner_util import collect_feature_locations, parse_features

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.verdict import shards
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.register import Test as PlanTest
from streamspace_acceptance.verdict.run_document import place_of
from streamspace_acceptance.verdict.shards import Shard
from tests.support.project import PROJECT

REGISTER = Register(
    tuple(PlanTest(f"{phase}.1", phase, "P0", f"Test {phase}", ()) for phase in range(5)),
)


@dataclass(frozen=True)
class Named:
    """A scenario as far as the plan of shards looks at it."""

    line: int
    effective_tags: tuple[str, ...]


def scenarios(*tags: str) -> list[tuple[str, Named]]:
    return [(f"{index}: {text}", Named(index, tuple(text.split()))) for index, text in enumerate(tags)]


def numbers(given: Sequence[tuple[str, Named]], of: int, **seconds: float) -> list[int]:
    durations = {place: seconds.get(f"s{index}", 1.0) for index, (place, _) in enumerate(given)}
    return [planned.shard for planned in shards.plan(given, of, REGISTER, durations)]


def test_shards_last_one_has_what_needs_the_target_alone() -> None:
    given = scenarios("test-0.1", "test-1.1", "test-1.1 disruptive", "test-3.1", "test-4.1", "beyond-the-plan")
    assert [number == 3 for number in numbers(given, 3)] == [False, False, True, True, True, False]


def test_shards_one_runner_has_everything() -> None:
    assert numbers(scenarios("test-0.1", "test-3.1", "test-2.1"), 1) == [1, 1, 1]


def test_shards_have_about_the_same_time() -> None:
    given = scenarios(*["test-1.1"] * 5)
    planned = numbers(given, 3, s0=10, s1=4, s2=3, s3=2, s4=1)
    assert planned == [1, 2, 2, 2, 2]


def test_shards_keep_the_scenarios_about_templates_together() -> None:
    given = scenarios("test-2.1", "test-1.1", "test-2.1", "test-1.1", "test-2.1")
    assert len({number for number, (place, _) in zip(numbers(given, 4), given, strict=True) if "2.1" in place}) == 1


def test_shards_are_the_same_in_any_order() -> None:
    given = scenarios(*[f"test-1.1 t{index}" for index in range(9)])
    there = {planned.place: planned.shard for planned in shards.plan(given, 4, REGISTER, {})}
    assert {number for number, _ in groupby(sorted(there.values()))} == {1, 2, 3}


@pytest.mark.parametrize("value", ["0/3", "4/3", "2", "a/b", "1/0", "1/3 ", "-1/3"])
def test_shard_that_is_none_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(SetupProblem, match="is not a shard"):
        shards.parse(value)


def test_shard_option_is_read() -> None:
    assert shards.parse("2/4") == Shard(2, 4)
    assert shards.parse(None) is None


@pytest.mark.parametrize("text", ["[]", "{", '{"a": "x"}'])
def test_durations_of_another_shape_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "durations.json").write_text(text)
    with pytest.raises(SetupProblem, match="not a table of seconds"):
        shards.read_durations(tmp_path / "durations.json")


def test_shard_side_by_side_has_users_of_its_own() -> None:
    suffix = {shard: Settings.from_environment({}, {"shard": shard}).user_suffix for shard in ("1/3", "2/3", "3/3")}
    assert suffix == {"1/3": "-s1", "2/3": "-s2", "3/3": ""}
    assert Settings.from_environment({}, {}).user_suffix == ""


def test_durations_are_of_scenarios_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    Configuration([])  # behave.ini says how the examples of an outline are named
    features = parse_features(collect_feature_locations(["features"]))
    places = {place_of(scenario) for feature in features for scenario in feature.walk_scenarios()}
    assert sorted(set(shards.read_durations()) - places) == []
