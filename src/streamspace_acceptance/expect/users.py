"""Expectations of several users at once."""

from __future__ import annotations

from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.concurrent_use import UseResult
from streamspace_acceptance.evidence.judged import judged, judged_pictures, table
from streamspace_acceptance.outcomes import Unmet, Unproven

WORK = "users working at the same time"


def each_has_a_session(found: CheckResult) -> None:
    """Each user was given a session of their own with 201, and all of them run."""
    _judge(found, "a session for each user, created and Running", "simultaneous requests collide")


def each_has_a_pod(found: CheckResult) -> None:
    """Each session has one pod, which is its own and shares nothing with another."""
    _judge(found, "one pod for each session, apart from all others", "sessions are not kept apart by the product")


def no_conflict(found: CheckResult) -> None:
    """Each session has exactly the requested resources and its own volume, and none was stopped or restarted."""
    _judge(
        found,
        "the requested resources for each session, and none stopped in favour of another",
        "the sessions' resources are not accounted for one by one",
    )


def reachable(outcome: UseResult) -> None:
    """Each desktop rendered and accepted input while all were open, also for a second viewer and after reconnecting."""
    judged_pictures(outcome.pictures)
    judged("desktops", table("desktop | trouble", outcome.desktops or [("all", "none")]))
    if outcome.unreachable and outcome.alone is None:
        raise Unmet(
            WORK,
            expected="every desktop to render and to accept input",
            actual="; ".join(outcome.troubles),
            likely="the product limits the number of viewers, or the time or number of visits of an address",
        )
    if outcome.unreachable:
        raise Unproven(f"a desktop that is opened alone does not work either (see 1.1d-4): {outcome.alone}")
    if outcome.astray:
        raise Unproven(f"sessions interfere (see 1.3-5): {'; '.join(outcome.astray)}")


def undisturbed(outcome: UseResult) -> None:
    """Nothing of one user was found with another, and no user was affected when one ended the session."""
    troubles = [*outcome.leaks, *outcome.noticed]
    judged("traces of each user, and where they were found", outcome.traces or "none were looked for")
    judged("what others noticed when one ended the session", "\n".join(outcome.noticed) or "nothing")
    if troubles:
        raise Unmet(
            WORK,
            expected="no data of one user with another, and the other sessions unchanged when one ends",
            actual="; ".join(troubles),
            likely="users share desktops, homes or processes, or the end of one session affects the others",
        )
    if outcome.explained:
        raise Unproven(f"the sessions are not isolated (see 1.3-2 and 1.3-3): {'; '.join(outcome.explained)}")
    unseen = [*outcome.troubles, *outcome.astray, *outcome.lost, *outcome.untold]
    if unseen:
        raise Unproven(f"not every user could work and leave a file, or no session could be ended: {'; '.join(unseen)}")


def _judge(found: CheckResult, expected: str, likely: str) -> None:
    for name, content in found.shown.items():
        judged(name, content)
    judged("troubles", "\n".join([*found.troubles, *found.missing]) or "none")
    if found.troubles and not found.excuse:
        raise Unmet(
            found.subject,
            expected=expected,
            actual="; ".join(found.troubles),
            timeline=found.timeline,
            likely=likely,
        )
    if found.troubles or found.missing:
        raise Unproven("; ".join(filter(None, [found.excuse, found.describe()])))
