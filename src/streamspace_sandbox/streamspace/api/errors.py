"""Errors as responses: `{"error": code, "message": sentence}` with a 4xx or 5xx."""

import logging
from http import HTTPStatus

import asyncpg
import orjson
import redis.exceptions
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

log = logging.getLogger("streamspace.api")

STORE_UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    OSError,
    TimeoutError,
)


class ApiError(Exception):
    """A refused request: an HTTP status, a code for programs and a sentence for people."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def bad_request(code: str, message: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, code, message)


def not_found(code: str, message: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, code, message)


def conflict(code: str, message: str) -> ApiError:
    return ApiError(HTTPStatus.CONFLICT, code, message)


def unauthorized(message: str) -> ApiError:
    return ApiError(HTTPStatus.UNAUTHORIZED, "unauthorized", message)


def forbidden(message: str) -> ApiError:
    return ApiError(HTTPStatus.FORBIDDEN, "forbidden", message)


def json_response(value: object, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


def error_response(error: ApiError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
    return json_response({"error": error.code, "message": error.message}, error.status, headers)


async def on_api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_response(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """The router's own refusals: unknown paths and wrong verbs."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.NOT_FOUND:
        return error_response(not_found("not_found", f"There is nothing at {request.url.path}."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        sentence = f"{request.url.path} does not answer to {request.method}; it answers to {allowed}."
        response = error_response(ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", sentence))
        response.headers["Allow"] = allowed
        return response
    return error_response(ApiError(HTTPStatus(error.status_code), "bad_request", f"{error.detail}."))


async def on_store_unreachable(request: Request, error: Exception) -> Response:
    log.error("%s %s: a store is unreachable: %s", request.method, request.url.path, error or type(error).__name__)
    sentence = "StreamSpace cannot reach one of its stores; try again shortly."
    return error_response(ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", sentence))


async def on_unexpected(_request: Request, _error: Exception) -> Response:
    sentence = "StreamSpace failed to serve this request; its log says why."
    return error_response(ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", sentence))
