"""A desktop that is held open for a while: whether it stays visible, and still responds at the end."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.desktop.pictures import Picture
from streamspace_acceptance.domain.sessions import whole_picture
from streamspace_acceptance.domain.sessions.input_probe import InputProbe, probe_input
from streamspace_acceptance.domain.sessions.rendering import SHOWN, describe
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Budget, Wait, now, poll

LOOK_SECONDS = 1.0
BLANK_SECONDS = 2.0
"""A page that loads again, or an application that redraws, may show nothing for so long."""
BLANK_SHARE = 0.25
"""A desktop that shows nothing in a larger share of the looks flickers, however short each time is."""


@dataclass(frozen=True)
class Dwell:
    """A desktop that was held open for `seconds`: its first use, and its use at the end."""

    seconds: float
    first: InputProbe
    last: InputProbe


def hold(desktop: SessionDesktop) -> Dwell:
    """Uses the desktop, watches it for the whole dwell, and uses it again; Unmet when it does not last.

    Nor may a part of it stay as it was while the rest changes.
    """
    first = probe_input(desktop)
    began, connections = now(), desktop.opened().connections
    seconds = _watch(desktop)
    attachments.attach_png(f"after {seconds:.1f} s", desktop.opened().whole_page())
    try:
        last = probe_input(desktop)
    except Unmet as unmet:
        subject = f"{unmet.subject}, used again after {seconds:.1f} s"
        raise unmet.with_parts(subject=subject, likely=f"it worked at first; {unmet.likely}") from unmet
    _check_connected(desktop, connections, now() - began)
    if last.typed is not None:
        whole_picture.check(desktop, last.typed)
    return Dwell(seconds, first, last)


def _check_connected(desktop: SessionDesktop, before: tuple[int, int], seconds: float) -> None:
    """The page has kept its connection; one that was loaded again, since this machine's network changed, may not."""
    (load, first), (loaded, last) = before, desktop.opened().connections
    if loaded == load and last > first:
        raise Unmet(
            f"{desktop.session.subject}, desktop",
            expected=f"one connection for all of {seconds:.1f} s",
            actual=f"its page reconnected {last - first} times",
            likely=desktop.blame("something on the way ends connections after a while"),
        )


def _watch(desktop: SessionDesktop) -> float:
    """Watches the desktop for the dwell; gives the seconds.

    Unmet as soon as it has shown nothing for a moment, and at the end where it showed nothing again and again.
    """
    dwell, viewer, began = desktop.session.budgets.named("dwell"), desktop.opened(), now()
    visible_at, shown = began, list[bool]()

    def look() -> Picture | None:
        nonlocal visible_at
        picture = viewer.picture()
        shown.append(picture is not None and picture.foreground > SHOWN)
        if shown[-1]:
            visible_at = now()
        return picture

    def blank(picture: Picture | None) -> str | None:
        lost = now() - visible_at > BLANK_SECONDS
        return f"{describe(picture)} since +{visible_at - began:.1f} s, though it was visible before" if lost else None

    poll(
        Wait(
            f"{desktop.session.subject}, desktop",
            f"visible for {dwell.seconds:g} s without a break",
            Budget("dwell", 2 * dwell.plan_seconds, dwell.scale),
        ),
        look,
        met=lambda _: now() - began >= dwell.seconds,
        says=describe,
        impossible=blank,
        likely=lambda _: desktop.blame("the desktop ends or turns black while it is in use"),
        every=LOOK_SECONDS,
    )
    if shown.count(False) > BLANK_SHARE * len(shown):
        raise Unmet(
            f"{desktop.session.subject}, desktop",
            expected=f"visible for {dwell.seconds:g} s on end",
            actual=f"blank in {shown.count(False)} of {len(shown)} looks",
            likely=desktop.blame("the page or the desktop flickers"),
        )
    return now() - began
