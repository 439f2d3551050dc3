"""The attachments of each desktop of a scenario: a screenshot, a screencast, and a trace if the scenario failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, Unavailable, attempt


def show(desktops: Sequence[SessionDesktop]) -> None:
    """Attach a screenshot and a screencast of each desktop, and close its page."""
    for desktop in desktops:
        _attach(desktop, "desktop", attachments.attach_png, partial(_screenshot, desktop))
        _attach(desktop, "screencast", attachments.attach_screencast, lambda viewer: viewer.screencast.encode())
        desktop.close()


def collect(snapshot: ClusterSnapshot) -> None:
    """Attach the Playwright trace of each desktop that is open."""
    for desktop in snapshot.world.desktops:
        _attach(desktop, "Playwright trace", attachments.attach_zip, lambda viewer: viewer.trace.keep())


def _screenshot(desktop: SessionDesktop, viewer: Viewer) -> bytes:
    png = desktop.screenshot()
    return viewer.whole_page() if png is None else png


def _attach(
    desktop: SessionDesktop, what: str, write: Callable[[str, bytes], None], make: Callable[[Viewer], bytes]
) -> None:
    """Attach what is made of an open desktop, or why it cannot be had: no verdict depends on it."""
    viewer, name = desktop.viewer, f"{what} of {desktop.session.id}"
    if viewer is None:
        return
    made = attempt(lambda: write(name, make(viewer)))
    if isinstance(made, Unavailable):
        attachments.attach_text(name, str(made))
