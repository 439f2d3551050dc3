"""A page that shows a part of the desktop alone is told from one that shows all of it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from streamspace_acceptance.desktop.client_page import ScreenLostError
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions import whole_picture
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.rfb import NoHandshake
from streamspace_acceptance.product.rfb_client import Rectangle
from streamspace_acceptance.waiting import Budget, Wait

TYPED, BEFORE = (182, 73, 0), (15, 27, 36)
SIZE = (200, 120)


def picture(covered: int) -> Picture:
    """A desktop that has the typed colour up to a column."""
    image, data = Image.new("RGB", SIZE, BEFORE), io.BytesIO()
    image.paste(TYPED, (0, 0, covered, SIZE[1]))
    image.save(data, "PNG")
    return Picture(data.getvalue())


class _Desktop:
    """The desktop has the colour up to column 160; its page shows so much of it at each look."""

    def __init__(self, *page: int, refused: bool = False, ousted: bool = False) -> None:
        self.session = self.vnc = cast("Any", self)
        self._is_lost = False
        self._page = iter((*page, *page[-1:] * 100))
        self._refused, self._ousted = refused, ousted
        self.framebuffer_ = SimpleNamespace(width=SIZE[0], height=SIZE[1])

    @contextmanager
    def viewing(self) -> Iterator[Any]:
        if self._refused:
            raise NoHandshake("it serves one viewer alone")
        self._is_lost = self._ousted
        yield SimpleNamespace(framebuffer=self.framebuffer_, picture=self._band)

    @staticmethod
    def _band(box: tuple[int, int, int, int]) -> Rectangle:
        row = bytes((*TYPED[::-1], 0)) * 160 + bytes((*BEFORE[::-1], 0)) * (SIZE[0] - 160)
        return Rectangle(box, row * box[3])

    def opened(self) -> Any:
        return self

    def framebuffer(self) -> Picture:
        if self._is_lost:
            raise ScreenLostError("noVNC", None)
        return picture(next(self._page))

    def wait(self, goal: str) -> Wait:
        return Wait("the desktop", goal, Budget("browser", 0.6, 1.0))

    def blame(self, otherwise: str) -> str:
        return otherwise


@pytest.mark.parametrize("page", [(160,), (150,), (100, 160)])
def test_page_that_shows_all_of_the_desktop_is_whole(page: tuple[int, ...]) -> None:
    whole_picture.check(cast("Any", _Desktop(*page)), TYPED)


def test_page_of_which_a_part_stays_as_it_was_is_not() -> None:
    with pytest.raises(Unmet) as caught:
        whole_picture.check(cast("Any", _Desktop(100)), TYPED)
    assert "50% of the screen; another viewer gets 80%" in caught.value.actual
    assert "not brought up to date" in caught.value.likely


def test_page_is_not_judged_where_the_server_serves_it_alone() -> None:
    whole_picture.check(cast("Any", _Desktop(100, refused=True)), TYPED)


def test_page_is_looked_at_before_another_viewer_may_oust_it() -> None:
    whole_picture.check(cast("Any", _Desktop(160, ousted=True)), TYPED)
