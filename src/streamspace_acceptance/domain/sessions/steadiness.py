"""Whether a status lasts: after it was reached, the API is asked again and again for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.waiting import Wait, poll

Statuses = Mapping[str, str | None]
"""The API's status of each session, by id; None for one that it does not list."""


def watch(sessions: Sequence[Session], word: str) -> Statuses:
    """The statuses for as long as nothing may change: `word`, or the first other one that a session had meanwhile.

    A single session is also asked for alone.
    """
    if not sessions:
        return {}
    kept: dict[str, str | None] = {session.id: word for session in sessions}

    def look() -> Statuses:
        listed = sessions[0].api.sessions()
        statuses = {session.id: listed.status(session.id) for session in sessions}
        if len(sessions) == 1 and statuses[sessions[0].id] == word:
            statuses[sessions[0].id] = sessions[0].api.status(sessions[0].id)
        kept.update({session_id: status for session_id, status in statuses.items() if kept[session_id] == word})
        return statuses

    subject = sessions[0].subject if len(sessions) == 1 else f"{len(sessions)} sessions"
    wait = Wait(subject, f"still {word}", sessions[0].budgets.named("calm"))
    poll(
        wait,
        look,
        met=lambda _: wait.remaining <= 0,
        says=lambda statuses: ", ".join(sorted({status or "not listed" for status in statuses.values()})),
        likely=lambda _: "the wait has no goal but its end",
    )
    return kept
