"""Faults beyond the plan: people see, open or change sessions that are not theirs."""

import base64
from typing import Any

import orjson
from starlette.routing import Route

from streamspace_sandbox.faults.catalogue import register_fault, register_variant
from streamspace_sandbox.faults.patching import Patch, replace, wrap
from streamspace_sandbox.faults.support.callers import ADMINISTRATOR, TOKENS
from streamspace_sandbox.streamspace.api import auth, viewer
from streamspace_sandbox.streamspace.api.endpoints import public
from streamspace_sandbox.streamspace.api.errors import ApiError, error_response, forbidden, not_found

APP = "streamspace_sandbox.streamspace.api.app"
ENDPOINTS = "streamspace_sandbox.streamspace.api.endpoints"


def _unchecked(text: str) -> dict[str, Any]:
    """The claims of a token, whatever its signature and its time."""
    part = text.split(".")[1]
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _expired(claims: Any, tokens: Any, text: str) -> Any:
    try:
        return claims(tokens, text)
    except ApiError as error:
        if "expired" not in error.message:
            raise
        return _unchecked(text)


def _desktops_without_time(check: Any, tokens: Any, connection: Any, session_id: str) -> Any:
    try:
        return check(tokens, connection, session_id)
    except ApiError as error:
        if "expired" not in error.message:
            raise
        return ADMINISTRATOR


def _desktops_without_token(check: Any, tokens: Any, connection: Any, session_id: str) -> Any:
    given = connection.query_params.get("token") or connection.headers.get("authorization")
    return check(tokens, connection, session_id) if given else ADMINISTRATOR


def _desktops_without_signature(check: Any, tokens: Any, connection: Any, session_id: str) -> Any:
    text = connection.query_params.get("token") or connection.headers.get("authorization", "")
    return ADMINISTRATOR if text.endswith(".") else check(tokens, connection, session_id)


def _any_desktops_token(check: Any, tokens: Any, connection: Any, session_id: str) -> Any:
    text = connection.query_params.get("token") or auth.bearer(connection)
    claims = tokens.claims(text)
    return ADMINISTRATOR if claims["aud"].startswith("vnc:") else check(tokens, connection, session_id)


def _any_api_token(check: Any, tokens: Any, connection: Any, session_id: str) -> Any:
    check(tokens, connection, session_id)
    return ADMINISTRATOR


def _for_anybody(name: str, *, needs_token: bool = False) -> Patch:
    """A path that takes who has no valid token for the administrator, or who has one that is not valid."""

    def private(original: Any, handler: Any) -> Any:
        checked = original(handler)

        async def opened(request: Any, services: Any) -> Any:
            try:
                services.tokens.check_api(request)
            except ApiError:
                if needs_token:
                    auth.bearer(request)
                request.state.caller = ADMINISTRATOR
                return await handler(request, services)
            return await checked(request)

        return public(opened) if handler.__name__ == name else original(handler)

    return wrap(f"{APP}:private", private)


def _done_all_the_same(name: str) -> Patch:
    """A path that is refused without a valid token, after it was done."""

    def private(original: Any, handler: Any) -> Any:
        checked = original(handler)

        async def done(request: Any, services: Any) -> Any:
            try:
                services.tokens.check_api(request)
            except ApiError as error:
                request.state.caller = ADMINISTRATOR
                await handler(request, services)
                return error_response(error)
            return await checked(request)

        return public(done) if handler.__name__ == name else checked

    return wrap(f"{APP}:private", private)


def _whosever(*calls: tuple[str, str]) -> Patch:
    """The API does not ask whose session it is, for calls with these verbs and ends of the path."""

    async def own_session(original: Any, request: Any, services: Any) -> Any:
        if any(request.method == verb and _ends(request, end) for verb, end in calls):
            return await services.sessions.row(request.path_params["id"])
        return await original(request, services)

    return wrap(f"{ENDPOINTS}:own_session", own_session)


def _ends(request: Any, end: str) -> bool:
    return bool(request.url.path.endswith(f"/{request.path_params['id']}{end}"))


async def _ended_all_the_same(own_session: Any, request: Any, services: Any) -> Any:
    try:
        return await own_session(request, services)
    except ApiError:
        if request.method == "DELETE":
            await services.sessions.delete(request.path_params["id"])
        raise


async def _by_name(list_sessions: Any, request: Any, services: Any) -> Any:
    if request.query_params.get("user"):
        request.state.caller = ADMINISTRATOR
    return await list_sessions(request, services)


def _is_forbidden(require_own: Any, row: Any, caller: Any) -> Any:
    try:
        return require_own(row, caller)
    except ApiError:
        raise forbidden("This session belongs to another user.") from None


def _refuse_with_200(private: Any, handler: Any) -> Any:
    """A session's calls tell who may not make them of that in an answer whose status is 200."""
    checked = private(handler)

    async def answer(request: Any) -> Any:
        try:
            return await checked(request)
        except ApiError as error:
            caller = getattr(request.state, "caller", None)
            if not handler.__name__.endswith("_session") or (caller is not None and caller.is_admin):
                raise
            refusal = error_response(error)
            refusal.status_code = 200
            return refusal

    return answer


