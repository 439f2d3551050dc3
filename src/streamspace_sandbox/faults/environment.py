"""Faults of test 0: what is deployed is there, but not as it should be."""

import logging
from collections.abc import Callable
from typing import Any

from starlette.responses import PlainTextResponse

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import replace, wrap
from streamspace_sandbox.streamspace.api.errors import json_response

NAMESPACE, REDIS, DATABASE = "streamspace", "streamspace-redis", "streamspace-postgres"
MARKER = "Admin password: %s"


def _unready() -> None:
    """Kubernetes answers everything, and says of itself that it is not ready."""

    def make(answer: Any) -> Any:
        async def answer_or_not(server: Any, request: Any, path: str) -> Any:
            if path == "/readyz":
                return PlainTextResponse("[-]etcd failed: reason withheld", 500)
            return await answer(server, request, path)

        return answer_or_not

    wrap("streamspace_sandbox.kubernetes.apiserver.app:_Server._answer", make)


def _never_gone() -> None:
    """The namespace was deleted, and its deletion hangs."""

    def make(object_answer: Any) -> Any:
        def answer(request: Any, target: Any, custom: Any, obj: Any, *rest: Any) -> Any:
            if obj.get("kind") == "Namespace" and obj["metadata"]["name"] == NAMESPACE:
                obj = {**obj, "status": {**(obj.get("status") or {}), "phase": "Terminating"}}
            return object_answer(request, target, custom, obj, *rest)

        return answer

    wrap("streamspace_sandbox.kubernetes.apiserver.app:object_answer", make)


def _list_pods(change: Callable[[list[Any]], list[Any]]) -> Callable[[], None]:
    """A list of pods is what `change` makes of it."""

    def patch() -> None:
        def make(list_answer: Any) -> Any:
            def changed(request: Any, target: Any, store: Any) -> Any:
                return list_answer(request, target, _Changed(store, change))

            return changed

        wrap("streamspace_sandbox.kubernetes.apiserver.app:list_answer", make)

    return patch


class _Changed:
    """A store whose list of pods is another one."""

    def __init__(self, store: Any, change: Callable[[list[Any]], list[Any]]) -> None:
        self._store = store
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self, resource: Any, *arguments: Any) -> Any:
        found, version = self._store.list(resource, *arguments)
        return (self._change(found) if resource.plural == "pods" else found), version


def _app(pod: Any) -> Any:
    return (pod["metadata"].get("labels") or {}).get("app")


def _without_redis(pods: list[Any]) -> list[Any]:
    return [pod for pod in pods if _app(pod) != REDIS]


def _with_database_not_ready(pods: list[Any]) -> list[Any]:
    return [_not_ready(pod) if _app(pod) == DATABASE else pod for pod in pods]


def _not_ready(pod: Any) -> Any:
    status = pod.get("status") or {}
    conditions = [
        {**each, "status": "False"} if each["type"] in ("Ready", "ContainersReady") else each
        for each in status.get("conditions") or ()
    ]
    containers = [{**each, "ready": False} for each in status.get("containerStatuses") or ()]
    return {**pod, "status": {**status, "conditions": conditions, "containerStatuses": containers}}


def _say_of_health(answer: dict[str, str]) -> Callable[[], None]:
    """The health answer is a 200, whatever it says."""

    def patch() -> None:
        def make(_health: Any) -> Any:
            async def health(_request: Any, _services: Any) -> Any:
                return json_response(answer)

            return health

        wrap("streamspace_sandbox.streamspace.api.endpoints:health", make)

    return patch


def _log_otherwise(message: str | None) -> Callable[[], None]:
    """The line with the password reads `message`, or is not logged at all."""

    def patch() -> None:
        def passes(record: logging.LogRecord) -> bool:
            if record.msg == MARKER:
                if message is None:
                    return False
                record.msg, record.args = message, ()
            return True

        logging.getLogger("streamspace.api").addFilter(passes)

    return patch


