"""Expectations of a burst of creations: its rate, its sessions, and the answers to its requests."""

from __future__ import annotations

from streamspace_acceptance.domain.performance.throughput import Burst
from streamspace_acceptance.measuring.node_busy import saturated
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.http import NoAnswer


def rate_at_least(burst: Burst, limit: float) -> None:
    """The whole interval of the rate is at or above `limit` a minute.

    An interval that holds the limit decides nothing, and a saturated machine does not make the product slow.
    """
    _require_a_load(burst)
    rate = burst.rate
    if rate is None:
        raise Unproven(f"fewer than two of {burst.wanted} sessions reached Running (see 4.1-2)")
    match rate.answer(limit):
        case "at least":
            return
        case "below":
            if reason := saturated(burst.busy):
                raise Unproven(f"{reason}; the rate was {rate.describe()}")
            raise Unmet(
                _subject(burst),
                expected=f"at least {limit:g} a minute",
                actual=rate.describe(),
                timeline=_timeline(burst),
                likely="the slowest column in the table of the sessions",
            )
    runs = rate.further_runs(limit)
    more = "more runs than can be made" if runs is None else "1 more run" if runs == 1 else f"{runs} more runs"
    raise Unproven(f"{limit:g} lies in the interval of {rate.describe()}: {more} like this one would decide")


def all_running(burst: Burst) -> None:
    """Each session that was created came to run, with a desktop; a refused creation shows nothing here."""
    if burst.never_ran:
        raise Unmet(
            _subject(burst),
            expected="all Running, each with a Ready pod and a desktop",
            actual=f"{len(burst.never_ran)} never ran: {'; '.join(burst.never_ran)}",
            timeline=_timeline(burst),
            likely="the product loses sessions that are requested close together",
        )
    missing = burst.wanted - len(burst.created)
    if missing:
        raise Unproven(f"{missing} of {burst.wanted} sessions were not created (see 4.1-3)")


def none_refused(burst: Burst) -> None:
    """The API accepted every request; NoAnswer where somebody else answered, or nobody."""
    refusals = burst.requests.refusals
    if refusals:
        raise Unmet(
            _subject(burst),
            expected="each creation accepted",
            actual=f"{len(refusals)} refused: {'; '.join(refusals)}",
            likely="the API limits or loses creations that come close together",
        )
    if unanswered := burst.requests.unanswered:
        raise NoAnswer(
            f"{len(unanswered)} of {burst.wanted} creations had no answer of the API: {'; '.join(unanswered)}"
        )


def _require_a_load(burst: Burst) -> None:
    if burst.requests.refusals:
        raise Unproven(f"{len(burst.requests.refusals)} of {burst.wanted} creations were refused (see 4.1-3)")
    if burst.requests.unanswered:
        raise Unproven(f"{len(burst.requests.unanswered)} of {burst.wanted} creations had no answer (see 4.1-3)")
    if burst.requests.load.distrust:
        raise Unproven(burst.requests.load.distrust)


def _subject(burst: Burst) -> str:
    return f"{burst.wanted} sessions requested in one burst"


def _timeline(burst: Burst) -> str:
    began = burst.requests.load.began
    done = sorted((one.completed, one.session) for one in burst.sessions if one.completed is not None)
    return " · ".join(f"+{at - began:.1f} s {session}" for at, session in done)
