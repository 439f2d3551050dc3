"""Expectations of a desktop, its address and its VNC server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus

from streamspace_acceptance.desktop.page_load import PageState
from streamspace_acceptance.domain.sessions.desktop_again import DesktopAgain
from streamspace_acceptance.domain.sessions.dwell import Dwell
from streamspace_acceptance.domain.sessions.input_probe import InputProbe
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import is_html, vnc_url
from streamspace_acceptance.domain.sessions.starts import VncCheck
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.expect.input_evidence import judge_input
from streamspace_acceptance.expect.sessions import answered
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.product.rfb import Framebuffer, is_reached

NO_SUCH_PATH = re.compile(r"rejected WebSocket connection: HTTP 404")
LIMITED = re.compile(r"rejected WebSocket connection: HTTP 429")
NO_ADDRESS = "the API does not say where the desktop is to be seen"
RELATIVE = "the address is relative to the API's; a contract profile can allow that (addresses.relative)"


def address_given(answer: Answer, profile: Profile) -> None:
    """The answer to connect is an accepted one (2xx) that holds an absolute http(s) URL."""
    answered(answer, answer.status if answer.ok else HTTPStatus.OK)
    field = profile.fields["vnc_url"]
    given = answer.object().get(field)
    if vnc_url(answer, field) is None:
        raise Unmet(
            answer.call,
            expected=f"{field!r}: an address that a browser can open",
            actual=f"no {field!r} in the answer" if given is None else f"{field!r}: {given!r}",
            likely=RELATIVE if isinstance(given, str) and given.startswith("/") else NO_ADDRESS,
        )


def page_served(answer: Answer, status: int = HTTPStatus.OK, *, late: str | None = None) -> None:
    """The VNC address answers `status` with a page of HTML, from the first time on (`late`: it did not)."""
    if late is not None:
        raise Unmet(
            "the VNC address",
            expected=f"{status} with a page as soon as the session is Running",
            actual=late,
            likely="the session is reported Running before its page can be reached",
        )
    answered(answer, status)
    if not is_html(answer):
        raise Unmet(
            "the VNC address",
            expected="a page of HTML",
            actual=f"{answer.content_type or 'no content type'}, {len(answer.body)} bytes: {answer.excerpt(80)}",
            likely="that address serves something other than the viewer page",
        )


def client_loaded(loaded: PageState) -> None:
    """The noVNC client runs in the page."""
    judged("the page", loaded.describe())
    if not loaded.novnc_loaded:
        raise Unmet(
            "the VNC page", expected="the noVNC client", actual=loaded.describe(), likely="the page or its scripts"
        )


def responds(trial: InputProbe) -> None:
    """The typed command showed in the picture where it was typed, was carried out in the session and got its click."""
    judge_input(trial)
    carried_out = trial.received and trial.clicked
    if trial.colour.share < trial.least or not trial.colour.holds(*trial.point) or not carried_out:
        raise Unmet(
            "the desktop",
            expected=f"the terminal at {trial.point} in the typed colour, and a command and a click that take effect",
            actual=f"{trial.colour.share:.0%} of the screen{f', in {trial.colour.box}' if trial.colour.box else ''}; "
            f"the command was {'' if trial.received else 'not '}carried out, the click "
            f"{'arrived' if trial.clicked else 'did not arrive'}",
            likely="the picture in the page differs from the session's desktop",
        )


def keeps_responding(dwell: Dwell) -> None:
    """The desktop responds, and still does after it was held open for a while."""
    judged(
        "held open",
        f"visible for {dwell.seconds:.1f} s without a break; a command and a click before and after it",
    )
    for trial in (dwell.first, dwell.last):
        responds(trial)


def vnc_listening(servers: Iterable[VncCheck]) -> None:
    """Each VNC server completed its handshake, and it was the one that listens in the session's own pod.

    That it shows the session's own desktop is the matter of 1.1d-4.
    """
    seen: list[VncCheck] = []
    try:
        for server in servers:
            seen.append(server)
            _listening(server)
    finally:
        judged(
            "VNC servers",
            table("session | handshake | port | port listens | port serves | connections", map(_row, seen)),
        )


def _handshake(found: Framebuffer | str) -> str:
    return found if isinstance(found, str) else f"complete: {found.width}x{found.height}, “{found.name}”"


def _row(server: VncCheck) -> tuple[object, ...]:
    port = server.port, server.port_listens, server.port_serves
    return server.session, _handshake(server.framebuffer), *port, server.connections


def vnc_answers_again(session: Session, again: DesktopAgain) -> None:
    """The session's VNC server answers again; Unproven where it had not answered before.

    The desktop shows something again, too, where it did before, a user gets to its page, and it hears them.
    """
    judged("the desktop on the former pod and on the new one", table("what | former pod | new pod", again.rows()))
    if isinstance(again.before, str) and isinstance(again.after, str):
        raise Unproven(f"its VNC server had not answered before either: {again.before}")
    vnc_answers(session, again.after)
    if again.blank is not None:
        raise Unmet(
            f"{session.subject}, desktop",
            expected="a desktop that shows something again",
            actual=again.blank,
            likely="its VNC server starts again, but the programs of the desktop do not: a file in the home may block "
            "them, such as an old lock file",
        )
    if again.losses.way_in is not None:
        raise Unmet(
            f"{session.subject}, desktop",
            expected="an address and a page for its user, as before",
            actual=again.losses.way_in,
            likely="the way to the desktop is made when a session starts, and not again for its new pod",
        )
    if again.losses.deafness is not None:
        raise Unmet(
            f"{session.subject}, desktop",
            expected="a desktop that hears its user again",
            actual=again.losses.deafness,
            likely="its picture leads to the new pod, and its input does not; or its programs do not start again",
        )


def vnc_answers(session: Session, framebuffer: Framebuffer | str) -> None:
    """The session's VNC server completed a handshake."""
    if not isinstance(framebuffer, Framebuffer):
        raise Unmet(
            f"{session.subject}, VNC server",
            expected="a complete RFB handshake",
            actual=framebuffer,
            likely=_why_no_handshake(framebuffer, session.vnc.served()),
        )


