"""Answers in the form that the client accepts: JSON, or the server-side table that kubectl prints."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.machinery.errors import ApiError, not_acceptable


def json_answer(content: Any, code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), code, headers, "application/json")


def error_answer(error: ApiError) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if error.code == 401 else None
    return json_answer(error.status(), error.code, headers)


def accepted(request: Request) -> list[dict[str, str]]:
    """The media types of the Accept header, in order: `{"type": ..., parameter: value, ...}` each."""
    choices = []
    for clause in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = (part.strip() for part in clause.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        choices.append({"type": kind.lower()} | {key.strip(): value.strip() for key, _, value in pairs})
    return choices


def wants_table(request: Request) -> bool:
    """Whether the first form that the client accepts and this server speaks is a table.

    Raises `ApiError` 406 when there is none, for example for a client that takes protobuf only.
    """
    for choice in accepted(request):
        if choice["type"] not in ("application/json", "application/*", "*/*", "application/yaml"):
            continue
        if "as" not in choice:
            return False
        if choice["as"] == "Table" and choice.get("g") == "meta.k8s.io":
            return True
    raise not_acceptable("only the following media types are accepted: application/json")
