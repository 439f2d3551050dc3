"""Whether a status lasts: after it was reached, the API is asked again and again for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Wait, now, poll

Statuses = Mapping[str, str | None]
"""The API's status of each session, by id; None for one that it does not list."""


def watch(sessions: Sequence[Session], word: str, budget: str = "calm", *, every: float = POLL_SECONDS) -> Statuses:
    """The statuses for as long as nothing may change: `word`, or the first other one that a session had meanwhile.

    A single session is also asked for alone. A server that is behind may still tell of the time before. That does not
    count, as long as it is over in a moment: then the statuses are watched from there on.
    """
    if not sessions:
        return {}
    failed = sessions[0].api.profile.statuses["failed"]
    kept: dict[str, str | None] = {session.id: word for session in sessions}
    began = since = now()

    def look() -> Statuses:
        nonlocal since
        listed = sessions[0].api.sessions()
        statuses = {session.id: listed.status(session.id) for session in sessions}
        if len(sessions) == 1 and statuses[sessions[0].id] == word:
            statuses[sessions[0].id] = sessions[0].api.status(sessions[0].id)
        other = {session_id: status for session_id, status in statuses.items() if status != word}
        if other and now() - began < BEHIND_SECONDS and failed not in other.values():
            since = now()
        else:
            kept.update({session_id: status for session_id, status in other.items() if kept[session_id] == word})
        return statuses

    subject = sessions[0].subject if len(sessions) == 1 else f"{len(sessions)} sessions"
    steady = sessions[0].budgets.named(budget)
    wait = Wait(
        subject, f"still {word}", Budget(steady.name, steady.plan_seconds + BEHIND_SECONDS / steady.scale, steady.scale)
    )
    poll(
        wait,
        look,
        met=lambda _: (
            now() - since >= steady.seconds or list(kept.values()) != [word] * len(kept) or wait.remaining <= 0
        ),
        says=lambda statuses: ", ".join(sorted({status or "not listed" for status in statuses.values()})),
        likely=lambda _: "the wait has no goal but its end",
        every=every,
    )
    return kept


def settled(session: Session, word: str) -> str:
    """The status of a session asked for alone: `word` if it is that within the moment that a server may be behind."""
    wait = Wait(session.subject, f"still {word}", Budget("moment", BEHIND_SECONDS, 1.0))
    try:
        return poll(
            wait,
            lambda: session.api.status(session.id),
            met=lambda status: status == word,
            says=str,
            likely=lambda _: "the status does not last",
        )
    except Unmet:
        return session.api.status(session.id)
