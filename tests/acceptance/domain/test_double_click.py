"""Clicks on marks in a window: each arrives alone, and both of a double click do."""

import io
import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from streamspace_acceptance import expect
from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.domain.interaction import pointing
from streamspace_acceptance.domain.interaction.pointing import BUTTONS, Clicking
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget, Wait

CELL = (10, 20)
ROWS, COLUMNS = 10, 12
COLOURS = [(200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 60, 200), (200, 200, 60)]
CELLS = [(1, 1), (COLUMNS, 1), (1, ROWS), (COLUMNS, ROWS), (COLUMNS // 2, ROWS // 2)]


class Desk:
    """A desktop of one window, its viewer, and the program in the window."""

    def __init__(self, trouble: str = "", ratio: float = 1.0) -> None:
        self.trouble = trouble
        self.ratio = ratio
        self.session = SimpleNamespace(subject="session s")
        self.heard = ""
        self.told = [str(ROWS), str(COLUMNS)]

    def unused_colours(self, _count: int) -> Sequence[Colour]:
        return COLOURS

    def opened(self) -> Any:
        return self

    def connect(self) -> None: ...

    def open(self, _browser: object) -> None: ...

    def wait_for_client(self) -> None: ...

    def wait(self, goal: str) -> Any:
        return Wait("desktop", goal, Budget("browser", 0.3 if "marks" in self.trouble else 20.0, 1.0))

    def blame(self, otherwise: str) -> str:
        return otherwise

    def framebuffer(self) -> Picture:
        image = Image.new("RGB", (COLUMNS * CELL[0], ROWS * CELL[1]))
        lacking = {"fewer marks": 1, "no marks": len(COLOURS)}.get(self.trouble, 0)
        for colour, (column, row) in list(zip(COLOURS, CELLS, strict=True))[lacking:]:
            box = ((column - 1) * CELL[0], (row - 1) * CELL[1], column * CELL[0], row * CELL[1])
            image.paste(colour, box)
        data = io.BytesIO()
        image.save(data, "PNG")
        return Picture(data.getvalue())

    def picture(self) -> Picture:
        return self.framebuffer()

    def magnification(self) -> tuple[float, float]:
        return 1.0, 1.0

    def middle(self) -> tuple[int, int]:
        return 100, 60

    def shown_at(self, across: float, down: float) -> tuple[int, int]:
        return math.ceil(across), math.ceil(down)

    def covered(self, _points: object) -> list[object]:
        return []

    def click(self, x: int, y: int, button: str = "left") -> None:
        for kind in "Mm":
            self.heard += f"\x1b[<{BUTTONS.index(button)};{x // CELL[0] + 1};{y // CELL[1] + 1}{kind}"

    def double_click(self, x: int, y: int) -> None:
        for _ in range(1 if self.trouble == "bounce" else 2):
            self.click(x, y)

    def move_to(self, _x: int, _y: int) -> None: ...

    def press(self, key: str) -> None:
        self.heard += key

    def received(self, *, until: str, times: int = 1) -> str:
        assert until or times
        return self.heard

    def received_so_far(self) -> str:
        return self.heard


def clicked(monkeypatch: pytest.MonkeyPatch, trouble: str = "") -> Clicking:
    kept: list[Clicking] = []
    desk: Any = Desk(trouble)
    monkeypatch.setattr(pointing, "TerminalProgram", lambda *_: desk)
    scenario: Any = SimpleNamespace(
        desktop=desk,
        session=desk.session,
        clients=SimpleNamespace(browser=None),
        new_desktop=lambda *_, **__: desk,
        results=SimpleNamespace(put=kept.append),
    )
    pointing.click(scenario)
    return kept[0]


def test_click_on_each_mark_and_a_double_click_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    clicking = clicked(monkeypatch)
    assert len(clicking.clicks) == 2 * (len(CELLS) + 2 + 2)
    expect.interaction.clicked_as_aimed(clicking)


def test_second_click_that_is_taken_for_a_bounce_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unmet, match="16 reports instead of 18"):
        expect.interaction.clicked_as_aimed(clicked(monkeypatch, "bounce"))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [("fewer marks", "4 of 5 marks.*goes beyond the screen"), ("no marks", "0 of 5 marks.*not what the session's")],
)
def test_marks_that_are_not_all_to_be_seen_prove_nothing(
    trouble: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unproven, match=says):
        clicked(monkeypatch, trouble)
