"""The ASGI application: the handler of each path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from streamspace_sandbox.streamspace.api import endpoints, errors, services, viewer
from streamspace_sandbox.streamspace.api.endpoints import Handler, administrative, private, public
from streamspace_sandbox.streamspace.api.errors import STORE_UNREACHABLE, ApiError
from streamspace_sandbox.streamspace.api.settings import ApiSettings

SESSIONS = "/api/v1/sessions"
TEMPLATES = "/api/v1/templates"


def create_app(settings: ApiSettings) -> Starlette:
    app = Starlette(
        routes=[
            *_open_routes(settings),
            *_private_routes(),
            WebSocketRoute("/{path:path}", endpoints.unknown_socket),
        ],
        lifespan=_lifespan(settings),
        exception_handlers={
            ApiError: errors.on_api_error,
            HTTPException: errors.on_http_exception,
            **dict.fromkeys(STORE_UNREACHABLE, errors.on_store_unreachable),
            Exception: errors.on_unexpected,
        },
    )
    # A path that differs from a known one by a trailing slash is unknown too.
    app.router.redirect_slashes = False
    return app


def _lifespan(settings: ApiSettings) -> Any:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with services.running(settings) as running:
            app.state.services = running
            yield

    return lifespan


def _open_routes(settings: ApiSettings) -> list[BaseRoute]:
    novnc = settings.novnc
    return [
        Route("/health", public(endpoints.health)),
        Route("/api/v1/auth/login", public(endpoints.login), methods=["POST"]),
        Route("/vnc/{id}", public(endpoints.viewer_page)),
        WebSocketRoute("/api/v1/vnc/{id}", endpoints.vnc_socket),
        WebSocketRoute("/api/v1/agents/connect", endpoints.agent_socket),
        Mount("/viewer", StaticFiles(directory=viewer.FOLDER / "assets")),
        Mount("/novnc/core", StaticFiles(directory=novnc / "core")),
        Mount("/novnc/vendor", StaticFiles(directory=novnc / "vendor")),
    ]


def _private_routes() -> list[BaseRoute]:
    return [
        _resource("/api/v1/version", GET=endpoints.version),
        _resource(SESSIONS, GET=endpoints.list_sessions, POST=endpoints.create_session),
        _resource(f"{SESSIONS}/{{id}}", GET=endpoints.get_session, DELETE=endpoints.delete_session),
        _resource(f"{SESSIONS}/{{id}}/hibernate", POST=endpoints.hibernate_session),
        _resource(f"{SESSIONS}/{{id}}/wake", POST=endpoints.wake_session),
        _resource(f"{SESSIONS}/{{id}}/connect", GET=endpoints.connect_session),
        _resource(TEMPLATES, GET=endpoints.list_templates, POST=administrative(endpoints.create_template)),
        _resource(
            f"{TEMPLATES}/{{id}}",
            GET=endpoints.get_template,
            PUT=administrative(endpoints.change_template),
            DELETE=administrative(endpoints.delete_template),
        ),
        _resource(f"{TEMPLATES}/{{id}}/versions", GET=endpoints.template_versions),
        _resource("/api/v1/agents", GET=administrative(endpoints.list_agents)),
        _resource("/api/v1/agents/{id}", GET=administrative(endpoints.get_agent)),
        _resource("/api/v1/users", POST=administrative(endpoints.create_user)),
        _resource("/api/v1/users/{id}", DELETE=administrative(endpoints.delete_user)),
    ]


def _resource(path: str, **handlers: Handler) -> Route:
    """One path with a handler for each verb, so that a 405 lists the right ones."""
    endpoints_by_verb = {verb: private(handler) for verb, handler in handlers.items()}

    async def endpoint(request: Any) -> Any:
        verb = "GET" if request.method == "HEAD" else request.method
        return await endpoints_by_verb[verb](request)

    return Route(path, endpoint, methods=list(handlers))