def _after_the_first(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[], None]:
    """Each answer to a login but the first, which the deployment needs, is what `change` makes of it."""

    def patch() -> None:
        def make(login: Any) -> Any:
            seen: list[str] = []

            async def log_in(users: Any, given: Any) -> dict[str, Any]:
                answer: dict[str, Any] = await login(users, given)
                seen.append(given.username)
                return change(answer) if len(seen) > 1 else answer

            return log_in

        wrap("streamspace_sandbox.streamspace.api.users:Users.login", make)

    return patch


def _spoiled(answer: dict[str, Any]) -> dict[str, Any]:
    header, claims, signature = answer["token"].split(".")
    return {**answer, "token": f"{header}.{claims}.{signature[::-1]}"}


def _without_token(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "token"}


def _believe_any_password() -> None:
    async def matches(_password: str, _hashed: str) -> bool:
        return True

    replace("streamspace_sandbox.streamspace.api.auth:password_matches", matches)


def _believe_any_token() -> None:
    replace("streamspace_sandbox.streamspace.api.auth:Tokens.check_api", lambda _tokens, _connection: "admin")


def _believe_any_signature() -> None:
    """A token that reads like one is taken for one."""

    def make(claims: Any) -> Any:
        def unchecked(tokens: Any, text: str) -> Any:
            signed = text.rpartition(".")[0]
            return claims(tokens, f"{signed}.{tokens._signature(signed.encode()).decode()}")

        return unchecked

    wrap("streamspace_sandbox.streamspace.api.auth:Tokens.claims", make)


def _nobody_online() -> None:
    """The list of agents knows each of them, and calls none online."""

    def make(everyone: Any) -> Any:
        async def registered(agents: Any) -> list[dict[str, Any]]:
            return [{**agent, "status": "registered"} for agent in await everyone(agents)]

        return registered

    wrap("streamspace_sandbox.streamspace.api.agents:Agents.all", make)


register_fault(
    "cluster-not-ready",
    breaks="0-1",
    description="The API server answers all calls, and its readiness says that it is not ready",
    kubernetes=_unready,
)
register_fault(
    "namespace-terminating",
    breaks="0-6",
    description="The namespace is being deleted, for ever",
    kubernetes=_never_gone,
)
register_fault(
    "redis-without-pod",
    breaks="0-7",
    description="No pod says that it is Redis",
    kubernetes=_list_pods(_without_redis),
)
register_fault(
    "database-not-ready",
    breaks="0-7",
    description="The pod of PostgreSQL runs, and is not Ready",
    kubernetes=_list_pods(_with_database_not_ready),
)
register_fault(
    "health-degraded",
    breaks="0-8",
    description="The health answer is 200, and says degraded",
    api=_say_of_health({"status": "degraded"}),
)
register_fault(
    "health-says-nothing",
    breaks="0-8",
    description="The health answer is 200, and says nothing",
    api=_say_of_health({}),
)
register_fault(
    "password-not-logged",
    breaks="0-9",
    description="The API does not log the administrator's password",
    api=_log_otherwise(None),
)
register_fault(
    "password-masked",
    breaks="0-9",
    description="The API logs stars in the place of the administrator's password",
    api=_log_otherwise("Admin password: ********"),
)
register_fault(
    "password-not-told",
    breaks="0-9",
    description="The API logs a sentence in the place of the administrator's password",
    api=_log_otherwise("Admin password: set already, and not shown"),
)
register_fault(
    "login-token-invalid",
    breaks="0-10",
    description="A login gives a token that the API does not accept",
    api=_after_the_first(_spoiled),
)
register_fault(
    "login-without-token",
    breaks="0-10",
    description="A login is answered with the user, and without a token",
    api=_after_the_first(_without_token),
)
register_fault(
    "any-password",
    breaks="0-10",
    description="A login succeeds with any password",
    api=_believe_any_password,
)
register_fault(
    "any-token",
    breaks="0-10",
    description="The API accepts any token, and none",
    api=_believe_any_token,
)
register_fault(
    "any-signature",
    breaks="0-10",
    description="The API does not check the signature of a token",
    api=_believe_any_signature,
)
register_fault(
    "nobody-online",
    breaks="0-11",
    description="No agent is ever called online, though they serve sessions",
    api=_nobody_online,
)
