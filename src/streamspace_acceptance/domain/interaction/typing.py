"""Text and special keys, typed into a window: the input that the program received, and the picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.terminal_program import TerminalProgram
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import poll

ENTER, END = "\r", "q"
EVERY_CHARACTER = "".join(map(chr, range(0x20, 0x7F)))
"""All printable characters of ASCII, the space included, as a US keyboard has them."""
UNSHIFTED = "0"
"""Typed after all of them: Shift must have been released by then."""
CAPITALS = "STR"
"""Typed one by one, with an arrow key after each: VNC servers correct letters for a Shift that is stuck, arrows not."""
ALIKE = 0.25
"""Two pictures of a text may differ by so much of the text's own ink: pictures that are not lossless blur letters."""

# As a browser names the key, and what a program in a terminal gets for it (ECMA-48; Alt by xterm's mode 1036).
SPECIAL_KEYS = {
    "Control+c": "\x03",
    "Tab": "\t",
    "ArrowUp": "\x1b[A",
    "ArrowDown": "\x1b[B",
    "ArrowRight": "\x1b[C",
    "ArrowLeft": "\x1b[D",
    "Alt+x": "\x1bx",
    "Control+k": "\x0b",
    "k": "k",  # no modifier is stuck
    "Escape": "\x1b",
    "Shift+Tab": "\x1b[Z",
    "Home": "\x1b[H",
    "End": "\x1b[F",
    "PageUp": "\x1b[5~",
    "PageDown": "\x1b[6~",
    "Delete": "\x1b[3~",
    "Backspace": "\x7f",  # or what Ctrl+H gives, as the terminal is set
    "F2": "\x1bOQ",
    "Enter": ENTER,
}


@dataclass(frozen=True)
class Typed:
    """A text that was typed, the input that the program received, and how the text looks.

    `ink`: the share of pixels of the text that the program itself wrote. `off`: the share of pixels in which the typed
    text differs from it. Both are None when the marks are not visible. `rest`: the input for EVERY_CHARACTER.
    `capitals`: the input for CAPITALS, with an arrow key after each.
    """

    session: str
    text: str
    received: str
    ink: float | None
    off: float | None
    rest: str
    capitals: str | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the typed text looks like the text that the program wrote."""
        return bool(self.ink) and _alike(self.ink, self.off)


@dataclass(frozen=True)
class Pressed:
    """Special keys that were pressed, in this order, and the input that the program received."""

    session: str
    keys: Sequence[str]
    received: str


def type_text(scenario: Scenario, text: str) -> None:
    """Types `text` below the same text, and compares both; then types every character there is."""
    desk = scenario.desktop
    colours = desk.unused_colours(4)
    receiver = TerminalProgram(desk, program_sources.echo(colours, text))
    viewer = desk.opened()
    viewer.type(text, told=True, with_shift=True)
    receiver.received(until=ENTER)
    first = receiver.received_at_last()
    ink, off, picture = _compared(desk, colours)
    attachments.attach_png(f"typed: {text}", picture.png)
    viewer.type(EVERY_CHARACTER + UNSHIFTED, told=True, with_shift=True)
    receiver.received(until=ENTER, times=first.count(ENTER) + 1)
    received = first.removesuffix(ENTER)
    so_far = receiver.received_at_last()
    rest = so_far.removeprefix(first).removesuffix(ENTER).removesuffix(UNSHIFTED)
    for capital in CAPITALS:
        viewer.type_capital(capital)
        viewer.press("ArrowUp")
    receiver.received(until=SPECIAL_KEYS["ArrowUp"], times=len(CAPITALS))
    released = receiver.received_at_last().removeprefix(so_far)
    scenario.results.put(Typed(desk.session.subject, text, received, ink, off, rest, released))


def press_keys(scenario: Scenario) -> None:
    """Presses each of the special keys, and a plain one at last."""
    desk = scenario.desktop
    desk.wait_until_rendered()
    receiver = TerminalProgram(desk, program_sources.keys())
    viewer = desk.opened()
    for key in SPECIAL_KEYS:
        viewer.press(key)
    viewer.press(END)
    receiver.received(until=END)
    received = receiver.received_at_last().removesuffix(END).replace("\x08", SPECIAL_KEYS["Backspace"])
    attachments.attach_text("received of special keys", f"pressed: {' '.join(SPECIAL_KEYS)}\nreceived: {received!r}")
    attachments.attach_png("after special keys", viewer.framebuffer().png)
    scenario.results.put(Pressed(desk.session.subject, tuple(SPECIAL_KEYS), received))


def _compared(desk: SessionDesktop, colours: Sequence[Colour]) -> tuple[float | None, float | None, Picture]:
    """The text's ink and the difference of the typed text, once they are alike or the browser's budget is used up."""
    viewer, last = desk.opened(), list[tuple[float | None, float | None, Picture]]()

    def look() -> tuple[float | None, float | None]:
        picture = viewer.framebuffer()
        ink, off = _difference(picture, colours)
        last[:] = [(ink, off, picture)]
        return ink, off

    with suppress(Unmet):  # the criterion judges the picture
        poll(
            desk.wait("the typed text to be visible"),
            look,
            met=lambda found: _alike(*found),
            says=lambda found: "its places are not to be seen" if found[1] is None else f"off by {found[1]:.1%}",
            likely=lambda _: "see the picture",
            every=LOOK_SECONDS,
        )
    return last[0]


def _alike(ink: float | None, off: float | None) -> bool:
    return ink is not None and off is not None and off <= ALIKE * ink


def _difference(picture: Picture, colours: Sequence[Colour]) -> tuple[float | None, float | None]:
    boxes = [picture.area(colour).box for colour in colours]
    if None in boxes:
        return None, None
    left, right, below_left, below_right = (box for box in boxes if box is not None)
    written = picture.part((left[2], left[1], right[0], left[3]))
    typed = picture.part((below_left[2], below_left[1], below_right[0], below_left[3]))
    if written is None or typed is None:
        return None, None
    return written.foreground, typed.differs(written)