CLOSED = "its pod listens on port {}: the server there is silent, or the way to it is closed, as by a NetworkPolicy"


def _why_no_handshake(trouble: str, served: int, port: int | None = None) -> str:
    """The likely reason why a handshake failed: a server that refuses, or none, or none for later viewers.

    `port` is one on which the pod is known to listen.
    """
    if not served and NO_SUCH_PATH.search(trouble):
        return "there is no such path; a contract profile can name it (calls.vnc, docs/profiles.md)"
    if LIMITED.search(trouble):
        return "the product, or what stands before it, limits how often a desktop may be opened"
    if not is_reached(trouble) and served:
        return "the VNC server answered an earlier viewer: the product does not open the way to it again"
    if not is_reached(trouble):
        return "nothing that speaks RFB listens behind the session's WebSocket" if port is None else CLOSED.format(port)
    if "password" in trouble:
        return "the desktop is protected: set STREAMSPACE_VNC_PASSWORD"
    return "a VNC server is there, and its own words are above"


def _listening(server: VncCheck) -> None:
    subject = f"session {server.session}, VNC server"
    if not isinstance(server.framebuffer, Framebuffer):
        raise Unmet(
            subject,
            expected="a complete RFB handshake",
            actual=server.framebuffer,
            timeline=server.connections,
            likely=_why_no_handshake(server.framebuffer, server.served, server.port if server.port_listens else None),
        )
    if not server.sockets_seen:
        raise Unproven(f"{subject}: it answers, but /proc/net/tcp in the pod does not show whether it is the pod's own")
    if not server.port_listens:
        raise Unmet(
            subject,
            expected=f"a server on port {server.port} of the session's pod",
            actual="nothing listens there, although a handshake was completed",
            likely="a server other than the session's own answers",
        )
    if not server.port_serves:
        raise Unmet(
            subject,
            expected=f"the handshake with the server on port {server.port} of the session's pod",
            actual="a handshake was completed while nobody was connected to that port",
            likely="the connection leads to another session's server",
        )
