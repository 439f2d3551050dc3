"""Expectations of rights: nobody but its user and the administrator sees, opens or changes a session."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.domain.rights.actions import EXPIRED, OtherUserAttempts, VisitorAttempts, require_expired
from streamspace_acceptance.domain.rights.attempts import Attempt, Attempts, Kind
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet

_LIKELY = {
    Kind.SEE: "the API shows sessions without asking whose they are",
    Kind.OPEN: "the way to the desktop does not ask whose session it is",
    Kind.CHANGE: "the API does what is asked without asking whose session it is",
}


def visitors_see_nothing(found: VisitorAttempts) -> None:
    """No call without a valid token shows the session."""
    _refused(found.attempts, Kind.SEE, found.attempts.of(Kind.SEE, who=found.visitors))


def visitors_open_nothing(found: VisitorAttempts) -> None:
    """No visitor gets to the desktop."""
    _refused(found.attempts, Kind.OPEN, found.attempts.of(Kind.OPEN, who=found.visitors))


def visitors_change_nothing(found: VisitorAttempts) -> None:
    """No visitor hibernates, wakes or ends the session."""
    _refused(found.attempts, Kind.CHANGE, found.attempts.of(Kind.CHANGE, who=found.visitors))
    _untouched(found.attempts, found.attempts.of(Kind.CHANGE, who=[EXPIRED]))


def expired_token_refused(found: VisitorAttempts) -> None:
    """A token that has expired does nothing; NotApplicable where none can be had.

    What any visitor achieves as well is judged elsewhere.
    """
    require_expired(found)
    attempts = found.attempts.of(*Kind, who=[EXPIRED])
    judged("attempts with an expired token", _table(attempts))
    open_to_all = {attempt.call for attempt in found.attempts.of(*Kind, who=found.visitors) if attempt.succeeded}
    beyond = [attempt for attempt in attempts if attempt.call not in open_to_all]
    _judge(found.attempts, beyond, "the API does not look at the time at which a token expires")


def other_user_sees_nothing(found: OtherUserAttempts) -> None:
    """The session is not shown to another user."""
    _refused(found.attempts, Kind.SEE, found.attempts.of(Kind.SEE))


def other_user_opens_nothing(found: OtherUserAttempts) -> None:
    """Another user does not get to the desktop."""
    _refused(found.attempts, Kind.OPEN, found.attempts.of(Kind.OPEN))


def other_user_changes_nothing(found: OtherUserAttempts) -> None:
    """Another user does not hibernate, wake or end the session."""
    _refused(found.attempts, Kind.CHANGE, found.attempts.of(Kind.CHANGE))
    _untouched(found.attempts, [])


def _refused(attempts: Attempts, kind: Kind, made: Sequence[Attempt]) -> None:
    judged(f"attempts to {kind} the session", _table(made))
    _judge(attempts, made, _LIKELY[kind])


def _judge(attempts: Attempts, made: Sequence[Attempt], likely: str) -> None:
    succeeded = [attempt.describe() for attempt in made if attempt.succeeded]
    if succeeded:
        raise Unmet(
            f"session {attempts.session}",
            expected="every attempt refused",
            actual="; ".join(succeeded),
            likely=likely,
        )


def _untouched(attempts: Attempts, others: Sequence[Attempt]) -> None:
    """The session is as it was, unless somebody else's attempts, which are judged elsewhere, have changed it."""
    if attempts.trouble is not None and not any(attempt.succeeded for attempt in others):
        raise Unmet(
            f"session {attempts.session}",
            expected="Running as before, since every attempt was refused",
            actual=attempts.trouble,
            likely="the API refuses the call, but carries it out",
        )


def _table(made: Sequence[Attempt]) -> object:
    rows = ((attempt.who, attempt.call, attempt.answer, "yes" if attempt.succeeded else "no") for attempt in made)
    return table("with | call | answer | succeeded", rows)
