"""What is typed into a desktop: its colour tells exchanged channels, and its command a click from none."""

import time
from itertools import islice, permutations
from pathlib import Path

import pytest

from streamspace_acceptance.desktop.pictures import TOLERANCE, Colour, candidates
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.sessions.input_probe import command, is_uneven
from tests.support.pseudo_terminal import terminal_of

SHELL = ("bash", "--norc", "--noprofile", "-i")
RELEASE = 3

PLAIN = 48
"""So many colours are on a desktop of 8 bits a pixel as well."""


@pytest.mark.parametrize("colour", [(182, 73, 170), (73, 146, 85), (109, 109, 0), (146, 146, 170)])
def test_colour_that_stays_when_channels_are_exchanged_is_not_typed(colour: Colour) -> None:
    assert not is_uneven(colour)


def test_colours_that_are_typed_differ_from_each_exchange_of_their_channels() -> None:
    typed = [colour for colour in islice(candidates(), PLAIN) if is_uneven(colour)]
    assert len(typed) >= 12
    for colour in typed:
        for other in set(permutations(colour)) - {colour}:
            assert max(abs(value - to) for value, to in zip(colour, other, strict=True)) > TOLERANCE


def report(column: int, row: int, button: int = 0) -> bytes:
    """A click as terminals report it in the modes 9 and 1000."""
    return b"\x1b[M" + bytes([32 + button, 32 + column, 32 + row])


def is_made(path: Path) -> bool:
    """Whether a file is made in the end."""
    until = time.monotonic() + 5.0
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return path.exists()


@pytest.mark.parametrize("mode", [9, 1000])
@pytest.mark.parametrize(("column", "row"), [(40, 12), (162, 100), (192, 54), (223, 60)])
def test_click_in_any_terminal_is_known(tmp_path: Path, mode: int, column: int, row: int) -> None:
    typed, clicked, later = tmp_path / "typed", tmp_path / "typed-click", tmp_path / "later"
    with terminal_of(SHELL) as terminal:
        terminal.type(command(str(typed), (1, 2, 3)).encode() + b"\r")
        assert is_made(typed)
        terminal.look(0.2)
        assert not clicked.exists()
        terminal.type(report(column, row) + (report(column, row, RELEASE) if mode == 1000 else b""))
        assert is_made(clicked)
        assert terminal.shows(b"\x1b[?1000l")
        terminal.type(f"touch {later}\r".encode())
        assert is_made(later)


@pytest.mark.parametrize("mode", [9, 1000])
def test_indicator_changes_once_for_a_press(tmp_path: Path, mode: int) -> None:
    program = tmp_path / "program"
    program.write_text(program_sources.toggle_program([(1, 2, 3), (4, 5, 6)]))
    first, second = (f"\x1b[48;5;{program_sources.FIRST_COLOUR + number}m".encode() for number in (0, 1))
    with terminal_of(("bash", str(program))) as terminal:
        assert is_made(tmp_path / "program.ready")
        terminal.type(report(40, 12) + (report(40, 12, RELEASE) if mode == 1000 else b""))
        assert terminal.shows(second, times=3)
        terminal.look(0.2)
        assert terminal.shown.count(first) == 3
        terminal.type(b"a")
        assert terminal.shows(first, times=6)
