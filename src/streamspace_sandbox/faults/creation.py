"""Faults of test 1.1a: session creation."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import replace, wrap
from streamspace_sandbox.faults.support.object_lists import change_list
from streamspace_sandbox.faults.support.pod_volumes import SESSION_LABEL


async def _answer_200(create_session: Any, *arguments: Any) -> Any:
    response = await create_session(*arguments)
    response.status_code = HTTPStatus.OK
    return response


async def _omit_the_name(create: Any, *arguments: Any) -> Any:
    answer = await create(*arguments)
    return {key: value for key, value in answer.items() if key != "name"}


def _name_pods_alike(create: Any, store: Any, resource: Any, obj: Any, **options: Any) -> Any:
    metadata = obj["metadata"]
    if resource.plural == "pods" and SESSION_LABEL in (metadata.get("labels") or {}):
        obj = {**obj, "metadata": {**metadata, "generateName": "desktop-"}}
    return create(store, resource, obj, **options)


register_fault(
    "creation-answers-200",
    breaks="1.1a-1",
    description="The API answers a creation with 200 instead of 201",
    api=wrap("streamspace_sandbox.streamspace.api.endpoints:create_session", _answer_200),
)
register_fault(
    "creation-without-name",
    breaks="1.1a-2",
    description="The answer to a creation lacks the session's name",
    api=wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.create", _omit_the_name),
)
register_fault(
    "session-not-listed",
    breaks="1.1a-3",
    description="Kubernetes lists no sessions, although each can be read by its name",
    kubernetes=change_list("sessions", lambda _sessions: []),
)
register_fault(
    "pod-named-otherwise",
    breaks="1.1a-4",
    description="The pod of every session has the name desktop-…, independent of the session's name",
    kubernetes=wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", _name_pods_alike),
)


LATE_SECONDS = 14.0
"""More than the 120 s that a start may take, at the default time scale."""


def _listed_late(sessions: Any) -> Any:
    """Only those that were created a while ago."""
    now = datetime.now(UTC)
    return [
        session
        for session in sessions
        if (now - datetime.fromisoformat(session["metadata"]["creationTimestamp"])).total_seconds() > LATE_SECONDS
    ]


def _names_of_labels(sessions: Any) -> Any:
    """Each under the name of its user and template alone."""
    return [
        {**session, "metadata": {**session["metadata"], "name": session["metadata"]["name"].rpartition("-")[0]}}
        for session in sessions
    ]


def _name_pods_after_templates(create: Any, store: Any, resource: Any, obj: Any, **options: Any) -> Any:
    metadata = obj["metadata"]
    session = (metadata.get("labels") or {}).get(SESSION_LABEL)
    if resource.plural == "pods" and session:
        obj = {**obj, "metadata": {**metadata, "generateName": f"{session.rpartition('-')[0]}-"}}
    return create(store, resource, obj, **options)


register_fault(
    "session-listed-too-late",
    breaks="1.1a-3",
    description=f"Kubernetes lists a session only {LATE_SECONDS:g} s after it was created",
    kubernetes=change_list("sessions", _listed_late),
)
register_fault(
    "session-listed-by-another-name",
    breaks="1.1a-3",
    description="Kubernetes lists sessions without the last part of their names",
    kubernetes=change_list("sessions", _names_of_labels),
)
register_fault(
    "pod-named-after-template",
    breaks="1.1a-4",
    description="The pod's name has the session's user and template, but not its own last part",
    kubernetes=wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", _name_pods_after_templates),
)
register_fault(
    "session-without-pod",
    breaks="1.1a-4",
    description="A session's Deployment has no replicas",
    agent=replace("streamspace_sandbox.streamspace.agent.objects:replicas", lambda _session: 0),
)
