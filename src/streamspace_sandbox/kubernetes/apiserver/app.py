"""The API server: it authenticates every request, parses its path and calls the handler."""

import hmac

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from streamspace_sandbox.kubernetes.apiserver import mutations
from streamspace_sandbox.kubernetes.apiserver.discovery import VERSION, discovery_answer, subresources
from streamspace_sandbox.kubernetes.apiserver.exec import refuse_plain_exec, serve_exec
from streamspace_sandbox.kubernetes.apiserver.get_list import list_answer, object_answer
from streamspace_sandbox.kubernetes.apiserver.metrics import serve_metrics
from streamspace_sandbox.kubernetes.apiserver.node_proxy import serve_node_proxy
from streamspace_sandbox.kubernetes.apiserver.openapi import openapi_answer
from streamspace_sandbox.kubernetes.apiserver.pods import log_answer
from streamspace_sandbox.kubernetes.apiserver.port_forward import refuse_plain_port_forward, serve_port_forward
from streamspace_sandbox.kubernetes.apiserver.request import Target, flag, parse_path
from streamspace_sandbox.kubernetes.apiserver.responses import error_answer, json_answer
from streamspace_sandbox.kubernetes.apiserver.reviews import is_review, review_answer
from streamspace_sandbox.kubernetes.apiserver.scale import serve_scale
from streamspace_sandbox.kubernetes.apiserver.watch import watch_answer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, method_not_allowed, path_not_found, unauthorized
from streamspace_sandbox.kubernetes.machinery.resources import METRICS
from streamspace_sandbox.kubernetes.machinery.runtime import Runtime
from streamspace_sandbox.kubernetes.registry.managed_fields import MANAGER, manager_of
from streamspace_sandbox.kubernetes.registry.store import Store

WRITABLE = ("status", "ephemeralcontainers")
"""Subresources that show the whole object; a write to one changes only a part of it."""
_HEALTH = ("/healthz", "/livez", "/readyz")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(store: Store, runtime: Runtime, token: str) -> Starlette:
    """The API server on `store`, for clients that send `token` as bearer token."""
    server = _Server(store, runtime, token)
    return Starlette(
        routes=[
            Route("/{path:path}", server.http, methods=_METHODS),
            WebSocketRoute("/{path:path}", server.websocket),
        ],
        exception_handlers={Exception: _unexpected},
    )


async def _unexpected(_: Request, error: Exception) -> Response:
    return error_answer(ApiError(500, "InternalError", f"Internal error occurred: {type(error).__name__}: {error}"))


class _Server:
    def __init__(self, store: Store, runtime: Runtime, token: str) -> None:
        self._store = store
        self._runtime = runtime
        self._token = token

    async def http(self, request: Request) -> Response:
        try:
            return await self._answer(request, request.url.path)
        except ApiError as error:
            return error_answer(error)

    async def websocket(self, websocket: WebSocket) -> None:
        try:
            self._authenticate(websocket.headers)
            target = parse_path(self._store.resources, websocket.url.path)
            if target.subresource not in {"exec", "portforward"} & set(subresources(target.resource)):
                raise path_not_found()
        except ApiError as error:
            await websocket.send_denial_response(error_answer(error))
            return
        if target.subresource == "portforward":
            await serve_port_forward(websocket, target, self._store)
        else:
            await serve_exec(websocket, target, self._store, self._runtime)

    def _authenticate(self, headers: Headers) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token.encode()):
            raise unauthorized()

    async def _answer(self, request: Request, path: str) -> Response:
        if path in _HEALTH:
            return PlainTextResponse("ok")
        self._authenticate(request.headers)
        manager = manager_of(request.query_params.get("fieldManager"), request.headers.get("user-agent", ""))
        MANAGER.set(manager)
        if is_review(path):
            return await review_answer(request, path)
        answer = self._discovery(path)
        return answer if answer is not None else await self._resource(request, parse_path(self._store.resources, path))

    def _discovery(self, path: str) -> Response | None:
        """The server's description of itself; None for a path that leads to objects."""
        if path.rstrip("/") == "/version":
            return json_answer(VERSION)
        if path.startswith("/openapi"):
            return openapi_answer(self._store.resources, path)
        parts = [part for part in path.split("/") if part]
        if (parts[:1] == ["apis"] and len(parts) <= 3) or (parts[:1] == ["api"] and len(parts) <= 2):
            return discovery_answer(self._store.resources, parts)
        return None

    async def _resource(self, request: Request, target: Target) -> Response:
        if target.resource in METRICS:
            return await serve_metrics(request, target, self._store, self._runtime)
        if target.subresource not in (None, *WRITABLE):
            return await self._subresource(request, target)
        if target.name is None:
            return await self._collection(request, target)
        return await self._object(request, target)

    async def _collection(self, request: Request, target: Target) -> Response:
        match request.method:
            case "GET" if flag(request.query_params, "watch"):
                return watch_answer(request, target, self._store)
            case "GET":
                return list_answer(request, target, self._store)
            case "POST" if target.namespace or not target.resource.namespaced:
                return await mutations.create(request, target, self._store)
        raise method_not_allowed(request.method)

    async def _object(self, request: Request, target: Target) -> Response:
        if target.subresource and target.subresource not in subresources(target.resource):
            raise path_not_found()
        match request.method:
            case "GET" if flag(request.query_params, "watch"):
                return watch_answer(request, target, self._store)
            case "GET":
                obj = self._store.get(target.resource, target.namespace, target.name or "")
                return object_answer(request, target, self._store.custom, obj)
            case "PUT":
                return await mutations.replace(request, target, self._store)
            case "PATCH":
                return await mutations.patch(request, target, self._store)
            case "DELETE" if target.subresource is None:
                return await mutations.delete(request, target, self._store)
        raise method_not_allowed(request.method)

    async def _subresource(self, request: Request, target: Target) -> Response:
        if target.subresource not in subresources(target.resource):
            raise path_not_found()
        if target.subresource == "proxy":
            return await serve_node_proxy(request, target, self._store, self._runtime)
        if target.rest:
            raise path_not_found()
        match request.method, target.subresource:
            case (("GET" | "PUT" | "PATCH"), "scale"):
                return await serve_scale(request, target, self._store)
            case "GET", "log":
                return await log_answer(request, target, self._store, self._runtime)
            case (("GET" | "POST"), ("exec" | "portforward")):
                refuse = refuse_plain_exec if target.subresource == "exec" else refuse_plain_port_forward
                return refuse(request, target, self._store)
            case "PUT", "finalize":
                return await mutations.replace(request, target, self._store)
        raise method_not_allowed(request.method)
