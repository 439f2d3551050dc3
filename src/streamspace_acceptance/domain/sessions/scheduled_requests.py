"""Requests for sessions that were sent at moments fixed beforehand, and the result of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.domain.sessions import creation
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.measuring.open_loop import Load, ScheduledCall
from streamspace_acceptance.product.answers import Answer


@dataclass(frozen=True)
class ScheduledRequests:
    """The load, its requests, and the creation of each: None where the API gave no answer."""

    load: Load[Answer]
    asked: Sequence[Asked]
    creations: Sequence[Creation | None]

    @property
    def ids(self) -> list[str]:
        """The sessions that were created, each once, in the order in which they were requested."""
        made = (creation.id for creation in self.creations if creation is not None)
        return list(dict.fromkeys(session_id for session_id in made if session_id is not None))

    @property
    def shared(self) -> list[str]:
        """The sessions that were given to several requests, in a sentence each."""
        return creation.shared(self.creations)

    @property
    def strangers(self) -> list[str]:
        """The sessions that the list shows as another user's, in a sentence each."""
        return creation.strangers(self.creations)

    @property
    def refusals(self) -> list[str]:
        """The users whom the API refused a session or gave none, each with its answer."""
        return [
            f"{made.asked.user}: {made.answer.status} {made.answer.excerpt(120)}"
            for made in self.creations
            if made is not None and (made.id is None or not made.answer.ok)
        ]

    @property
    def unanswered(self) -> list[str]:
        """The users whose request brought no answer of the API, each with the reason."""
        return [
            f"{asked.user}: {call.error or 'never sent'}"
            for asked, call in zip(self.asked, self.load.calls, strict=True)
            if call.outcome is None
        ]

    def table(self) -> str:
        """When each request was due, sent and answered, in ms after the load's begin, and the answer."""
        lines = []
        for asked, call, made in zip(self.asked, self.load.calls, self.creations, strict=True):
            moments = ", ".join(
                f"{name} " + ("never" if at is None else f"+{1000 * (at - self.load.began):.1f} ms")
                for name, at in (("due", call.due), ("sent", call.sent), ("answered", call.answered))
            )
            lines.append(f"{asked.user:12} {moments}: {_result(call, made)}")
        return "\n".join(lines)


def _result(call: ScheduledCall[Answer], made: Creation | None) -> str:
    """The status and the session, or the whole answer of a request that made none, or why there is no answer."""
    if made is None or made.id is None:
        return str(call.error or "never sent") if call.outcome is None else call.outcome.gist
    return f"{made.answer.status} {made.id}"
