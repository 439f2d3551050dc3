"""Whether each of several users who asked in the same instant got a session of their own that runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation, made_as_answered
from streamspace_acceptance.domain.sessions.listing import listed_at_last
from streamspace_acceptance.domain.sessions.steadiness import watch
from streamspace_acceptance.domain.sessions.unknown_users import refused_for_users
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import SessionList, StreamSpaceApi


def created(crowd: ConcurrentRequests, api: StreamSpaceApi, cluster: Cluster) -> CheckResult:
    """Judges by the answers, the API's list and Kubernetes, once all run or the start budget is used up."""
    troubles, timeline = [], ""
    try:
        crowd.wait_until_running(within="start")
    except Unmet as unmet:
        if not _run_without_pods(crowd, api.sessions()):
            troubles.append(f"{unmet.subject}: {unmet.actual}; {unmet.likely}")
            timeline = unmet.timeline
    listed = listed_at_last(api, [session.id for session in crowd.sessions])
    claims = Counter(creation.claimed for creation in crowd.creations if creation.claimed is not None)
    troubles += [
        f"{count} users were given the session {session_id}" for session_id, count in claims.items() if count > 1
    ]
    sent = {creation.asked.request for creation in crowd.creations}
    troubles += [trouble for creation in crowd.creations for trouble in _troubles(creation, listed, sent, api, cluster)]
    troubles += [] if troubles else _fallen(crowd)
    excuse = "" if not troubles else refused_for_users(crowd.creations) or _lack_of_room(crowd, api, cluster)
    shown = {"requests": crowd.table(), "sessions in the API's list": listed.sessions}
    return CheckResult(crowd.subject, tuple(troubles), timeline=timeline, excuse=excuse, shown=shown)


def _troubles(
    creation: Creation, listed: SessionList, sent: Collection[str], api: StreamSpaceApi, cluster: Cluster
) -> list[str]:
    user, accepted = creation.asked.user, api.profile.status_of("create_session", HTTPStatus.CREATED)
    if creation.id is None or creation.answer.status != accepted:
        return [f"{user} got {creation.answer.status} {creation.answer.excerpt(60)}"]
    new, obj = made_as_answered(creation, listed, sent), cluster.session_object(creation.id)
    return [
        *(
            []
            if creation.claimed == creation.id
            else [f"{user} was given {creation.claimed}, and {creation.id} is there"]
        ),
        *([] if new == {creation.id} else [f"{user} has {', '.join(sorted(new)) or 'no session'} now"]),
        *([f"{creation.id} is listed {listed.times(creation.id)} times"] if listed.times(creation.id) > 1 else []),
        *_shown_to_others(creation, listed, api),
        *([f"{creation.id} is not in Kubernetes"] if obj is None else []),
        *([f"{creation.id} is {obj.user}'s in Kubernetes"] if obj is not None and obj.user != user else []),
    ]


def _shown_to_others(creation: Creation, listed: SessionList, api: StreamSpaceApi) -> list[str]:
    """The places in which the API shows the session as another user's; one that names no user shows nothing."""
    shown = [("in the list", session.user) for session in listed.sessions if session.id == creation.id]
    with suppress(Unmet):  # its status is what is judged of that answer
        shown.append(("when asked for alone", api.session(str(creation.id)).get(api.profile.fields["user"])))
    others = [(place, user) for place, user in shown if isinstance(user, str) and user != creation.asked.user]
    return [f"{creation.id} is {user}'s {place}" for place, user in others]


def _fallen(crowd: ConcurrentRequests) -> list[str]:
    """The sessions that do not stay Running for a while."""
    word = crowd.sessions[0].api.profile.statuses["running"]
    statuses = watch(crowd.sessions, word)
    return [f"{key} is {status or 'not listed'} a while later" for key, status in statuses.items() if status != word]


def _run_without_pods(crowd: ConcurrentRequests, listed: SessionList) -> bool:
    """Whether the API says that all run although some have no pod (see 1.3-2)."""
    word = crowd.sessions[0].api.profile.statuses["running"]
    return all(listed.status(session.id) == word for session in crowd.sessions) and not all(
        session.pods() for session in crowd.sessions
    )


def _lack_of_room(crowd: ConcurrentRequests, api: StreamSpaceApi, cluster: Cluster) -> str:
    """Set when the nodes, were they empty, could not hold so many sessions."""
    nodes, size = cluster.allocatable(), api.profile.size(crowd.creations[0].asked.size)
    if nodes is None or size is None:
        return ""
    room = sum(min(int(amount(node[name]) / amount(size[name])) for name in size) for node in nodes)
    return "" if room >= len(crowd.creations) else f"the cluster's nodes have room for {room} such sessions"
