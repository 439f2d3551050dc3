"""What is expected of starts, and of the VNC server behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.starts import Starts, VncCheck
from streamspace_acceptance.measuring.statistics import Summary
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.waiting import Budget


def all_running(starts: Starts) -> None:
    """Every start that was asked for was made and reached Running; one that brought no session shows nothing."""
    for start in starts.made:
        if start.trouble is not None:
            raise start.trouble
    if not starts.complete:
        raise Unproven(f"only {len(starts.made)} of {starts.wanted} starts were made")


def mean_below(starts: Starts, budget: Budget) -> float:
    """The mean of all starts, end to end, is below the budget; gives it, in seconds."""
    if not starts.complete:
        raise Unproven(f"only {len(starts.phases)} of {starts.wanted} starts reached Running and can be measured")
    figures = [start.end_to_end for start in starts.made if start.end_to_end is not None]
    if len(figures) < starts.wanted:
        raise Unproven(
            f"only {len(figures)} of {starts.wanted} sessions that are Running can be worked in: the pod of another is "
            "not Ready, or its VNC server does not answer (see the sentences about those)"
        )
    summary = Summary.of(figures)
    if summary.mean >= budget.seconds:
        raise Unmet(
            f"{summary.count} starts",
            expected=f"a mean below {budget}",
            actual=f"mean {summary.mean:.2f} s, from {summary.least:.2f} to {summary.greatest:.2f} s",
            timeline=" · ".join(f"start {number} {each:.2f} s" for number, each in enumerate(figures, 1)),
            likely="the slowest phase in the table of the starts",
        )
    return summary.mean


def listening(servers: Iterable[VncCheck]) -> None:
    """Each VNC server completed its handshake, and the session's own pod listens on its port.

    That the way leads to the session's own desktop is shown by what is typed into it, not here.
    """
    for server in servers:
        subject = f"session {server.session}, VNC server"
        if not isinstance(server.framebuffer, Framebuffer):
            raise Unmet(
                subject,
                expected="a complete RFB handshake",
                actual=server.framebuffer,
                likely="nothing that speaks RFB listens behind the session's WebSocket",
            )
        if not server.port_listens:
            raise Unmet(
                subject,
                expected=f"a server on port {server.port} of the session's pod",
                actual="nothing listens there, although a handshake was completed",
                likely="another server than the session's own answers",
            )


def still_running(word: str, statuses: Mapping[str, str | None]) -> None:
    """Each of the sessions, by id, still has the status that it reached."""
    fallen = [f"{each} is {status or 'not listed'}" for each, status in statuses.items() if status != word]
    if fallen:
        raise Unmet(
            "the sessions that were started",
            expected=f"still {word} after the last one was started",
            actual=", ".join(fallen),
            likely="the sessions do not last, or their status is not steady",
        )


def shook_hands_again(session: Session, before: Framebuffer | str, after: Framebuffer | str) -> None:
    """The session's VNC server answers again; Unproven where it had not answered before."""
    if isinstance(before, str) and isinstance(after, str):
        raise Unproven(f"its VNC server had not answered before either: {before} (see the sentence about that)")
    shook_hands(session, after)


def shook_hands(session: Session, framebuffer: Framebuffer | str) -> None:
    """The session's VNC server completed a handshake."""
    if not isinstance(framebuffer, Framebuffer):
        raise Unmet(
            f"{session.subject}, VNC server",
            expected="a complete RFB handshake",
            actual=framebuffer,
            likely="nothing that speaks RFB listens behind the session's WebSocket",
        )