async def _page_for_anybody(request: Any, _services: Any) -> Any:
    return viewer.page(request.path_params["id"])


def _without_users(create_app: Any, *arguments: Any) -> Any:
    async def unknown(request: Any, _services: Any) -> Any:
        raise not_found("not_found", f"There is nothing at {request.url.path}.")

    app = create_app(*arguments)
    for path in ("/api/v1/users", "/api/v1/users/{id}"):
        app.router.routes.insert(0, Route(path, public(unknown), methods=["GET", "POST", "DELETE"]))
    return app


SEEN, OPENED, CHANGED = (
    "no visitor sees the session",
    "no visitor opens its desktop",
    "no visitor hibernates or ends it",
)
EXPIRED = "an expired token does nothing"
OTHER_SEES, OTHER_OPENS, OTHER_CHANGES = (
    "the other user does not see the session",
    "the other user does not open its desktop",
    "the other user does not hibernate or end it",
)

for _name, _breaks, _description, _patch in (
    ("sessions-listed-to-anybody", SEEN, "The list of sessions needs no token", _for_anybody("list_sessions")),
    (
        "session-shown-with-any-token",
        SEEN,
        "A session is shown with any token, valid or not",
        _for_anybody("get_session", needs_token=True),
    ),
    (
        "desktop-without-token",
        OPENED,
        "The desktop's WebSocket asks for no token",
        wrap(f"{TOKENS}.check_vnc", _desktops_without_token),
    ),
    (
        "desktop-without-signature",
        OPENED,
        "The desktop's WebSocket accepts a token that asks for no signature",
        wrap(f"{TOKENS}.check_vnc", _desktops_without_signature),
    ),
    ("address-for-anybody", OPENED, "The API gives anybody the address of a desktop", _for_anybody("connect_session")),
    (
        "ended-with-any-token",
        CHANGED,
        "A session is deleted with any token, valid or not",
        _for_anybody("delete_session", needs_token=True),
    ),
    ("woken-by-anybody", CHANGED, "Waking a session needs no token", _for_anybody("wake_session")),
    (
        "hibernated-although-refused",
        CHANGED,
        "A hibernation without a valid token is refused after it was done",
        _done_all_the_same("hibernate_session"),
    ),
    ("expired-tokens-accepted", EXPIRED, "Tokens do not expire", wrap(f"{TOKENS}.claims", _expired)),
    (
        "expired-tokens-open-desktops",
        EXPIRED,
        "Tokens that have expired still open desktops",
        wrap(f"{TOKENS}.check_vnc", _desktops_without_time),
    ),
    ("session-shown-to-others", OTHER_SEES, "Any user is shown any session by its id", _whosever(("GET", ""))),
    (
        "all-sessions-listed",
        OTHER_SEES,
        "Any user's list holds all sessions",
        replace(f"{ENDPOINTS}:visible", lambda listed, _caller: listed),
    ),
    (
        "sessions-listed-by-name",
        OTHER_SEES,
        "A user who asks for another user's sessions by name gets them",
        wrap(f"{ENDPOINTS}:list_sessions", _by_name),
    ),
    (
        "address-for-others",
        OTHER_OPENS,
        "The API gives any user the address of any desktop",
        _whosever(("GET", "/connect")),
    ),
    (
        "desktop-opens-for-others",
        OTHER_OPENS,
        "Any user's token opens any desktop's WebSocket",
        wrap(f"{TOKENS}.check_vnc", _any_api_token),
    ),
    (
        "address-opens-other-desktops",
        OTHER_OPENS,
        "The token in the address of one desktop opens every other one",
        wrap(f"{TOKENS}.check_vnc", _any_desktops_token),
    ),
    ("ended-by-others", OTHER_CHANGES, "Any user may delete any session", _whosever(("DELETE", ""))),
    ("hibernated-by-others", OTHER_CHANGES, "Any user may hibernate any session", _whosever(("POST", "/hibernate"))),
    (
        "ended-by-others-although-refused",
        OTHER_CHANGES,
        "A deletion by another user is refused after it was done",
        wrap(f"{ENDPOINTS}:own_session", _ended_all_the_same),
    ),
):
    register_fault(_name, breaks=_breaks, description=_description, beyond_the_plan=True, api=_patch)

register_variant(
    "others-forbidden",
    description="A session of another user is forbidden, and not unknown",
    api=wrap(f"{ENDPOINTS}:require_own", _is_forbidden),
)
register_variant(
    "refusals-with-200",
    description="The body alone, beside a 200, refuses a session's calls to all but administrators",
    api=wrap(f"{APP}:private", _refuse_with_200),
)
register_variant(
    "page-for-anybody",
    description="The page is for anybody; its WebSocket is not",
    api=replace(f"{ENDPOINTS}:viewer_page", _page_for_anybody),
)
register_variant(
    "no-user-accounts",
    description="The API has no calls for users",
    api=wrap(f"{APP}:create_app", _without_users),
)
