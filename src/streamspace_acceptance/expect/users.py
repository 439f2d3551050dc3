"""What is expected of several users at once."""

from __future__ import annotations

from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.concurrent_use import UseResult
from streamspace_acceptance.outcomes import Unmet, Unproven

WORK = "users at work at the same time"


def each_has_a_session(found: CheckResult) -> None:
    """Each user was given a session of their own with 201, and all of them run."""
    _judge(found, "a session for each user, created and Running", "what is asked for in the same instant collides")


def each_has_a_pod(found: CheckResult) -> None:
    """Each session has one pod, which is its own and shares nothing with another."""
    _judge(found, "one pod for each session, apart from all others", "sessions are not kept apart by the product")


def no_conflict(found: CheckResult) -> None:
    """Each session has exactly what was asked for and its own volume, and none was ended or started again."""
    _judge(
        found,
        "what was asked for, for each session, and none ended for another's sake",
        "the sessions' resources are not accounted for one by one",
    )


def reachable(outcome: UseResult) -> None:
    """Each desktop showed and obeyed while all were open, at a second viewer's and at a second visit too."""
    if outcome.unreachable and outcome.alone is None:
        raise Unmet(
            WORK,
            expected="every desktop to show and to obey",
            actual="; ".join(outcome.unreachable),
            likely="the way to a desktop serves only so many viewers, or only one of a session, or each only once",
        )
    if outcome.unreachable:
        raise Unproven(f"a desktop that is opened alone does not work either (see test 1.1d): {outcome.alone}")
    if outcome.astray:
        raise Unproven(f"sessions interfere (see the sentence about that): {'; '.join(outcome.astray)}")


def undisturbed(outcome: UseResult) -> None:
    """Nothing of one user's was found with another, and nobody noticed that one had left."""
    troubles = [*outcome.leaks, *outcome.noticed]
    if troubles:
        raise Unmet(
            WORK,
            expected="nothing of one user's with another, and the others' sessions untouched when one ends",
            actual="; ".join(troubles),
            likely="the product leads users to each other's desktops, homes or processes, or ends more than it should",
        )
    if outcome.explained:
        raise Unproven(f"the sessions are not apart (see the sentences about that): {'; '.join(outcome.explained)}")
    unseen = [*outcome.unreachable, *outcome.astray, *outcome.lost, *outcome.untold]
    if unseen:
        raise Unproven(f"not everybody could work, leave something and end a session: {'; '.join(unseen)}")


def _judge(found: CheckResult, expected: str, likely: str) -> None:
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
