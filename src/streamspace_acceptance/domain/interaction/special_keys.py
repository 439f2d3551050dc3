"""Special keys, pressed in a window: what its program received, and which keys the desktop keeps for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from streamspace_acceptance.desktop.pictures import Changes
from streamspace_acceptance.domain.interaction import program_sources
from streamspace_acceptance.domain.interaction.terminal_program import TerminalProgram
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS, STILL
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Budget, Wait, keep, poll

ENTER, END = "\r", "q"
KEY, MOMENT = Budget("key", 3.0, 1.0), Budget("moment", 1.0, 1.0)
"""So long may one key take to have an effect, and so long is a desktop looked at before: real seconds."""

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
    "Insert": "\x1b[2~",
    "Enter": ENTER,
}
FUNCTION_KEYS = {
    "F2": "\x1bOQ",
    "F5": "\x1b[15~",  # like F11, F12 and F1 a key that a browser has a use for
    "F12": "\x1b[24~",
    "F11": "\x1b[23~",
    "F1": "\x1bOP",
}
"""A desktop may keep one of these for itself, as for a full screen or its help. The key of the help comes last."""
OTHER_FORMS = {
    "\x08": "\x7f",
    "\x1b[1~": "\x1b[H",
    "\x1b[7~": "\x1b[H",
    "\x1b[4~": "\x1b[F",
    "\x1b[8~": "\x1b[F",
    "\x1b[11~": "\x1bOP",
    "\x1b[12~": "\x1bOQ",
}
"""The codes of other terminals than xterm, as rxvt, for the same keys."""


@dataclass(frozen=True)
class Pressed:
    """Special keys that were pressed, in this order, and the input that the program received.

    `kept` are further keys that the desktop keeps for itself, and those that were not tried any more, each with the
    reason.
    """

    session: str
    keys: Sequence[str]
    received: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)


def given_for(key: str) -> str:
    """The code that a program in a terminal gets for a key."""
    return SPECIAL_KEYS.get(key) or FUNCTION_KEYS[key]


def press_keys(scenario: Scenario) -> None:
    """Presses each of the special keys, and a plain one at last; then the function keys, if all of those arrived."""
    desk = scenario.desktop
    desk.wait_until_rendered()
    receiver = TerminalProgram(desk, program_sources.keys())
    viewer = desk.opened()
    for key in SPECIAL_KEYS:
        viewer.press(key)
    viewer.press(END)
    receiver.received(until=END)
    received = _as_xterm(receiver.received_at_last().removesuffix(END))
    pictures = {"after the keys": viewer.framebuffer().png}
    pressed = Pressed(desk.session.subject, tuple(SPECIAL_KEYS), received, pictures)
    if received == "".join(SPECIAL_KEYS.values()):
        pressed = _FunctionKeys(desk, receiver).press(pressed)
    scenario.results.put(pressed)


class _FunctionKeys:
    """Function keys, each with a plain key after it, which shows whether the window still has the keyboard.

    A key that is lost on its way changes nothing on the desktop. So one that does not arrive, and changes the desktop's
    picture, is the desktop's own.
    """

    def __init__(self, desk: SessionDesktop, receiver: TerminalProgram) -> None:
        self._subject = desk.session.subject
        self._place = desk.place
        self._receiver = receiver
        self._received = receiver.received_so_far()
        self._viewer = desk.opened()
        self._watch()

    def press(self, others: Pressed) -> Pressed:
        """The keys that were pressed before, with these."""
        keys, received, kept = list(others.keys), others.received, dict[str, str]()
        for key, text in FUNCTION_KEYS.items():
            if kept and not self._has_keyboard():
                kept[key] = "not tried: the window no longer has the keyboard"
                continue
            came = _as_xterm(self._received_for(key, END).removesuffix(END))
            if not came and self._has_changed():
                kept[key] = f"the desktop's own: its picture changes, and no {text!r} arrives"
                self._viewer.press(key)  # most of them end as they begin: a full screen, a panel
                self._watch()
                continue
            keys.append(key)
            received += came
            self._note_changes()
        picture = {"after the function keys": self._viewer.framebuffer().png}
        return Pressed(others.session, tuple(keys), received, {**others.pictures, **picture}, kept)

    def _received_for(self, *keys: str) -> str:
        """The input that the program receives for those keys, once it has the last one, which is END."""
        for key in keys:
            self._viewer.press(key)
        try:
            received = poll(
                Wait(self._subject, f"{keys[0]} received", KEY),
                self._receiver.received_so_far,
                met=lambda text: text.removeprefix(self._received).endswith(END),
                says=lambda text: f"{len(text)} bytes",
                likely=lambda _: "see what was received",
            )
        except Unmet:  # the caller judges what is missing
            received = self._receiver.received_so_far()
        came, self._received = received.removeprefix(self._received), received
        return came

    def _has_keyboard(self) -> bool:
        """Whether the window still gets keys, or gets them after a click on it."""
        if self._received_for(END):
            return True
        self._viewer.click(*(self._place or self._viewer.middle()))
        return bool(self._received_for(END))

    def _watch(self) -> None:
        """Looks for a moment at what moves on the desktop by itself: that does not count."""
        self._changes = Changes(self._viewer.framebuffer())
        keep(
            Wait(self._subject, "nothing but what moves by itself", MOMENT),
            self._note_changes,
            broken=lambda _: None,
            says=lambda share: f"{share:.1%} of the picture",
            likely="the wait has no goal but its end",
            every=LOOK_SECONDS,
        )

    def _note_changes(self) -> float:
        self._changed = self._changes.share_with(self._viewer.framebuffer())
        return self._changed

    def _has_changed(self) -> bool:
        """Whether more of the desktop's picture changes, in the time of a key, than had changed before."""
        before = self._changed
        with suppress(Unmet):
            poll(
                Wait(self._subject, "the picture of the desktop changes", KEY),
                self._note_changes,
                met=lambda share: share > before + STILL,
                says=lambda share: f"{share:.1%} of the picture",
                likely=lambda _: "the key has no effect on the desktop",
                every=LOOK_SECONDS,
            )
        return self._changed > before + STILL


def _as_xterm(received: str) -> str:
    for other, usual in OTHER_FORMS.items():
        received = received.replace(other, usual)
    return received
