"""The search finds a planted capacity exactly, in few tries, and ends with the ramp where nothing fails."""

from __future__ import annotations

import pytest

from streamspace_acceptance.measuring.capacity_search import PLANNED_RAMP, CapacitySearch, read_ramp
from streamspace_acceptance.outcomes import SetupProblem


def search(capacity: int, ramp: tuple[int, ...] = PLANNED_RAMP, *, none_ran: bool = False) -> CapacitySearch:
    """A search against a product that holds `capacity`; with `none_ran` an overload stops all new sessions."""
    found = CapacitySearch(ramp)
    while (number := found.next()) is not None:
        assert len(found.tried) < 40
        if number <= capacity:
            found.held(number)
        else:
            found.failed(number, found.good if none_ran else capacity)
    return found


@pytest.mark.parametrize("none_ran", [False, True])
@pytest.mark.parametrize("capacity", [0, 1, 7, 9, 10, 11, 23, 64, 79])
def test_search_finds_the_capacity(capacity: int, none_ran: bool) -> None:
    found = search(capacity, none_ran=none_ran)
    assert (found.good, found.bad, found.exact) == (capacity, capacity + 1, True)
    assert not found.reached_end


@pytest.mark.parametrize(("capacity", "tries"), [(7, 3), (23, 5), (64, 9)])
def test_search_tries_the_number_that_ran_first(capacity: int, tries: int) -> None:
    assert len(search(capacity).tried) == tries


def test_search_to_the_end_of_the_ramp_finds_no_limit() -> None:
    found = search(80)
    assert (found.good, found.bad, found.reached_end) == (80, None, True)


def test_search_that_is_stopped_tries_nothing_more() -> None:
    found = CapacitySearch((10, 20))
    found.held(10)
    found.failed(20, 10)
    found.stop()
    assert found.next() is None
    assert not found.exact


@pytest.mark.parametrize(("text", "ramp"), [(None, PLANNED_RAMP), ("5", (5,)), ("10, 20,1000", (10, 20, 1000))])
def test_ramp_that_rises_is_read(text: str | None, ramp: tuple[int, ...]) -> None:
    assert read_ramp(text) == ramp


@pytest.mark.parametrize("text", ["", "10,10", "20,10", "0,5", "-5", "ten", "10,,20", "10,x", "1e3", "10;20", "²"])
def test_ramp_that_is_no_rising_list_is_refused(text: str) -> None:
    with pytest.raises(SetupProblem, match="not a rising list of numbers"):
        read_ramp(text)
