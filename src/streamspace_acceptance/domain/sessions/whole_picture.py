"""Whether a page shows all of a desktop: beside it, the suite's own viewer asks the VNC server for the picture anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.desktop.pictures import Colour, Picture
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.rfb import NoHandshake
from streamspace_acceptance.waiting import poll

BAND, APART = 8, 32
"""A band of so many rows of pixels is looked at in each so many rows: a quarter of the desktop."""
WHOLE = 0.85
"""The page shows so much of a colour that the desktop has, at the least: a picture that is not lossless blurs edges."""


@dataclass(frozen=True)
class Shares:
    """The shares (0..1) of a colour on a desktop, as the VNC server gives it and as the page has it."""

    desktop: float
    page: float

    @property
    def is_whole(self) -> bool:
        """Whether the page has all of it."""
        return self.page >= WHOLE * self.desktop


def check(desktop: SessionDesktop, colour: Colour) -> None:
    """The page shows the colour wherever the desktop has it; Unmet when parts are not brought up to date.

    What the suite's own viewer cannot see shows nothing: a VNC server may serve one viewer alone. It may serve the last
    one alone, too, so that the page is looked at before.
    """
    page = _share_in_page(desktop, colour)
    true = _share_by_vnc(desktop, colour)
    if true is None or Shares(true, page).is_whole:
        return
    poll(
        desktop.wait("all of the terminal in the colour that was typed"),
        lambda: Shares(true, _share_in_page(desktop, colour)),
        met=lambda seen: seen.is_whole,
        says=lambda seen: f"{seen.page:.0%} of the screen; another viewer gets {seen.desktop:.0%}",
        likely=lambda _: desktop.blame("parts of the picture are not brought up to date"),
        every=LOOK_SECONDS,
    )


def _share_by_vnc(desktop: SessionDesktop, colour: Colour) -> float | None:
    try:
        with desktop.session.vnc.viewing() as viewer:
            bands = _bands(viewer.framebuffer.width, viewer.framebuffer.height)
            return _mean([Picture.of_pixels(band[2:], viewer.picture(band).pixels).share(colour) for band in bands])
    except (NoHandshake, Unmet, Unproven):
        return None


def _share_in_page(desktop: SessionDesktop, colour: Colour) -> float:
    picture = desktop.opened().framebuffer()
    parts = [picture.part((x, y, x + wide, y + high)) for x, y, wide, high in _bands(*picture.size)]
    return _mean([part.share(colour) for part in parts if part is not None])


def _bands(wide: int, high: int) -> list[tuple[int, int, int, int]]:
    """Left edge, top edge, width and height of each."""
    return [(0, top, wide, BAND) for top in range(0, high - BAND, APART)]


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 0.0
