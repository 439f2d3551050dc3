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
from streamspace_acceptance.domain.interaction.program_sources import INSET
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget, Wait

CELL = (10, 20)
ROWS, COLUMNS = 10, 12
COLOURS = [(200, 60, 60), (60, 200, 60), (60, 60, 200), (200, 60, 200), (200, 200, 60)]
RIGHT, LOW = COLUMNS - INSET, ROWS - INSET
CELLS = [(1 + INSET, 1 + INSET), (RIGHT, 1 + INSET), (1 + INSET, LOW), (RIGHT, LOW), (COLUMNS // 2, ROWS // 2)]
CORNERS = 4


class Desk:
    """A desktop of one window, its viewer, and the program in the window."""

    def __init__(self, trouble: str = "", ratio: float = 1.0) -> None:
        self.trouble = trouble
        self.ratio = ratio
        self.session = SimpleNamespace(subject="session s")
        self.heard = ""
        self.is_rendered = False
        self.told = [str(ROWS), str(COLUMNS)]

    def unused_colours(self, _count: int) -> Sequence[Colour]:
        self.wait_until_rendered()
        return COLOURS

    def opened(self) -> Any:
        return self

    def connect(self) -> None: ...

    def open(self, _browser: object) -> None: ...

    def wait_for_client(self) -> None: ...

    def wait_until_rendered(self) -> None:
        self.is_rendered = True

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
        assert self.is_rendered, "a client that has only loaded may have no screen yet"
        return 100, 60

    def shown_at(self, across: float, down: float) -> tuple[int, int]:
        return math.ceil(across), math.ceil(down)

    def covered(self, _points: object) -> list[object]:
        return []

    def click(self, x: int, y: int, button: str = "left") -> None:
        """As a terminal reports it: what falls beyond its border is of the cell inside."""
        across, down = self.beside(x, y)
        column, row = min(max(across // CELL[0] + 1, 1), COLUMNS), min(max(down // CELL[1] + 1, 1), ROWS)
        for kind in "Mm":
            self.heard += f"\x1b[<{BUTTONS.index(button)};{column};{row}{kind}"

    def beside(self, x: int, y: int) -> tuple[int, int]:
        """Where a click lands: in the half that the trouble names, so many pixels to the right or below."""
        half, _, pixels = self.trouble.partition(" by ")
        is_there = {
            "left": x < COLUMNS * CELL[0] // 2,
            "right": x >= COLUMNS * CELL[0] // 2,
            "upper": y < ROWS * CELL[1] // 2,
            "lower": y >= ROWS * CELL[1] // 2,
        }.get(half, False)
        shift = int(pixels) if is_there else 0
        return (x + shift, y) if half in ("left", "right") else (x, y + shift)

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
    assert len(clicking.clicks) == 2 * (len(CELLS) + CORNERS + 2 + 2)
    expect.interaction.clicked_as_aimed(clicking)


def test_second_click_that_is_taken_for_a_bounce_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unmet, match="24 reports instead of 26"):
        expect.interaction.clicked_as_aimed(clicked(monkeypatch, "bounce"))


@pytest.mark.parametrize("half", ["left", "right", "upper", "lower"])
@pytest.mark.parametrize("pixels", [-25, -3, 3, 15, 20, 60])
def test_clicks_beside_in_one_half_of_the_screen(monkeypatch: pytest.MonkeyPatch, half: str, pixels: int) -> None:
    with pytest.raises(Unmet, match="missed its aim"):
        expect.interaction.clicked_as_aimed(clicked(monkeypatch, f"{half} by {pixels}"))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [("fewer marks", "4 of 5 marks.*goes beyond the screen"), ("no marks", "0 of 5 marks.*not what the session's")],
)
def test_marks_that_are_not_all_to_be_seen_prove_nothing(
    trouble: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unproven, match=says):
        clicked(monkeypatch, trouble)
