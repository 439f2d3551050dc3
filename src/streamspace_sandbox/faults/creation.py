"""Faults of test 1.1a: session creation."""

from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
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
