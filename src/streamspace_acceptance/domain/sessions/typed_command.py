"""Whether a command that is typed on a session's desktop is carried out in its pod, by the suite's own viewer.

A desktop that comes back must hear its user as it did before.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from itertools import cycle

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.place_search import has_no_shell
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.rfb import NoHandshake
from streamspace_acceptance.waiting import Budget, Wait, poll

TRY_SECONDS = 1.0
"""So long is a command waited for before it is typed again: real seconds."""
TRIES = 2  # a desktop that has only just started may lose the first click
MIDDLE = (0.5, 0.5)
PLACES = (MIDDLE, (0.25, 0.5), (0.75, 0.5), (0.5, 0.25), (0.5, 0.75))
"""Where a terminal may be, as fractions of the desktop's width and height."""


def is_carried_out(session: Session, pod: Pod) -> bool | None:
    """Whether a command that is typed after a click in the middle is carried out; None where no viewer gets there."""
    path = _new_path()
    tries = (_is_carried_out(session, pod, path, MIDDLE) for _ in range(TRIES))
    return next((carried_out for carried_out in tries if carried_out is not False), False)


def _new_path() -> str:
    return f"/tmp/typed-{secrets.token_hex(6)}"  # noqa: S108 - in the session's own container


def _is_carried_out(session: Session, pod: Pod, path: str, place: tuple[float, float]) -> bool | None:
    """Whether a command that makes the file at `path` is carried out; one that was typed earlier counts, too."""
    try:
        with session.vnc.viewing() as viewer:
            size = viewer.framebuffer.width, viewer.framebuffer.height
            viewer.click(*(int(share * length) for share, length in zip(place, size, strict=True)))
            viewer.type(f"touch {path}")
            return _is_made(session, pod, path)
    except (NoHandshake, Unmet, Unproven):
        return None


def _is_made(session: Session, pod: Pod, path: str) -> bool:
    with suppress(Unmet):
        return poll(
            Wait(session.subject, "a typed command carried out", Budget("typing", TRY_SECONDS, 1.0)),
            lambda: session.cluster.execute(pod, ["test", "-e", path]).code == 0,
            met=bool,
            says=_in_words,
            likely=lambda _: "see its desktop",
        )
    return False


def deafness(session: Session, pod: Pod) -> str | None:
    """Why a desktop does not hear its user, on which commands were carried out before; None if it does.

    None as well where that cannot be seen: no viewer gets there, or no shell waits for commands any more.
    """
    path, places = _new_path(), cycle(PLACES)
    try:
        poll(
            Wait(f"{session.subject}, desktop", "a typed command carried out", session.budgets.named("browser")),
            lambda: _is_carried_out(session, pod, path, next(places)),
            met=lambda carried_out: carried_out is not False,
            says=_in_words,
            likely=lambda _: "see its desktop",
        )
    except Unmet as unmet:
        return None if has_no_shell(SessionDesktop(session), pod) else unmet.actual
    return None


def _in_words(carried_out: bool | None) -> str:
    return "no viewer" if carried_out is None else "carried out" if carried_out else "keys and clicks have no effect"
