"""What is expected of the creation of a session."""

from __future__ import annotations

from streamspace_acceptance.cluster.objects import SessionObject
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer


def offered(template: str, names: frozenset[str]) -> None:
    """The template is among those on offer."""
    if template not in names:
        raise Unmet(
            f"template {template}",
            expected="on offer",
            actual=f"the API offers {', '.join(sorted(names)) or 'none'}",
            likely="the target was set up without it",
        )


def answered(answer: Answer, status: int) -> None:
    """The answer has exactly that status code."""
    if answer.status != status:
        raise Unmet(
            answer.call,
            expected=f"{status}",
            actual=f"{answer.status} {answer.reason}: {answer.excerpt()}",
            likely="the API refuses the request or answers it with another code; its own message stands above",
        )


def identified(creation: Creation, status: str) -> None:
    """The answer holds the id and the name under which the API lists one new session, and that status."""
    if not creation.answer.ok:
        raise Unproven("no session was created (see the sentence about the answer)")
    body = creation.answer.object()
    troubles = [
        *(f"{key} is {body.get(key)!r}" for key in ("sessionId", "name") if not _text(body.get(key))),
        *([] if body.get("status") == status else [f"status is {body.get('status')!r}, not {status!r}"]),
        *_misnamed(creation, body.get("sessionId"), body.get("name")),
        *(f"the same request has made {each} as well" for each in sorted(creation.others)),
    ]
    if troubles:
        raise Unmet(
            creation.answer.call,
            expected=f"sessionId, name and status {status!r} of the new session",
            actual="; ".join(troubles),
            likely="the answer is not made from the session that was created",
        )


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _misnamed(creation: Creation, session_id: object, name: object) -> list[str]:
    if session_id in creation.asked.before:
        return [f"sessionId {session_id!r} is that of a session that was there before"]
    if not creation.listed:
        return []  # nothing to compare with: a session that nobody knows is the matter of the next sentence
    if len(creation.listed) > 1:
        return [f"the API lists {len(creation.listed)} sessions {session_id!r}"]
    listed = creation.listed[0]
    return [
        *([] if listed.id == session_id else [f"sessionId is {session_id!r}, but the new session is {listed.id!r}"]),
        *([] if listed.name == name else [f"name is {name!r}, but the new session's is {listed.name!r}"]),
    ]


def listed_in_kubernetes(creation: Creation, listed: SessionObject, alone: SessionObject | None) -> None:
    """The session in Kubernetes' list is the one that was asked for, and the one that it gives by name."""
    asked = creation.asked
    troubles = [
        *([] if listed.user == asked.user else [f"its user is {listed.user!r}"]),
        *([] if listed.template == asked.template else [f"its template is {listed.template!r}"]),
        *(["it is being deleted"] if listed.meta.deleting else []),
        *([] if alone is not None and alone.meta.uid == listed.meta.uid else ["by its name there is another, or none"]),
    ]
    if troubles:
        raise Unmet(
            f"session {listed.meta.name} in Kubernetes",
            expected=f"the {asked.template} session of {asked.user}",
            actual="; ".join(troubles),
            likely="the object was not made from the request",
        )
