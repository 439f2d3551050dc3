"""A desktop that is held open: one that turns black later is told from one that lasts."""

import io
from collections.abc import Callable, Iterable
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image, ImageDraw

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions import dwell
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Budget


def picture(*, window: bool) -> Picture:
    image, data = Image.new("RGB", (200, 100)), io.BytesIO()
    if window:
        ImageDraw.Draw(image).rectangle((20, 20, 150, 80), "#7cc4ff")
    image.save(data, "PNG")
    return Picture(data.getvalue())


USED = SimpleNamespace(typed=None)


class _ShortBudgets(Budgets):
    def named(self, name: str) -> Budget:
        return Budget(name, 0.8, 1.0)


class _Desktop:
    """A desktop that is black at those looks, counted from 1, of which `is_black` says so."""

    def __init__(
        self, is_black: Callable[[int], bool], connections: Iterable[tuple[int, int]] = ((1, 1), (1, 1))
    ) -> None:
        self.session = cast("Any", self)
        self.subject = "session s"
        self.budgets = _ShortBudgets(1)
        self._is_black = is_black
        self._looks = count(1)
        self._connections = iter(connections)

    def opened(self) -> Any:
        return self

    @property
    def connections(self) -> tuple[int, int]:
        return next(self._connections)

    def picture(self) -> Picture:
        return picture(window=not self._is_black(next(self._looks)))

    def whole_page(self) -> bytes:
        return picture(window=True).png

    def blame(self, otherwise: str) -> str:
        return otherwise


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dwell, "BLANK_SECONDS", 0.2)
    monkeypatch.setattr(dwell, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(dwell, "probe_input", lambda _: USED)


def test_dwell_of_a_lasting_desktop_is_used_twice() -> None:
    held: Any = dwell.hold(cast("Any", _Desktop(lambda look: look == 3)))  # redrawn for a moment
    assert (held.first, held.last) == (USED, USED)
    assert held.seconds >= 0.8


def test_dwell_of_a_desktop_that_connects_again_says_so() -> None:
    with pytest.raises(Unmet, match="reconnected 2 times"):
        dwell.hold(cast("Any", _Desktop(lambda _: False, [(1, 1), (1, 3)])))


def test_dwell_forgives_a_change_of_this_machines_network() -> None:
    dwell.hold(cast("Any", _Desktop(lambda _: False, [(1, 1), (2, 2)])))


def test_dwell_of_a_desktop_that_turns_black_says_when() -> None:
    with pytest.raises(Unmet, match=r"a blank screen since \+\d\.\d s, though it was visible before"):
        dwell.hold(cast("Any", _Desktop(lambda look: look > 2)))


def test_dwell_of_a_desktop_that_flickers_counts_the_looks() -> None:
    with pytest.raises(Unmet, match=r"blank in \d+ of \d+ looks"):
        dwell.hold(cast("Any", _Desktop(lambda look: look % 2 == 0)))


def test_dwell_of_a_desktop_that_grows_deaf_says_it_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    uses = iter(["used"])

    def probe(_: object) -> str:
        for use in uses:
            return use
        raise Unmet("the desktop", expected="a", actual="b", likely="keys do not reach it")

    monkeypatch.setattr(dwell, "probe_input", probe)
    with pytest.raises(Unmet, match=r"used again after (?s:.*)it worked at first; keys do not reach it"):
        dwell.hold(cast("Any", _Desktop(lambda _: False)))
