"""A desktop on a part of which something goes on has settled; one that changes everywhere has not."""

import io

import pytest
from PIL import Image, ImageDraw

from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions.rendering import PART_SECONDS, Settling, describe

NOW = "streamspace_acceptance.domain.sessions.rendering.now"
COLOURS = ("#aa3311", "#33aa11", "#1133aa")


def picture(number: int, width: int, left: int = 0) -> Picture:
    """A desktop with a window, and a column of that width that has another colour in each picture."""
    image, data = Image.new("RGB", (200, 100)), io.BytesIO()
    image.paste("#7cc4ff", (60, 20, 190, 80))
    image.paste(COLOURS[number % 3], (left, 0, left + width, 100))
    image.save(data, "PNG")
    return Picture(data.getvalue())


def settles_after(pictures: list[Picture], monkeypatch: pytest.MonkeyPatch) -> float | None:
    """Seconds until a desktop has settled that is looked at four times a second; None if it never does."""
    settling = Settling()
    for number, seen in enumerate(pictures):
        monkeypatch.setattr(NOW, lambda at=number / 4: 100.0 + at)
        if settling.has_settled(seen):
            return number / 4
    return None


def test_desktop_with_an_animation_settles_later(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settles_after([picture(0, 40)] * 30, monkeypatch) == 1.0
    assert settles_after([picture(n, 40) for n in range(30)], monkeypatch) == PART_SECONDS


def test_desktop_that_changes_everywhere_does_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settles_after([picture(n, 120) for n in range(30)], monkeypatch) is None
    assert settles_after([picture(n, 40, left=40 * (n % 5)) for n in range(30)], monkeypatch) is None


def test_window_that_opens_beside_an_animation_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [picture(n, 40) for n in range(8)]
    after = [picture(n, 160) for n in range(1)] + [picture(n, 20) for n in range(30)]
    assert settles_after([*before, *after], monkeypatch) == len(before) / 4 + 0.25 + PART_SECONDS


def full_terminal(*marks: tuple[int, int, int, int]) -> Picture:
    """A screen of one colour with some small rectangles, each as left, top, right and bottom edge."""
    image, data = Image.new("RGB", (1280, 720), "#0f1b24"), io.BytesIO()
    for mark in marks:
        ImageDraw.Draw(image).rectangle(mark, "#e6edf3")
    image.save(data, "PNG")
    return Picture(data.getvalue())


def test_terminal_with_nothing_but_its_prompt_is_no_blank_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = [(2 + 10 * letter, 6, 5 + 10 * letter, 15) for letter in range(12)]
    assert settles_after([full_terminal(*prompt)] * 10, monkeypatch) == 1.0
    pointer = full_terminal((640, 360, 651, 370))
    assert settles_after([pointer] * 10, monkeypatch) is None
    assert describe(pointer) == "a blank screen"
