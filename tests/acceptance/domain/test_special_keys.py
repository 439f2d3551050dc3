"""Special keys: each must arrive, but for function keys that the desktop visibly keeps for itself."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from streamspace_acceptance import expect
from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.interaction import special_keys
from streamspace_acceptance.domain.interaction.special_keys import FUNCTION_KEYS, SPECIAL_KEYS, Pressed, given_for
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Budget

SIZE = (200, 100)
RXVT = {"Home": "\x1b[7~", "End": "\x1b[8~", "F1": "\x1b[11~", "F2": "\x1b[12~", "Backspace": "\x08"}


class Desk:
    """A desktop with a window that has a program, as long as the window has the keyboard.

    `full`: the keys that switch the screen to another picture and back, `opening`: those that open a window which takes
    the keyboard, `lost`: those that do not reach the desktop. `moves`: something changes in each picture.
    """

    def __init__(
        self,
        *,
        full: str = "",
        opening: str = "",
        lost: str = "",
        moves: bool = False,
        closes: bool = False,
        forms: dict[str, str] | None = None,
    ) -> None:
        self.session = SimpleNamespace(subject="session s")
        self.place = (1, 1)
        self.heard = ""
        self.full, self.opening, self.lost = full.split(), opening.split(), lost.split()
        self.moves, self.closes, self.forms = moves, closes, forms or {}
        self.is_full = self.is_below = False
        self.looks = 0

    def wait_until_rendered(self) -> None: ...

    def opened(self) -> Any:
        return self

    def press(self, key: str) -> None:
        if key in self.lost:
            return
        if key in self.full:
            self.is_full = not self.is_full
        elif key in self.opening:
            self.is_below = True
        elif not self.is_below:
            self.heard += key if key == special_keys.END else self.forms.get(key) or given_for(key)

    def click(self, *_place: int) -> None:
        self.is_below = self.is_below and not self.closes

    def framebuffer(self) -> Picture:
        self.looks += 1
        image = Image.new("RGB", SIZE, "white" if self.is_full else "black")
        if self.is_below:
            image.paste((200, 200, 0), (0, 0, 60, 60))
        if self.moves:
            image.paste((self.looks * 40 % 256, 0, 90), (100, 50, 140, 80))
        png = io.BytesIO()
        image.save(png, "PNG")
        return Picture(png.getvalue())

    def received(self, **_: object) -> str:
        return self.heard

    def received_so_far(self) -> str:
        return self.heard

    def received_at_last(self) -> str:
        return self.heard


def pressed(monkeypatch: pytest.MonkeyPatch, desk: Any) -> Pressed:
    kept: list[Pressed] = []
    monkeypatch.setattr(special_keys, "TerminalProgram", lambda *_: desk)
    monkeypatch.setattr(special_keys, "KEY", Budget("key", 0.1, 1.0))
    monkeypatch.setattr(special_keys, "MOMENT", Budget("moment", 0.1, 1.0))
    monkeypatch.setattr(special_keys, "LOOK_SECONDS", 0.02)
    scenario: Any = SimpleNamespace(desktop=desk, results=SimpleNamespace(put=kept.append))
    special_keys.press_keys(scenario)
    return kept[0]


@pytest.mark.parametrize("forms", [{}, RXVT])
def test_every_key_arrives_on_a_plain_desktop(monkeypatch: pytest.MonkeyPatch, forms: dict[str, str]) -> None:
    found = pressed(monkeypatch, Desk(forms=forms))
    assert [*found.keys] == [*SPECIAL_KEYS, *FUNCTION_KEYS]
    assert not found.kept
    expect.interaction.special_keys_arrived(found)


@pytest.mark.parametrize("moves", [False, True])
def test_keys_of_the_desktop_are_not_judged(monkeypatch: pytest.MonkeyPatch, moves: bool) -> None:
    found = pressed(monkeypatch, Desk(full="F11", opening="F1", moves=moves))
    assert [*found.kept] == ["F11", "F1"]
    assert {"F2", "F5", "F12"} < set(found.keys)
    expect.interaction.special_keys_arrived(found)


def test_window_gets_the_keyboard_back_by_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pressed(monkeypatch, Desk(opening="F12", closes=True))
    assert [*found.kept] == ["F12"]
    assert found.keys[-2:] == ("F11", "F1")
    expect.interaction.special_keys_arrived(found)


def test_keys_after_a_window_that_stays_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pressed(monkeypatch, Desk(opening="F12"))
    assert found.kept["F11"].startswith("not tried")
    expect.interaction.special_keys_arrived(found)


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("lost", ["F5", "F1", "F11 F1", "F2 F5 F12 F11 F1"])
def test_lost_function_key_is_no_key_of_the_desktop(monkeypatch: pytest.MonkeyPatch, lost: str, moves: bool) -> None:
    found = pressed(monkeypatch, Desk(lost=lost, moves=moves))
    with pytest.raises(Unmet, match="special keys"):
        expect.interaction.special_keys_arrived(found)


def test_function_key_that_arrives_as_another_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pressed(monkeypatch, Desk(full="F11", forms={"F5": FUNCTION_KEYS["F2"]}))
    with pytest.raises(Unmet) as caught:
        expect.interaction.special_keys_arrived(found)
    assert caught.value.likely.startswith("F5 is the first")


def test_function_keys_are_not_tried_where_others_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    found = pressed(monkeypatch, Desk(lost="Escape"))
    assert [*found.keys] == [*SPECIAL_KEYS]
    with pytest.raises(Unmet, match="special keys"):
        expect.interaction.special_keys_arrived(found)
