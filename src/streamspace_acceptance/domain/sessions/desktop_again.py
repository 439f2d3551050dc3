"""A session's desktop on another pod, beside what it was on the former one."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.product.rfb import Framebuffer


@dataclass(frozen=True)
class Losses:
    """Why no user gets to the page of a desktop any more, and why it does not hear them; None for what is as before."""

    way_in: str | None = None
    deafness: str | None = None


NOTHING_LOST = Losses()


@dataclass(frozen=True)
class DesktopAgain:
    """The VNC handshakes with the former and the new pod; a sentence for one that failed.

    `blank`: that the desktop shows nothing, though it did before; None where it does, or had shown nothing before.
    A part that was not there before is not looked at again, and no picture without a handshake.
    """

    before: Framebuffer | str
    after: Framebuffer | str
    blank: str | None = None
    losses: Losses = NOTHING_LOST
    showed_before: bool = True
    reached_before: bool = True
    heard_before: bool = True

    def rows(self) -> list[tuple[str, str, str]]:
        """A row for each part of the desktop: the part, the former pod, the new one."""
        answers = isinstance(self.after, Framebuffer)
        return [
            ("VNC handshake", _handshake(self.before), _handshake(self.after)),
            _row("picture", "shows something", self.blank if answers else "not looked at", was_so=self.showed_before),
            _row("page", "opens", self.losses.way_in, was_so=self.reached_before),
            _row("typed command", "carried out", self.losses.deafness, was_so=self.heard_before),
        ]


def _row(part: str, works: str, trouble: str | None, *, was_so: bool) -> tuple[str, str, str]:
    return (part, works, trouble or works) if was_so else (part, f"not seen: {works}", "not looked at")


def _handshake(found: Framebuffer | str) -> str:
    return found if isinstance(found, str) else f"complete: {found.width}x{found.height}"
