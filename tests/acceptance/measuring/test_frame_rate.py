"""Frame rates are counted from distinct pictures, and a source that is too slow itself is found out."""

from __future__ import annotations

import pytest

from streamspace_acceptance.measuring.frame_rate import CYCLE, Frame, FrameRate


def frames(rate: float, seconds: float, *, every: int = 1, first: int = 200) -> list[Frame]:
    """The pictures of a source, of which a viewer gets only some."""
    return [Frame(n / rate, (first + n) % CYCLE) for n in range(0, int(rate * seconds), every)]


@pytest.mark.parametrize("rate", [5, 10, 15, 20, 30])
def test_frame_rate_of_a_known_source_is_found(rate: int) -> None:
    found = FrameRate(10.0, rate, frames(rate, 10.0))
    assert found.received == pytest.approx(rate, rel=0.02)
    assert found.drawn == pytest.approx(rate, rel=0.02)
    assert found.distrust == ""


def test_frame_rate_of_a_viewer_that_loses_pictures() -> None:
    found = FrameRate(10.0, 30.0, frames(30, 10.0, every=2))
    assert found.received == pytest.approx(15)
    assert found.drawn == pytest.approx(30)
    assert found.distrust == ""


def test_frame_rate_of_a_slow_source_is_distrusted() -> None:
    found = FrameRate(10.0, 30.0, frames(12, 10.0))
    assert "was to draw 30 pictures/s and drew 12.0" in found.distrust


def test_frame_rate_without_numbers_is_distrusted() -> None:
    found = FrameRate(1.0, 30.0, [Frame(n / 30, None) for n in range(30)])
    assert found.drawn is None
    assert found.distrust


def test_frame_rate_of_a_frozen_desktop_tells_the_gap() -> None:
    still = FrameRate(10.0, 30.0, [])
    assert (still.received, still.longest_gap, still.distrust) == (0.0, 10.0, "")
    frozen = FrameRate(10.0, 30.0, [*frames(30, 3.0), Frame(8.0, 20)])
    assert frozen.longest_gap == pytest.approx(5.0, abs=0.1)


def test_old_pictures_that_come_again_are_not_counted() -> None:
    again = [Frame(n / 30, (0, 1)[n % 2]) for n in range(300)]
    found = FrameRate(10.0, 30.0, again)
    assert found.received < 1.0
    assert found.longest_gap > 3.0
    assert "more were old ones again" in str(found)


def test_pictures_out_of_order_are_counted_once() -> None:
    swapped = [frame for pair in zip(*[iter(frames(30, 10.0))] * 2, strict=True) for frame in reversed(pair)]
    assert FrameRate(10.0, 30.0, swapped).received == pytest.approx(15, abs=0.2)


def test_colours_that_are_not_the_sources_are_not_counted() -> None:
    noisy = [*frames(14, 10.0), *(Frame(n / 14, None) for n in range(0, 140, 2))]
    found = FrameRate(10.0, 14.0, noisy)
    assert (found.received, found.is_unnumbered) == (14.0, True)
