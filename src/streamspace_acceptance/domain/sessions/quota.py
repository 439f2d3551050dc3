"""Sessions that a user does not get, since deleted ones of theirs that the product keeps may use up their quota."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.outcomes import Unproven

REFUSALS = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
QUOTA = re.compile(r"\bquotas?\b", re.IGNORECASE)


def refused_for_quota(creation: Creation) -> bool:
    """Whether the product refused the session, and says that it is for a quota."""
    answer = creation.answer
    return creation.id is None and answer.status in REFUSALS and QUOTA.search(answer.excerpt()) is not None


def check(clients: Clients, creations: Sequence[Creation]) -> None:
    """Unproven where a session was refused for the quota of a user who has deleted sessions that stay.

    The clean-up reports those sessions, once for the whole run. Other refusals are left to the criteria.
    """
    refused = [creation for creation in creations if refused_for_quota(creation)]
    if not refused:
        return
    over, listed = clients.profile.statuses["terminating"], clients.api.sessions().sessions
    for creation in refused:
        user = creation.asked.user
        kept = [
            session
            for session in listed
            if session.user == user and (session.id in clients.left or session.status == over)
        ]
        living = sum(session.user == user for session in listed) - len(kept)
        if kept:
            used = f"{living} living and {len(kept)} deleted sessions" if living else f"{len(kept)} deleted sessions"
            raise Unproven(
                f"the quota of {user!r} is used up by {used} (see the clean-up): the product answers "
                f"{creation.answer.gist}"
            )
