"""One command and one click, typed into a desktop: whether they reach the session and show in the picture."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.pictures import Area, Colour, Picture, random_colours
from streamspace_acceptance.domain.sessions.place_search import PlaceSearch, has_no_shell
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.waiting import poll

FILLED = 0.05  # share of pixels that a terminal covers at the very least
CLICK_SECONDS = 30  # for so long the command that was typed waits for a click


@dataclass(frozen=True)
class InputProbe:
    """A command typed into the desktop: where, the picture before and after, and its result.

    received: the command was carried out in the session; clicked: the click that it then waited for arrived.
    """

    point: tuple[int, int]
    before: Picture
    after: Picture
    colour: Area
    received: bool
    clicked: bool


def probe_input(desktop: SessionDesktop) -> InputProbe:
    """Waits for the desktop to be rendered, types one command into it, and examines the picture and the pod.

    The command gives the terminal a random colour and makes a file with a random name: neither can be there already.
    Then it has the terminal report clicks (X10 mouse reports, six bytes each) and makes another file for the first.
    """
    pod, viewer, before = desktop.own_pod(), desktop.opened(), desktop.wait_until_rendered()
    name = f"typed-{secrets.token_hex(6)}"
    colour = random_colours(1, lambda candidate: before.share(candidate) < FILLED / 50)[0]
    command = (
        rf"printf '\033]11;#{bytes(colour).hex()}\007\033[?9h'; touch /tmp/{name}; "
        rf"read -rsn6 -t {CLICK_SECONDS} && touch /tmp/{name}-click; printf '\033[?9l'"
    )
    search = PlaceSearch(desktop, lambda: viewer.type(command))
    after, point = _wait_for_colour(desktop, colour, pod, name, search), search.point
    received = _wait_for_file(desktop, pod, name, "the command", "the desktop in the picture is not this session's")
    viewer.click(*point)
    clicked = _wait_for_file(desktop, pod, f"{name}-click", "the click", "keys reach the desktop, clicks do not")
    return InputProbe(point, before, after, after.area(colour), received, clicked)


def _wait_for_colour(desktop: SessionDesktop, colour: Colour, pod: Pod, name: str, search: PlaceSearch) -> Picture:
    def is_filled(picture: Picture | None) -> bool:
        return picture is not None and picture.share(colour) >= FILLED

    def look() -> Picture | None:
        picture = desktop.opened().picture()
        search.go_on(seen=is_filled(picture), carried_out=lambda: _has_file(desktop, pod, name))
        return picture

    shown = poll(
        desktop.wait("the terminal in the colour that was typed"),
        look,
        met=is_filled,
        says=lambda picture: (
            "no noVNC screen" if picture is None else f"{picture.share(colour):.0%} of the screen in that colour"
        ),
        likely=lambda _: _whether_received(desktop, pod, name),
        every=LOOK_SECONDS,
    )
    if shown is None:
        raise AssertionError("a wait for a picture ended without one")
    return shown


def _wait_for_file(desktop: SessionDesktop, pod: Pod, name: str, what: str, otherwise: str) -> bool:
    return poll(
        desktop.wait(f"{what} carried out in the session"),
        lambda: _has_file(desktop, pod, name),
        met=bool,
        says=lambda carried_out: "carried out" if carried_out else "not carried out",
        likely=lambda _: desktop.blame(otherwise),
        every=LOOK_SECONDS,
    )


def _whether_received(desktop: SessionDesktop, pod: Pod, name: str) -> str:
    if _has_file(desktop, pod, name):
        return "the command was carried out, so the picture is not what the desktop shows"
    if has_no_shell(desktop, pod):
        raise Unproven(
            "the desktop is visible, but no shell waits for commands in a terminal on it: nothing tells whether keys "
            "and clicks reach it"
        )
    return desktop.blame("keys and clicks do not reach the desktop")


def _has_file(desktop: SessionDesktop, pod: Pod, name: str) -> bool:
    return desktop.session.cluster.execute(pod, ["test", "-e", f"/tmp/{name}"]).code == 0  # noqa: S108
