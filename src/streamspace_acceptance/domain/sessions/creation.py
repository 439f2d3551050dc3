"""Requesting a session, and identifying the session that was created, whatever the answer says."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import Listed, SessionList, StreamSpaceApi
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.waiting import Budget, Wait, poll


@dataclass(frozen=True)
class Asked:
    """A session that is about to be requested: for whom, of which template, and the sessions before it.

    `request` is the request's id; a product that reports it identifies the session that the request created.
    """

    user: str
    template: str
    size: str | Size | None
    before: frozenset[str]
    request: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True)
class Creation:
    """The result of a request: the answer, the id that it claims, and the id of the session that there is.

    `id` is None when no new session is to be found. `listed` are the entries of that session in the API's list.
    `others` are further sessions that the same request certainly created.
    """

    asked: Asked
    answer: Answer
    claimed: str | None
    id: str | None
    listed: tuple[Listed, ...]
    others: frozenset[str] = frozenset()


def shared(creations: Iterable[Creation | None]) -> list[str]:
    """The sessions that were given to several requests, in a sentence each; None stands for one without an answer."""
    users: dict[str, list[str]] = {}
    for creation in creations:
        if creation is not None and creation.id is not None:
            users.setdefault(creation.id, []).append(creation.asked.user)
    return [f"{' and '.join(given)} were given {key}" for key, given in users.items() if len(given) > 1]


def strangers(creations: Iterable[Creation | None]) -> list[str]:
    """The sessions that the list shows as another user's than the one to whom they were given, in a sentence each."""
    return [
        f"{made.asked.user} was given {entry.id}, which is {entry.user}'s by the list"
        for made in creations
        if made is not None
        for entry in made.listed
        if isinstance(entry.user, str) and entry.user != made.asked.user
    ]


def send(api: StreamSpaceApi, asked: Asked, seconds: float) -> Answer:
    """Sends the request, answered within `seconds`; the list shows its result afterwards (`conclude`)."""
    return api.create_session(asked.user, asked.template, asked.size, request=asked.request, seconds=seconds)


def named(api: StreamSpaceApi, asked: Asked, answer: Answer) -> str | None:
    """The new session that the answer names, if it names one."""
    claimed = _claimed(api, answer) if answer.ok else None
    return None if claimed in asked.before else claimed


def conclude(api: StreamSpaceApi, asked: Asked, answer: Answer, after: SessionList) -> Creation:
    """The result of a request, by the answer and by the list of sessions afterwards."""
    claimed = _claimed(api, answer) if answer.ok else None
    found = _identify(asked, claimed, after)
    listed = tuple(session for session in after.sessions if session.id == found)
    return Creation(asked, answer, claimed, found, listed, certainly_made(asked, after) - {found})


def made(asked: Asked, after: SessionList) -> frozenset[str]:
    """The sessions that `asked` may have created: those that it certainly created, or else the new ones of the same
    user and template. The latter may be somebody else's.
    """
    return certainly_made(asked, after) or frozenset(
        session.id
        for session in after.sessions
        if session.id not in asked.before
        and (session.user, session.template) == (asked.user, asked.template)
        and not session.tells_request  # one that tells its request names another request
    )


def made_as_answered(creation: Creation, after: SessionList, sent: Collection[str]) -> frozenset[str]:
    """The same, after an answer that named its session; `sent` are the ids of all requests that were sent.

    A gateway may give requests ids of its own. Where the session tells such an id, no id says anything.
    """
    requests = {session.request for session in after.sessions if session.id == creation.claimed}
    if certainly_made(creation.asked, after) or not requests or requests & {None, *sent}:
        return made(creation.asked, after)
    asked = creation.asked
    return frozenset(
        session.id
        for session in after.sessions
        if session.id not in asked.before and (session.user, session.template) == (asked.user, asked.template)
    )


def certainly_made(asked: Asked, after: SessionList) -> frozenset[str]:
    """The sessions that `asked` created by the product's own account; none where the product gives no account."""
    return frozenset(
        session.id for session in after.sessions if session.id not in asked.before and session.request == asked.request
    )


def also_named(api: StreamSpaceApi, creation: Creation | None) -> tuple[str, bool | None] | None:
    """The session that the answer names although the list shows another one, if it exists all the same.

    With it, whether the request created it by the session's own account; None if the session gives no account.
    """
    if creation is None or creation.claimed in (None, creation.id) or creation.claimed in creation.asked.before:
        return None
    try:
        session = api.session(str(creation.claimed))
    except Unmet:
        return None
    request = session.get(api.profile.fields["request_id"])
    return str(creation.claimed), None if request is None else request == creation.asked.request


def await_made(api: StreamSpaceApi, unanswered: Sequence[Asked], patience: float) -> SessionList:
    """The list, once it shows what each unanswered request created; they may take effect for `patience` seconds more.

    After that, the list as it then is.
    """
    subject = "; ".join(f"the {asked.template!r} session that {asked.user!r} asked for" for asked in unanswered[:3])
    more = f" and {len(unanswered) - 3} more" if len(unanswered) > 3 else ""
    wait = Wait(subject + more, "found", Budget("request", patience, 1.0))

    def found(after: SessionList) -> list[str]:
        return [session for asked in unanswered for session in sorted(certainly_made(asked, after))]

    with suppress(Unmet):
        poll(
            wait,
            api.sessions,
            met=lambda after: all(certainly_made(asked, after) for asked in unanswered),
            says=lambda after: ", ".join(found(after)) or "not there",
            likely=lambda _: "it was never made",
        )
    return api.sessions()


def _claimed(api: StreamSpaceApi, answer: Answer) -> str | None:
    try:
        body = answer.object()
    except Unmet:
        return None  # 1.1a-2 judges the answer; this only looks for the session
    values = (body.get(api.profile.fields[name]) for name in ("id", "name"))
    # Dots alone lead out of the segment of a path in which they stand: to the deletion of something else.
    return next((value for value in values if isinstance(value, str) and value.strip(".")), None)


def _identify(asked: Asked, claimed: str | None, after: SessionList) -> str | None:
    new = made(asked, after)
    if claimed is not None and claimed not in asked.before and (claimed in after.ids or not new):
        return claimed
    return next(iter(new)) if len(new) == 1 else None
