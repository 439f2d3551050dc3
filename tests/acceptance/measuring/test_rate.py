"""A rate with its interval: steady products on either side of the limit are told apart, and chance decides nothing."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from streamspace_acceptance.measuring.rate import MOST_RUNS, Rate, student_t

LIMIT = 10.0
EMBEDDED = 0.1


def steady(per_minute: float, count: int = 20, jitter: float = 0.0, scale: float = EMBEDDED) -> Rate:
    """A product that completes one session after the other, each late by up to `jitter` seconds."""
    chance = random.Random(7)  # noqa: S311
    gap = 60 * scale / per_minute
    moments = [number * gap + chance.uniform(0, jitter) for number in range(1, count + 1)]
    return Rate.of([1000 + moment for moment in moments], 1000.0, scale)


def test_rate_is_the_plans_figure() -> None:
    rate = Rate.of([3.0, 6.0, 9.0, 12.0], 0.0, 1.0)
    assert (rate.completed, rate.seconds, rate.per_minute) == (4, 12.0, 20.0)


def test_rate_on_a_scaled_clock_is_of_the_plans_minute() -> None:
    assert Rate.of([0.3, 0.6, 0.9, 1.2], 0.0, EMBEDDED).per_minute == pytest.approx(20.0)


@pytest.mark.parametrize(("per_minute", "answer"), [(9.5, "below"), (10.5, "at least")])
@pytest.mark.parametrize("scale", [1.0, 0.2, EMBEDDED])
def test_rate_just_beside_the_limit_is_decided(per_minute: float, answer: str, scale: float) -> None:
    assert steady(per_minute, scale=scale).answer(LIMIT) == answer


@pytest.mark.parametrize(("per_minute", "answer"), [(9.5, "below"), (10.5, "at least")])
def test_rate_seen_by_polls_of_100_ms_is_decided(per_minute: float, answer: str) -> None:
    assert steady(per_minute, jitter=0.1, scale=0.2).answer(LIMIT) == answer


def test_rate_of_uneven_completions_is_undecided() -> None:
    gaps = itertools.cycle([0.1, 1.05])
    rate = Rate.of(list(itertools.accumulate(next(gaps) for _ in range(20))), 0.0, EMBEDDED)
    assert rate.per_minute > LIMIT
    assert rate.answer(LIMIT) == "undecided"
    assert rate.low < LIMIT <= rate.high


def test_further_runs_of_an_undecided_rate_would_decide() -> None:
    gaps = [0.1, 0.9] * 10
    rate = Rate.of(list(itertools.accumulate(gaps)), 0.0, EMBEDDED)
    runs = rate.further_runs(LIMIT)
    assert runs is not None
    assert runs >= 1
    again = Rate.of(list(itertools.accumulate(gaps * (runs + 1))), 0.0, EMBEDDED)
    assert again.answer(LIMIT) == "at least"


def test_further_runs_at_the_limit_itself_are_too_many() -> None:
    gaps = [0.1, 1.1] * 10
    rate = Rate.of(list(itertools.accumulate(gaps)), 0.0, EMBEDDED)
    assert rate.further_runs(LIMIT) is None
    assert MOST_RUNS > 1


def test_rate_of_few_completions_has_an_endless_upper_bound() -> None:
    assert Rate.of([0.1, 5.0], 0.0, 1.0).high == math.inf


@pytest.mark.parametrize("moments", [[], [1.0]])
def test_rate_of_fewer_than_two_is_refused(moments: list[float]) -> None:
    with pytest.raises(ValueError, match="two completions"):
        Rate.of(moments, 0.0, 1.0)


@pytest.mark.parametrize(("freedom", "factor"), [(1, 12.706), (19, 2.093), (22, 2.086), (5000, 1.962)])
def test_student_t_between_known_values_errs_widely(freedom: int, factor: float) -> None:
    assert student_t(freedom) == factor


def test_interval_holds_the_true_rate_19_times_in_20() -> None:
    chance = random.Random(11)  # noqa: S311
    held = 0
    for _ in range(1000):
        gaps = [chance.gauss(3.0, 0.8) for _ in range(20)]
        rate = Rate.of(list(itertools.accumulate(gaps)), 0.0, 1.0)
        held += rate.low <= 20.0 <= rate.high
    assert 930 <= held <= 970


def burst(total: float, scale: float = EMBEDDED) -> Rate:
    """Twenty completions that all come at the end of so many seconds, as those of a burst do."""
    return Rate.of([total - 0.01 * number for number in range(20)], 0.0, scale)


def test_several_bursts_decide_what_one_leaves_open() -> None:
    assert burst(7.5).answer(LIMIT) == "undecided"
    runs = Rate.of_runs([burst(7.5), burst(7.1), burst(7.8)])
    assert runs.answer(LIMIT) == "at least"
    assert runs.describe().endswith("60 in 22.40 s of 3 bursts")


@pytest.mark.parametrize(("total", "answer"), [(12.6, "below"), (11.4, "at least")])
def test_several_bursts_just_beside_the_limit_are_decided(total: float, answer: str) -> None:
    assert Rate.of_runs([burst(total + late) for late in (0.0, 0.05, 0.1)]).answer(LIMIT) == answer


def test_unlike_bursts_stay_undecided() -> None:
    runs = Rate.of_runs([burst(6.0), burst(12.0), burst(9.0)])
    assert runs.answer(LIMIT) == "undecided"
    assert runs.further_runs(LIMIT) is not None


def test_a_single_burst_is_its_own_rate() -> None:
    assert Rate.of_runs([burst(7.5)]) == burst(7.5)
