"""Faults of test 0: parts of the deployment exist but do not work."""

import logging
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, filter_log, replace, wrap
from streamspace_sandbox.faults.support.callers import ADMINISTRATOR, TOKENS
from streamspace_sandbox.faults.support.object_lists import change_list
from streamspace_sandbox.streamspace.api.endpoints import public
from streamspace_sandbox.streamspace.api.errors import json_response

CREATE_APP = "streamspace_sandbox.control_plane.control_plane:create_app"
OBJECT_ANSWER = "streamspace_sandbox.kubernetes.apiserver.app:object_answer"
AGENTS = "streamspace_sandbox.streamspace.api.agents:Agents"
NAMESPACE, REDIS, DATABASE = "streamspace", "streamspace-redis", "streamspace-postgres"
MARKER = "Admin password: %s"


def _answering(path: str, text: str, status: int) -> Callable[..., Any]:
    """One path of the API server is answered so."""

    def create(create_app: Any, *arguments: Any) -> Any:
        app = create_app(*arguments)
        app.router.routes.insert(0, Route(path, lambda _request: PlainTextResponse(text, status)))
        return app

    return create


def _namespace(**status: Any) -> Callable[..., Any]:
    """The namespace with another status, or with another deletion."""

    def answer(object_answer: Any, request: Any, target: Any, custom: Any, obj: Any, *rest: Any) -> Any:
        if obj.get("kind") == "Namespace" and obj["metadata"]["name"] == NAMESPACE:
            obj = {**obj, **status, "metadata": {**obj["metadata"], **status.get("metadata", {})}}
        return object_answer(request, target, custom, obj, *rest)

    return answer


AUTH = "streamspace_sandbox.streamspace.api.auth"
COMPARED = 8
UNREADY_SHARE = 0.4


def _with_agent_pending(pods: list[Any]) -> list[Any]:
    """The agent's pod waits for its image."""
    waiting = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}
    return [{**pod, "status": waiting} if _app(pod) == "streamspace-k8s-agent" else pod for pod in pods]


def _app(pod: Any) -> Any:
    return (pod["metadata"].get("labels") or {}).get("app")


def _without_redis(pods: list[Any]) -> list[Any]:
    return [pod for pod in pods if _app(pod) != REDIS]


def _with_database_not_ready(pods: list[Any]) -> list[Any]:
    return [_not_ready(pod) if _app(pod) == DATABASE else pod for pod in pods]


def _with_database_ready_now_and_then(pods: list[Any]) -> list[Any]:
    return _with_database_not_ready(pods) if time.monotonic() % 1.0 < UNREADY_SHARE else pods


def _not_ready(pod: Any) -> Any:
    status = pod.get("status") or {}
    conditions = [
        {**condition, "status": "False"} if condition["type"] in ("Ready", "ContainersReady") else condition
        for condition in status.get("conditions") or ()
    ]
    containers = [{**container, "ready": False} for container in status.get("containerStatuses") or ()]
    return {**pod, "status": {**status, "conditions": conditions, "containerStatuses": containers}}


def _answer_health(answer: dict[str, str]) -> Patch:
    async def health(_request: Any, _services: Any) -> Any:
        return json_response(answer)

    return replace("streamspace_sandbox.streamspace.api.endpoints:health", health)


def _log_instead(message: str | None) -> Patch:
    """The API logs `message` in place of the password's line; None omits the line."""

    def passes(record: logging.LogRecord) -> bool:
        if record.msg == MARKER:
            if message is None:
                return False
            record.msg, record.args = message, ()
        return True

    return filter_log("streamspace_sandbox.streamspace.api.users", passes)


