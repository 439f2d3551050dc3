"""Faults of test 1.1a: a session is created."""

from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap

SESSION_COMPONENT = "app.kubernetes.io/component"


def _answer_200() -> None:
    def make(create: Any) -> Any:
        async def create_session(*arguments: Any) -> Any:
            response = await create(*arguments)
            response.status_code = HTTPStatus.OK
            return response

        return create_session

    wrap("streamspace_sandbox.streamspace.api.endpoints:create_session", make)


def _leave_out_the_name() -> None:
    def make(create: Any) -> Any:
        async def create_session(*arguments: Any) -> Any:
            answer = await create(*arguments)
            return {key: value for key, value in answer.items() if key != "name"}

        return create_session

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions.create", make)


def _list_no_sessions() -> None:
    def make(list_answer: Any) -> Any:
        def list_without_sessions(request: Any, target: Any, store: Any) -> Any:
            return list_answer(request, target, _Hiding(store))

        return list_without_sessions

    wrap("streamspace_sandbox.kubernetes.apiserver.app:list_answer", make)


class _Hiding:
    """A store whose list of sessions is empty."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self, resource: Any, *arguments: Any) -> Any:
        found, version = self._store.list(resource, *arguments)
        return ([] if resource.plural == "sessions" else found), version


def _name_pods_alike() -> None:
    def make(create: Any) -> Any:
        def create_object(store: Any, resource: Any, obj: Any, **options: Any) -> Any:
            metadata = obj["metadata"]
            if resource.plural == "pods" and SESSION_COMPONENT in (metadata.get("labels") or {}):
                obj = {**obj, "metadata": {**metadata, "generateName": "desktop-"}}
            return create(store, resource, obj, **options)

        return create_object

    wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", make)


register_fault(
    "creation-answers-200",
    breaks="1.1a-1",
    description="The API answers a creation with 200 instead of 201",
    api=_answer_200,
)
register_fault(
    "creation-without-name",
    breaks="1.1a-2",
    description="The answer to a creation does not hold the session's name",
    api=_leave_out_the_name,
)
register_fault(
    "session-not-listed",
    breaks="1.1a-3",
    description="Kubernetes lists no sessions, though each can be read by its name",
    kubernetes=_list_no_sessions,
)
register_fault(
    "pod-named-otherwise",
    breaks="1.1a-4",
    description="The pods of all sessions are called desktop-…, whatever the session's name",
    kubernetes=_name_pods_alike,
)
