"""What every desktop that a scenario opened leaves: a picture, a short film, and a trace if the scenario failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from streamspace_acceptance.evidence import attachments

if TYPE_CHECKING:
    from streamspace_acceptance.desktop.viewer import Viewer
    from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop


def show(desks: Sequence[SessionDesktop]) -> None:
    """Attaches a picture and a film of each desktop, and closes its page."""
    for desk in desks:
        _attach(desk, "desktop", attachments.attach_png, partial(_portrait, desk))
        _attach(desk, "film", attachments.attach_screencast, lambda viewer: viewer.screencast.encode())
        desk.close()


def _portrait(desk: SessionDesktop, viewer: Viewer) -> bytes:
    portrait = desk.screenshot()
    return viewer.whole_page() if portrait is None else portrait


def keep_traces(desks: Sequence[SessionDesktop]) -> None:
    """Attaches the Playwright trace of each desktop that is open."""
    for desk in desks:
        _attach(desk, "Playwright trace.zip", attachments.attach_zip, lambda viewer: viewer.trace.keep())


def _attach(
    desk: SessionDesktop, what: str, attach: Callable[[str, bytes], None], make: Callable[[Viewer], bytes]
) -> None:
    """Attaches what is made of an open desktop, or why it could not be had: no verdict hangs on it."""
    if desk.viewer is None:
        return
    name = f"{what} of {desk.session.id}"
    try:
        attach(name, make(desk.viewer))
    except Exception as error:  # noqa: BLE001  # whatever keeps evidence from us is evidence itself
        attachments.attach_text(name, f"could not be had: {type(error).__name__}: {' '.join(str(error).split())}")