def _after_the_first(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Patch:
    """Change each answer to a login but the first, which the deployment needs."""
    logins: list[str] = []

    async def log_in(login: Any, users: Any, given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await login(users, given)
        logins.append(given.username)
        return change(answer) if len(logins) > 1 else answer

    return wrap("streamspace_sandbox.streamspace.api.users:Users.login", log_in)


def _with_wrong_signature(answer: dict[str, Any]) -> dict[str, Any]:
    header, claims, signature = answer["token"].split(".")
    return {**answer, "token": f"{header}.{claims}.{signature[::-1]}"}


def _without_token(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "token"}


async def _accept_password(_password: str, _hashed: str) -> bool:
    return True


async def _as_administrator(login: Any, users: Any, given: Any) -> Any:
    return await login(users, given.model_copy(update={"username": "admin"}))


def _open_to_all(*names: str) -> Patch:
    """The API checks no token at the paths of these handlers."""

    def private(original: Any, handler: Any) -> Any:
        async def opened(request: Any, services: Any) -> Any:
            request.state.caller = ADMINISTRATOR
            return await handler(request, services)

        return public(opened) if handler.__name__ in names else original(handler)

    return wrap("streamspace_sandbox.streamspace.api.app:private", private)


def _claims_unchecked(claims: Any, tokens: Any, text: str) -> Any:
    signed = text.rpartition(".")[0]
    return claims(tokens, f"{signed}.{tokens.signature(signed.encode()).decode()}")


async def _none_online(list_agents: Any, agents: Any) -> list[dict[str, Any]]:
    return [{**agent, "status": "registered"} for agent in await list_agents(agents)]


register_fault(
    "cluster-not-ready",
    breaks="0-1",
    description="The API server answers all calls, but its readiness endpoint reports a failure",
    kubernetes=wrap(CREATE_APP, _answering("/readyz", "[-]etcd failed: reason withheld", 500)),
)
register_fault(
    "namespace-terminating",
    breaks="0-6",
    description="The namespace stays Terminating",
    kubernetes=wrap(OBJECT_ANSWER, _namespace(status={"phase": "Terminating"})),
)
register_fault(
    "cluster-ready-in-part",
    breaks="0-1",
    description="The API server's readiness endpoint answers 200, and not with ok",
    kubernetes=wrap(CREATE_APP, _answering("/readyz", "[-]etcd not ok", 200)),
)
register_fault(
    "cluster-unavailable",
    breaks="0-1",
    description="The API server's readiness endpoint answers 503",
    kubernetes=wrap(CREATE_APP, _answering("/readyz", "shutting down", 503)),
)
register_fault(
    "namespace-without-phase",
    breaks="0-6",
    description="The namespace has no phase",
    kubernetes=wrap(OBJECT_ANSWER, _namespace(status={})),
)
register_fault(
    "namespace-being-deleted",
    breaks="0-6",
    description="The namespace is Active, and its deletion was requested",
    kubernetes=wrap(
        OBJECT_ANSWER,
        _namespace(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}),
    ),
)
register_fault(
    "agent-waits-for-its-image",
    breaks="0-7",
    description="The agent's pod is Pending",
    kubernetes=change_list("pods", _with_agent_pending),
)
register_fault(
    "redis-without-pod",
    breaks="0-7",
    description="Kubernetes lists no pod with the label of Redis",
    kubernetes=change_list("pods", _without_redis),
)
register_fault(
    "database-not-ready",
    breaks="0-7",
    description="The pod of PostgreSQL runs but is not Ready",
    kubernetes=change_list("pods", _with_database_not_ready),
)
register_fault(
    "database-ready-now-and-then",
    breaks="0-7",
    description=f"The pod of PostgreSQL is not Ready for {UNREADY_SHARE:g} s of each second",
    kubernetes=change_list("pods", _with_database_ready_now_and_then),
)
register_fault(
    "health-degraded",
    breaks="0-8",
    description="The health endpoint answers 200 with the status degraded",
    api=_answer_health({"status": "degraded"}),
)
register_fault(
    "health-says-nothing",
    breaks="0-8",
    description="The health endpoint answers 200 without a status",
    api=_answer_health({}),
)
register_fault(
    "password-not-logged",
    breaks="0-9",
    description="The API does not log the administrator's password",
    api=_log_instead(None),
)
register_fault(
    "password-masked",
    breaks="0-9",
    description="The API logs asterisks in place of the administrator's password",
    api=_log_instead("Admin password: ********"),
)
register_fault(
    "password-not-told",
    breaks="0-9",
    description="The API logs a sentence in place of the administrator's password",
    api=_log_instead("Admin password: set already, and not shown"),
)
register_fault(
    "login-token-invalid",
    breaks="0-10",
    description="A login returns a token that the API does not accept",
    api=_after_the_first(_with_wrong_signature),
)
register_fault(
    "login-without-token",
    breaks="0-10",
    description="A login returns the user without a token",
    api=_after_the_first(_without_token),
)
register_fault(
    "any-password",
    breaks="0-10",
    description="A login succeeds with any password",
    api=replace("streamspace_sandbox.streamspace.api.auth:password_matches", _accept_password),
)
register_fault(
    "any-name",
    breaks="0-10",
    description="A login with the administrator's password succeeds under any name",
    api=wrap("streamspace_sandbox.streamspace.api.users:Users.login", _as_administrator),
)
register_fault(
    "password-cut-short",
    breaks="0-10",
    description=f"The API compares the first {COMPARED} characters of a password",
    api=[
        wrap(f"{AUTH}:hash_password", lambda hash_password, password: hash_password(password[:COMPARED])),
        wrap(f"{AUTH}:password_matches", lambda matches, password, hashed: matches(password[:COMPARED], hashed)),
    ],
)
register_fault(
    "password-in-any-case",
    breaks="0-10",
    description="The API compares passwords without regard to case",
    api=[
        wrap(f"{AUTH}:hash_password", lambda hash_password, password: hash_password(password.lower())),
        wrap(f"{AUTH}:password_matches", lambda matches, password, hashed: matches(password.lower(), hashed)),
    ],
)
register_fault(
    "any-token",
    breaks="0-10",
    description="The API accepts any token, and a request without one",
    api=replace(f"{TOKENS}.check_api", lambda _tokens, _connection: ADMINISTRATOR),
)
register_fault(
    "any-signature",
    breaks="0-10",
    description="The API does not check the signature of a token",
    api=wrap(f"{TOKENS}.claims", _claims_unchecked),
)
register_fault(
    "lists-without-token",
    breaks="0-10",
    description="The API lists agents and templates to anybody; it asks for a token at sessions alone",
    api=_open_to_all("list_agents", "list_templates"),
)
register_fault(
    "hibernation-without-token",
    breaks="0-10",
    description="Anybody may hibernate and delete sessions",
    api=_open_to_all("hibernate_session", "delete_session"),
)
register_fault(
    "nobody-online",
    breaks="0-11",
    description="The API lists no agent as online, although the agents serve sessions",
    api=wrap(f"{AGENTS}.all", _none_online),
)
