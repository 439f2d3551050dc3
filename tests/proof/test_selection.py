"""What `--only` and `--shard` select."""

import pytest

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.families import all_cases
from tests.proof.selection import NothingSelectedError, only, shard

COUNT = 4


def nothing(_lane: Lane) -> Outcome:
    return Outcome()


def new_case(case_id: str, criterion: str, seconds: float = 10.0) -> Case:
    return Case(case_id, (criterion,), seconds, Load.BUSY, nothing)


CASES = [new_case("planted/one", "1.2-1"), new_case("planted/two", "1.2-3"), new_case("proxy/three", "1.1a-1")]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], ["one", "two", "three"]),
        (["1.2"], ["one", "two"]),
        (["1.2-3"], ["two"]),
        (["three"], ["three"]),
        (["planted/one"], ["one"]),
        (["proxy", "1.2-1"], ["one", "three"]),
    ],
)
def test_only_selects_by_any_name(wanted: list[str], expected: list[str]) -> None:
    assert [case.id.partition("/")[2] for case in only(CASES, wanted)] == expected


def test_only_refuses_a_word_that_means_nothing() -> None:
    with pytest.raises(NothingSelectedError, match=r"1\.20"):
        only(CASES, ["1.2", "1.20"])


def test_shards_hold_every_case_once() -> None:
    cases = all_cases()
    parts = [shard(cases, index, COUNT) for index in range(1, COUNT + 1)]
    assert sorted(case.id for part in parts for case in part) == sorted(case.id for case in cases)


def test_shards_weigh_about_the_same() -> None:
    cases = all_cases()
    weights = [sum(case.seconds for case in shard(cases, index, COUNT)) for index in range(1, COUNT + 1)]
    assert max(weights) - min(weights) <= max(case.seconds for case in cases)


def test_shards_do_not_depend_on_the_order_of_cases() -> None:
    cases = all_cases()
    forwards, backwards = shard(cases, 2, COUNT), shard(cases[::-1], 2, COUNT)
    assert {case.id for case in forwards} == {case.id for case in backwards}


def test_every_case_has_a_weight_and_a_known_criterion() -> None:
    assert all(case.seconds > 0 for case in all_cases())
    assert all(case.concerns(criterion) for case in all_cases() for criterion in case.criteria)
