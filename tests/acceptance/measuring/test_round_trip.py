"""Round trips are judged by their 90th percentile, and only where a known delay is found again."""

from __future__ import annotations

from dataclasses import replace

from streamspace_acceptance.measuring.round_trip import RoundTrips, with_omitted_trips

GOOD = RoundTrips([3.0] * 90 + [60.0] * 10, [33.0] * 10, [0.1] * 100)
LIMIT = 50.0


def test_round_trips_with_one_in_ten_late_are_within_the_limit() -> None:
    assert GOOD.judged == 37.0  # each of 60 ms held up one that was due 23 ms after it
    assert replace(GOOD, trips=[3.0] * 89 + [60.0] * 11).judged == 60.0
    assert GOOD.distrust(LIMIT) == ""


def test_round_trips_whose_delay_is_not_found_are_distrusted() -> None:
    assert "was measured as 0 ms" in replace(GOOD, delayed=[3.0] * 10).distrust(LIMIT)
    assert "was measured as 97 ms" in replace(GOOD, delayed=[100.0] * 10).distrust(LIMIT)


def test_round_trips_of_an_uneven_product_are_trusted() -> None:
    uneven = replace(GOOD, trips=[3.0] * 80 + [90.0] * 20, delayed=[100.0] * 10)
    assert uneven.distrust(LIMIT) == ""
    assert uneven.distrust(100.0) != ""


def test_round_trips_of_a_late_runner_are_excused() -> None:
    late = replace(GOOD, lateness=[3.0] * 100)
    assert late.excuse(LIMIT)
    assert (
        late.excuse(2.0) == ""
    )  # the usual round trip is over the limit: the runner would have to be late all the time
    assert replace(late, lateness=[9.0] * 100).excuse(2.0)
    assert GOOD.excuse(LIMIT) == ""


def test_round_trips_give_their_judged_figure_first() -> None:
    assert [(figure.value, figure.unit) for figure in GOOD.figures()][:2] == [(37.0, "ms"), (3.0, "ms")]
    assert "p90 3.00 ms" in GOOD.table()


def test_round_trips_during_a_freeze_count_as_many() -> None:
    freezes = replace(GOOD, trips=([3.0] * 170 + [1000.0]) * 10)  # a second in five
    assert freezes.judged > 500.0
    assert freezes.excuse(LIMIT) == ""
    assert replace(GOOD, trips=([3.0] * 1700 + [1000.0]) * 2).judged == 3.0  # a second in forty


def test_round_trips_of_a_steady_product_are_all_begun() -> None:
    assert with_omitted_trips([45.0] * 10) == [45.0] * 10
    assert with_omitted_trips([4.0] * 10 + [50.0])[10:] == [50.0, 26.0, 2.0]


def test_freezes_of_a_runner_that_is_held_up_are_excused() -> None:
    held_up = replace(GOOD, trips=([3.0] * 170 + [1000.0]) * 10, lateness=[0.1] * 980 + [40.0] * 20)
    assert "one in a hundred" in held_up.excuse(LIMIT)
