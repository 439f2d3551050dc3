"""A command that is typed into a terminal: what the terminal received, and the picture."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.terminal_program import TerminalProgram
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import poll

PRINT_TYPED = """IFS= read -r typed; printf '%s\\n' "$typed\""""
EVERY_CHARACTER = "".join(map(chr, range(0x20, 0x7F)))
"""All printable characters of ASCII, the space included, as a US keyboard has them."""
TWICE = 2
"""Each character is typed so often: a key whose release was lost is still down then, and does what it did before."""
UNSHIFTED = "0"
"""Typed after all of them: Shift must have been released by then."""
CAPITALS = "STR"
"""Typed one by one, with an arrow key after each: VNC servers correct letters for a Shift that is stuck, arrows not."""
ALIKE = 0.25
"""Two pictures of a text may differ by so much of the text's own ink: pictures that are not lossless blur letters."""


@dataclass(frozen=True)
class Typed:
    """A command that was typed into a shell, the output that the terminal received, and how that looks.

    `ink`: the share of pixels of the output that are written where it must appear. `off`: the share of pixels in which
    the output differs from that. Both are None when the marks are not visible. `rest`: the output for EVERY_CHARACTER
    TWICE, typed into a second command; None if the first one showed nothing. `capitals`: the output for CAPITALS.
    """

    session: str
    command: str
    output: str
    received: str
    ink: float | None
    off: float | None
    rest: str | None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    capitals: str | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the output looks as it must."""
        return bool(self.ink) and _alike(self.ink, self.off)


def type_command(scenario: Scenario, command: str) -> None:
    """Executes a command that prints a text, as `echo "text"`, in a terminal, and compares the output with the text.

    A second command prints what is typed then: every character of a keyboard.
    """
    desk, output = scenario.desktop, printed_by(command)
    colours = desk.unused_colours(2)
    terminal = TerminalProgram(desk, program_sources.shell(colours, output))
    viewer = desk.opened()
    pictures = {"before the command": viewer.framebuffer().png}
    viewer.type(command, told=True, with_shift=True)
    received = terminal.received(until="\n")
    ink, off, picture = _compared(desk, colours, len(output))
    pictures["after the command"] = picture.png
    rest = capitals = None
    if received == f"{output}\n":
        viewer.type(PRINT_TYPED, told=True)
        viewer.type(EVERY_CHARACTER * TWICE + UNSHIFTED, told=True, with_shift=True)
        terminal.received(until="\n", times=2)
        so_far = terminal.received_at_last()
        rest = so_far.removeprefix(received).removesuffix("\n").removesuffix(UNSHIFTED)
        pictures["after every character was typed"] = viewer.framebuffer().png
        capitals = _capitals(viewer, terminal, so_far)
    scenario.results.put(Typed(desk.session.subject, command, output, received, ink, off, rest, pictures, capitals))


def _capitals(viewer: Viewer, terminal: TerminalProgram, so_far: str) -> str:
    """The output for CAPITALS, with an arrow key after each."""
    viewer.type(PRINT_TYPED, told=True)
    for capital in CAPITALS:
        viewer.type_capital(capital)
        viewer.press("ArrowUp")
    viewer.press("Enter")
    terminal.received(until="\n", times=so_far.count("\n") + 1)
    return terminal.received_at_last().removeprefix(so_far).removesuffix("\n")


def printed_by(command: str) -> str:
    """The text that `echo "text"` prints."""
    return shlex.split(command)[-1]


def _compared(
    desk: SessionDesktop, colours: Sequence[Colour], length: int
) -> tuple[float | None, float | None, Picture]:
    """The text's ink and the difference of the output, once they are alike or the browser's budget is used up."""
    viewer, last = desk.opened(), list[tuple[float | None, float | None, Picture]]()

    def look() -> tuple[float | None, float | None]:
        picture = viewer.framebuffer()
        ink, off = _difference(picture, colours, length)
        last[:] = [(ink, off, picture)]
        return ink, off

    with suppress(Unmet):  # the criterion judges the picture
        poll(
            desk.wait("the output of the command to be visible"),
            look,
            met=lambda found: _alike(*found),
            says=lambda found: "its places are not to be seen" if found[1] is None else f"off by {found[1]:.1%}",
            likely=lambda _: "see the picture",
            every=LOOK_SECONDS,
        )
    return last[0]


def _alike(ink: float | None, off: float | None) -> bool:
    return ink is not None and off is not None and off <= ALIKE * ink


def _difference(picture: Picture, colours: Sequence[Colour], length: int) -> tuple[float | None, float | None]:
    """By the marks behind the two texts of `length` cells; a mark is one cell wide."""
    boxes = [picture.area(colour).box for colour in colours]
    parts = [picture.part((box[0] - length * (box[2] - box[0]), box[1], box[0], box[3])) for box in boxes if box]
    expected, shown = (*parts, None, None)[:2]
    if expected is None or shown is None:
        return None, None
    return expected.foreground, shown.differs(expected)
