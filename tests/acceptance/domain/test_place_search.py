"""The search for a window that takes what is typed, by pictures and by what runs in the session."""

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions.input_probe import least_filled
from streamspace_acceptance.domain.sessions.place_search import PlaceSearch, waits_for_commands


@pytest.mark.parametrize(
    ("stat", "waits"),
    [
        ("4121 (bash) S 4120 4121 4121 34816 4121 4194304", True),
        ("4121 (bash) S 4120 4121 4121 34816 4150 4194304", False),  # another program is in the foreground
        ("4150 (htop) S 4121 4150 4121 34816 4150 4194304", False),
        ("77 (sh) S 1 77 77 0 -1 4194304", False),  # no terminal
        ("78 (a) b (zsh) S 1 78 78 34817 78 0", True),
    ],
)
def test_shell_waits_for_commands_in_its_terminal_alone(stat: str, waits: bool) -> None:
    assert waits_for_commands(stat) is waits


def test_points_outside_the_background_are_where_a_window_is() -> None:
    image = Image.new("RGB", (200, 100), "#24506e")
    image.paste("#0f1b24", (120, 60, 180, 95))
    image.paste("#0f1b24", (0, 0, 5, 5))
    image.paste("#000000", (100, 50, 112, 69))  # a pointer
    data = io.BytesIO()
    image.save(data, "PNG")
    assert Picture(data.getvalue()).outside_background([(100, 50), (150, 70), (10, 90), (300, 70)]) == [(150, 70)]


@pytest.mark.parametrize(
    ("size", "terminal", "is_enough"),
    [
        ((3840, 2160), 484 * 316, True),  # 80 columns and 24 rows in the smallest font
        ((2560, 1440), 484 * 316, True),
        ((2560, 1440), 484 * 100, False),  # a third of it alone
        ((1280, 720), 484 * 80, False),
    ],
)
def test_terminal_of_a_large_screen_may_cover_less(size: tuple[int, int], terminal: int, is_enough: bool) -> None:
    viewer = cast("Any", SimpleNamespace(framebuffer_size=lambda: size))
    assert (terminal / (size[0] * size[1]) >= least_filled(viewer)) is is_enough


MIDDLE, LEFT, RIGHT = (100, 50), (40, 50), (160, 50)


class Desktop:
    """A desktop of 200 x 100 pixels with a terminal in a box, and the places at which was typed there."""

    def __init__(self, terminal: tuple[int, int, int, int], place: tuple[int, int] | None = None) -> None:
        image = Image.new("RGB", (200, 100), "#24506e")
        image.paste("#0f1b24", terminal)
        data = io.BytesIO()
        image.save(data, "PNG")
        self.shown = Picture(data.getvalue())
        self.place = place
        self.typed_at: list[tuple[int, int]] = []

    def opened(self) -> Any:
        return self

    def places(self) -> list[tuple[int, int]]:
        return [MIDDLE, LEFT, RIGHT]

    def picture(self) -> Picture:
        return self.shown

    def click(self, x: int, y: int) -> None:
        self.typed_at.append((x, y))


@pytest.mark.parametrize(
    ("desktop", "order"),
    [
        (Desktop((20, 10, 180, 90)), [MIDDLE, LEFT, RIGHT]),
        (Desktop((5, 10, 80, 90)), [LEFT, MIDDLE, RIGHT]),
        (Desktop((0, 0, 200, 100)), [MIDDLE, LEFT, RIGHT]),  # it has no edge
        (Desktop((5, 10, 80, 90), RIGHT), [RIGHT, LEFT, MIDDLE]),
    ],
)
def test_windows_come_before_what_is_behind_them(desktop: Desktop, order: list[tuple[int, int]]) -> None:
    search = PlaceSearch(cast("Any", desktop), lambda: None, patience=0.0)
    for _ in range(4):
        search.go_on(seen=False)
    assert desktop.typed_at == order
