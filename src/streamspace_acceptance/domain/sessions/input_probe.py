"""One command and one click, typed into a desktop: whether they reach the session and show in the picture."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.pictures import TOLERANCE, Area, Colour, Picture, random_colours
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.domain.sessions.place_search import PlaceSearch, has_no_shell
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.waiting import poll

FILLED = 0.05  # share of pixels that a terminal covers at the very least,
FILLED_PIXELS = 60_000  # or so many of the desktop's own, as a terminal of 80 columns and 24 rows has on a large screen
PLAIN = 0.5  # share of pixels that a terminal's background has in its window at the least
ABSENT = 0.001  # share of pixels of a colour that a desktop as good as does not show
WRITTEN = 0.001  # share of pixels that some words on a terminal have; a cursor that blinks has fewer
CLICK_SECONDS = 30  # for so long the command that was typed waits for a click


@dataclass(frozen=True)
class InputProbe:
    """A command typed into the desktop: where, the picture before and after, and its result.

    received: the command was carried out in the session; clicked: the click that it then waited for arrived. least: the
    share of the screen that the terminal covers at the very least. typed: the colour that was typed.
    """

    point: tuple[int, int]
    before: Picture
    after: Picture
    colour: Area
    received: bool
    clicked: bool
    least: float = FILLED
    typed: Colour | None = None


def probe_input(desktop: SessionDesktop) -> InputProbe:
    """Waits for the desktop to be rendered, types one command into it, and examines the picture and the pod.

    The command gives the terminal a random colour and makes a file with a random name: neither can be there already.
    """
    pod, viewer, before = desktop.own_pod(), desktop.opened(), desktop.wait_until_rendered()
    name = f"typed-{secrets.token_hex(6)}"
    colour = random_colours(1, lambda candidate: is_uneven(candidate) and before.share(candidate) < ABSENT)[0]
    search = PlaceSearch(desktop, lambda: viewer.type(command(f"/tmp/{name}", colour)))  # noqa: S108 - in the session
    (after, seen), point = _wait_for_colour(desktop, before, colour, pod, name, search=search), search.point
    received = _wait_for_file(desktop, pod, name, "the command", "the desktop in the picture is not this session's")
    viewer.click(*point)
    clicked = _wait_for_file(desktop, pod, f"{name}-click", "the click", "keys reach the desktop, clicks do not")
    return InputProbe(point, before, after, after.area(seen), received, clicked, least_filled(viewer), colour)


def command(path: str, colour: Colour) -> str:
    """The line that is typed: it makes a file if its first word arrived, and another one for the first click after it.

    The terminal reports clicks in six bytes each, in mode 9 when a button is pressed. A terminal that knows mode 1000
    alone also reports the release, which must not be left for the shell. Bytes are counted, not characters: the column
    of a click that is far to the right is a byte with which a character of several bytes begins.
    """
    return (
        rf"printf '\033]11;#{bytes(colour).hex()}\007\033[?1000h\033[?9h' && touch {path}; "
        rf"LC_ALL=C read -rsn6 -t {CLICK_SECONDS} && touch {path}-click; "
        rf"LC_ALL=C read -rsn6 -t .3; printf '\033[?9l\033[?1000l'"
    )


def is_uneven(colour: Colour) -> bool:
    """Whether a colour is another one where two of its channels are exchanged, as red and blue by a client."""
    red, green, blue = colour
    return min(abs(red - green), abs(green - blue), abs(blue - red)) > 2 * TOLERANCE


def least_filled(viewer: Viewer) -> float:
    """The share of the screen that a terminal covers at the very least: less on a large one."""
    wide, high = viewer.framebuffer_size()
    return min(FILLED, FILLED_PIXELS / (wide * high))


def _wait_for_colour(
    desktop: SessionDesktop, before: Picture, colour: Colour, pod: Pod, name: str, *, search: PlaceSearch
) -> tuple[Picture, Colour]:
    """The picture in which the terminal has the colour, and how that colour looks in it (see `as_seen`)."""
    least, seen = least_filled(desktop.opened()), colour

    def is_filled(picture: Picture | None) -> bool:
        return picture is not None and picture.share(seen) >= least

    def look() -> Picture | None:
        nonlocal seen
        picture = desktop.opened().picture()
        if picture is not None and not is_filled(picture) and before.differs(picture) >= least:
            seen = as_seen(colour, desktop.opened().framebuffer(), before, picture)
        search.go_on(seen=is_filled(picture), carried_out=lambda: _has_file(desktop, pod, name))
        return picture

    shown = poll(
        desktop.wait("the terminal in the colour that was typed"),
        look,
        met=is_filled,
        says=lambda picture: (
            "no noVNC screen" if picture is None else f"{picture.share(seen):.0%} of the screen in that colour"
        ),
        likely=lambda picture: _whether_received(desktop, pod, name, _has_changed(before, picture)),
        every=LOOK_SECONDS,
    )
    if shown is None:
        raise AssertionError("a wait for a picture ended without one")
    return shown, seen


def as_seen(colour: Colour, own: Picture, before: Picture, after: Picture) -> Colour:
    """How a colour of the desktop's `own` picture looks `after` the page, which may filter it as a night light does.

    The colour itself where the page does not show another plain one in its place, which was not there `before`.
    """
    box = own.area(colour).box
    if box is None:
        return colour
    place, shown, former = (picture.part(own.scaled(box, picture.size)) for picture in (own, after, before))
    if place is None or shown is None or former is None or place.share(colour) < PLAIN:
        return colour
    seen, share = shown.background
    return seen if share >= PLAIN and former.share(seen) < PLAIN / 2 else colour


def is_filtered(own: Picture, picture: Picture) -> bool:
    """Whether a page shows other colours than the desktop's own, as with a night light."""
    return picture.share(own.background[0]) < PLAIN * own.background[1]


def _wait_for_file(desktop: SessionDesktop, pod: Pod, name: str, what: str, otherwise: str) -> bool:
    return poll(
        desktop.wait(f"{what} carried out in the session"),
        lambda: _has_file(desktop, pod, name),
        met=bool,
        says=lambda carried_out: "carried out" if carried_out else "not carried out",
        likely=lambda _: desktop.blame(otherwise),
        every=LOOK_SECONDS,
    )


def _has_changed(before: Picture, picture: Picture | None) -> bool:
    return picture is not None and before.differs(picture) > WRITTEN


def _whether_received(desktop: SessionDesktop, pod: Pod, name: str, has_changed: bool) -> str:
    if _has_file(desktop, pod, name):
        return "the command was carried out, so the picture is not what the desktop shows"
    if has_no_shell(desktop, pod):
        raise Unproven(
            "the desktop is visible, but has no terminal with a waiting shell: nothing shows whether keys "
            "and clicks reach it"
        )
    if has_changed:
        return desktop.blame(
            "the picture changed while the command was typed, but it was not carried out: keys are lost, doubled or "
            "changed on their way"
        )
    return desktop.blame("keys and clicks do not reach the desktop")


def _has_file(desktop: SessionDesktop, pod: Pod, name: str) -> bool:
    return desktop.session.cluster.execute(pod, ["test", "-e", f"/tmp/{name}"]).code == 0  # noqa: S108
