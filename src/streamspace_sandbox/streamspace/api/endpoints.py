"""The handlers of the API. Each gets the request and the services; `private` ones need a user's token."""

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeAlias

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from streamspace_sandbox.streamspace.api import auth, representations, request_body, schemas, sessions, viewer, vnc
from streamspace_sandbox.streamspace.api.auth import Caller
from streamspace_sandbox.streamspace.api.database import Row
from streamspace_sandbox.streamspace.api.errors import (
    STORE_UNREACHABLE,
    ApiError,
    bad_request,
    conflict,
    error_response,
    forbidden,
    json_response,
    not_found,
)
from streamspace_sandbox.streamspace.api.services import Services
from streamspace_sandbox.streamspace.api.sessions import STATUSES

Handler: TypeAlias = Callable[[Request, Services], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Session: TypeAlias = dict[str, Any]

HEALTH_DEADLINE = 2.0
REQUEST_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def services_of(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def require_text(connection: HTTPConnection) -> None:
    """Refuse NUL characters, which no store accepts. Raises ApiError 404 for the path, 400 for a parameter."""
    if any("\0" in str(part) for part in connection.path_params.values()):
        raise not_found("not_found", "No name contains a NUL character.")
    for name, value in connection.query_params.items():
        if "\0" in value:
            raise bad_request("invalid_parameter", f"The parameter {name!r} must not contain control characters.")


def public(handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        require_text(request)
        return await handler(request, services_of(request))

    return endpoint


def private(handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        services = services_of(request)
        caller = services.tokens.check_api(request)
        if not caller.is_admin:
            await services.users.require(caller.user)
        request.state.caller = caller
        require_text(request)
        return await handler(request, services)

    return endpoint


def administrative(handler: Handler) -> Handler:
    """For administrators alone. Raises ApiError 403."""

    @functools.wraps(handler)
    async def checked(request: Request, services: Services) -> Response:
        if not caller_of(request).is_admin:
            raise forbidden(f"{request.method} {request.url.path} needs an administrator.")
        return await handler(request, services)

    return checked


def caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def own_session(request: Request, services: Services) -> Row:
    """The session of the path. Raises ApiError 404 for an unknown one, and for one of another user."""
    row = await services.sessions.row(request.path_params["id"])
    return require_own(row, caller_of(request))


def require_own(row: Row, caller: Caller) -> Row:
    if not caller.may_use(row["username"]):
        raise sessions.unknown(row["id"])
    return row


def visible(listed: list[Session], caller: Caller) -> list[Session]:
    """The sessions of a list that the caller may know of."""
    return [session for session in listed if caller.may_use(session["user"])]


async def create_user(request: Request, services: Services) -> Response:
    user = await services.users.create(await request_body.read(request, schemas.NewUser))
    return json_response(user, HTTPStatus.CREATED, {"Location": f"/api/v1/users/{user['id']}"})


async def delete_user(request: Request, services: Services) -> Response:
    await services.users.delete(request.path_params["id"])
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def health(_request: Request, services: Services) -> Response:
    try:
        async with asyncio.timeout(HEALTH_DEADLINE):
            await services.pool.fetchval("select 1")
            await services.redis.ping()
    except STORE_UNREACHABLE as error:
        reason = str(error) or "no answer in time"
        return json_response({"status": "unavailable", "message": reason}, HTTPStatus.SERVICE_UNAVAILABLE)
    return json_response({"status": "ok"})


async def version(_request: Request, services: Services) -> Response:
    return json_response({"version": services.settings.version})


async def login(request: Request, services: Services) -> Response:
    return json_response(await services.users.login(await request_body.read(request, schemas.Login)))


async def list_sessions(request: Request, services: Services) -> Response:
    status = request.query_params.get("status")
    if status is not None:
        known = {name.lower(): name for name in STATUSES}
        if status.lower() not in known:
            raise bad_request("invalid_parameter", f"The parameter 'status' must be one of {', '.join(STATUSES)}.")
        status = known[status.lower()]
    listed = visible(await services.sessions.all(request.query_params.get("user"), status), caller_of(request))
    return json_response({"sessions": listed, "total": len(listed)})


async def create_session(request: Request, services: Services) -> Response:
    new = await request_body.read(request, schemas.NewSession)
    if not caller_of(request).may_use(new.user):
        raise forbidden("A user can request sessions for themselves only.")
    session = await services.sessions.create(new, _request_id(request))
    return json_response(session, HTTPStatus.CREATED, {"Location": f"/api/v1/sessions/{session['sessionId']}"})


def _request_id(request: Request) -> str | None:
    """The client's id of this request, if it is valid."""
    name = request.headers.get("x-request-id", "")
    return name if REQUEST_NAME.fullmatch(name) else None


async def get_session(request: Request, services: Services) -> Response:
    row = await own_session(request, services)
    return json_response(await services.sessions.get(row["id"]))


async def delete_session(request: Request, services: Services) -> Response:
    row = await own_session(request, services)
    return json_response(await services.sessions.delete(row["id"]), HTTPStatus.ACCEPTED)


async def hibernate_session(request: Request, services: Services) -> Response:
    row = await own_session(request, services)
    return json_response(await services.sessions.hibernate(row["id"]), HTTPStatus.ACCEPTED)


async def wake_session(request: Request, services: Services) -> Response:
    row = await own_session(request, services)
    return json_response(await services.sessions.wake(row["id"]), HTTPStatus.ACCEPTED)


async def connect_session(request: Request, services: Services) -> Response:
    row = await own_session(request, services)
    session_id = row["id"]
    _require_running(session_id, row["status"])
    token = services.tokens.issue(f"vnc:{session_id}", row["username"], "viewer", auth.VNC_TOKEN_SECONDS)
    url = f"{viewer.base_url(request)}/vnc/{session_id}?token={token.text}"
    return json_response(
        {"sessionId": session_id, "url": url, "expiresAt": representations.timestamp(token.expires_at)}
    )


async def list_templates(_request: Request, services: Services) -> Response:
    templates = await services.templates.all()
    return json_response({"templates": templates, "total": len(templates)})


async def create_template(request: Request, services: Services) -> Response:
    template = await services.templates.create(await request_body.read(request, schemas.NewTemplate))
    await services.bus.publish("templates")
    return json_response(template, HTTPStatus.CREATED, {"Location": f"/api/v1/templates/{template['id']}"})


async def get_template(request: Request, services: Services) -> Response:
    return json_response(await services.templates.get(request.path_params["id"]))


async def change_template(request: Request, services: Services) -> Response:
    change = await request_body.read(request, schemas.TemplateChange)
    template = await services.templates.change(request.path_params["id"], change)
    await services.bus.publish("templates")
    return json_response(template)


async def delete_template(request: Request, services: Services) -> Response:
    await services.templates.delete(request.path_params["id"])
    await services.bus.publish("templates")
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def template_versions(request: Request, services: Services) -> Response:
    return json_response({"versions": await services.templates.versions(request.path_params["id"])})


async def list_agents(_request: Request, services: Services) -> Response:
    agents = await services.agents.all()
    return json_response({"agents": agents, "total": len(agents)})


async def get_agent(request: Request, services: Services) -> Response:
    return json_response(await services.agents.get(request.path_params["id"]))


async def viewer_page(request: Request, services: Services) -> Response:
    session_id = request.path_params["id"]
    caller = services.tokens.check_vnc(request, session_id)
    require_own(await services.sessions.row(session_id), caller)
    return viewer.page(session_id)


async def vnc_socket(websocket: WebSocket) -> None:
    services = services_of(websocket)
    session_id = websocket.path_params["id"]
    try:
        caller = services.tokens.check_vnc(websocket, session_id)
        require_text(websocket)
        row = require_own(await services.sessions.row(session_id), caller)
        _require_running(session_id, row["status"])
    except ApiError as error:
        await websocket.send_denial_response(error_response(error))
        return
    await vnc.bridge(websocket, row["pod_ip"], row["vnc_port"])


async def agent_socket(websocket: WebSocket) -> None:
    try:
        await services_of(websocket).gate.serve(websocket)
    except ApiError as error:
        await websocket.send_denial_response(error_response(error))


async def unknown_socket(websocket: WebSocket) -> None:
    error = not_found("not_found", f"There is no WebSocket at {websocket.url.path}.")
    await websocket.send_denial_response(error_response(error))


def _require_running(session_id: str, status: str) -> None:
    if status != "Running":
        raise conflict("session_not_running", f"Session '{session_id}' is {status}; it must be Running to be opened.")
