"""Expectations of a burst of creations: its rate, its sessions, and the answers to its requests."""

from __future__ import annotations

from streamspace_acceptance.domain.performance.bursts import Bursts
from streamspace_acceptance.measuring.node_busy import saturated
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.http import NoAnswer


def rate_at_least(bursts: Bursts, limit: float) -> None:
    """The whole interval of the rate is at or above `limit` a minute.

    An interval that holds the limit decides nothing, and a saturated machine does not make the product slow.
    """
    _require_a_load(bursts)
    rate = bursts.rate
    if rate is None:
        raise Unproven(f"fewer than two of {bursts.wanted} sessions reached Running (see 4.1-2)")
    match rate.answer(limit):
        case "at least":
            return
        case "below":
            if reason := saturated(bursts.busy) or bursts.plane_outside:
                raise Unproven(f"{reason}; the rate was {rate.describe()}")
            raise Unmet(
                _subject(bursts),
                expected=f"at least {limit:g} a minute",
                actual=rate.describe(),
                timeline=_timeline(bursts),
                likely="see the slowest column in the table of the sessions",
            )
    runs = rate.further_runs(limit)
    more = "more runs than can be made" if runs is None else "1 more run" if runs == 1 else f"{runs} more runs"
    raise Unproven(f"{limit:g} lies in the interval of {rate.describe()}: {more} like this one would decide")


def all_running(bursts: Bursts) -> None:
    """Each session that was created came to run, with a desktop; a refused creation shows nothing here.

    A cluster that does not keep its own objectives, or has no room, does not make the product lose sessions.
    """
    if bursts.never_ran and (reason := bursts.crowded or bursts.plane_outside):
        raise Unproven(f"{reason}; {len(bursts.never_ran)} never ran: {'; '.join(bursts.never_ran)}")
    if bursts.never_ran:
        raise Unmet(
            _subject(bursts),
            expected="all Running, each with a Ready pod and a desktop",
            actual=f"{len(bursts.never_ran)} never ran: {'; '.join(bursts.never_ran)}",
            timeline=_timeline(bursts),
            likely="the product loses sessions that are requested close together",
        )
    missing = bursts.wanted - len(bursts.created)
    if missing:
        raise Unproven(f"{missing} of {bursts.wanted} sessions were not created (see 4.1-3)")
    if closed := [session.desktop_closed for session in bursts.created if session.desktop_closed]:
        raise Unproven(f"the suite may not open {len(closed)} of {bursts.wanted} desktops: {closed[0]}")


def none_refused(bursts: Bursts) -> None:
    """The API made one session for each request; NoAnswer where somebody else answered, or nobody."""
    refusals = bursts.refusals
    if words := bursts.refused_by_quota:
        raise Unproven(f"a quota of the namespace leaves no room: {words}; {len(refusals)} refused")
    if reason := bursts.refused_for_users:
        raise Unproven(reason)
    if refusals:
        raise Unmet(
            _subject(bursts),
            expected="each creation accepted",
            actual=f"{len(refusals)} refused: {'; '.join(refusals)}",
            likely="the API limits or loses creations that come close together",
        )
    own, one = "a session of its own for each creation", "one session for each creation"
    for mistakes, expected, likely in (
        (bursts.shared, own, "the ids of sessions that are requested close together collide"),
        (
            bursts.strangers,
            own,
            "the answers to creations that come close together, or their sessions' users, are mixed up",
        ),
        (bursts.doubled, one, "the API carries a creation out twice when several come close together"),
    ):
        if mistakes:
            raise Unmet(_subject(bursts), expected=expected, actual="; ".join(mistakes), likely=likely)
    if unanswered := bursts.unanswered:
        raise NoAnswer(
            f"{len(unanswered)} of {bursts.wanted} creations had no answer of the API: {'; '.join(unanswered)}"
        )


def _require_a_load(bursts: Bursts) -> None:
    if bursts.refusals:
        raise Unproven(f"{len(bursts.refusals)} of {bursts.wanted} creations were refused (see 4.1-3)")
    if bursts.shared:
        raise Unproven(f"not every creation was given a session of its own (see 4.1-3): {bursts.shared[0]}")
    if bursts.unanswered:
        raise Unproven(f"{len(bursts.unanswered)} of {bursts.wanted} creations had no answer (see 4.1-3)")
    if bursts.not_gone and len(bursts.bursts) < bursts.least:
        raise Unproven(f"{len(bursts.bursts)} of {bursts.least} bursts were made: {bursts.not_gone}")
    if bursts.distrust:
        raise Unproven(bursts.distrust)


def _subject(bursts: Bursts) -> str:
    times = len(bursts.bursts)
    return f"{bursts.wanted} sessions requested in {'one burst' if times == 1 else f'{times} bursts'}"


def _timeline(bursts: Bursts) -> str:
    """The completions of the last burst."""
    burst = bursts.bursts[-1]
    began = burst.requests.load.began
    done = sorted((session.completed, session.session) for session in burst.sessions if session.completed is not None)
    return " · ".join(f"+{at - began:.1f} s {session}" for at, session in done)
