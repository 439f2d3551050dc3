"""Requests: their path and query parsed, and their body read."""

from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request

from streamspace_sandbox.kubernetes.machinery.errors import (
    ApiError,
    bad_request,
    path_not_found,
    unsupported_media_type,
)
from streamspace_sandbox.kubernetes.machinery.resources import Registry, Resource

MAX_BODY_BYTES = 3 * 1024 * 1024
_JSON = ("application/json", "application/merge-patch+json", "application/strategic-merge-patch+json")


@dataclass(frozen=True)
class Target:
    """The object, collection or subresource that a path names. `name` is None for a collection."""

    resource: Resource
    namespace: str | None
    name: str | None
    subresource: str | None
    rest: str = ""
    """The path after the subresource."""


def parse_path(registry: Registry, path: str) -> Target:
    """`/api/v1/...` or `/apis/GROUP/VERSION/...`. Raises `ApiError` 404 for a path that names nothing served."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, version, parts = "", *parts[1:2], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 2:
        group, version, parts = parts[1], parts[2], parts[3:]
    else:
        raise path_not_found()
    namespace = None
    if parts[:1] == ["namespaces"] and len(parts) > 2 and parts[2] not in ("status", "finalize"):
        namespace, parts = parts[1], parts[2:]
    resource = registry.at(group, version, parts[0]) if parts else None
    if resource is None or (namespace is not None and not resource.namespaced):
        raise path_not_found()
    name, subresource = (*parts[1:3], None, None)[:2]
    if name is not None and resource.namespaced and namespace is None:
        raise path_not_found()
    return Target(resource, namespace, name, subresource, "/".join(parts[3:]))


def flag(query: QueryParams, name: str) -> bool:
    """A boolean of the query. Raises `ApiError` 400."""
    text = query.get(name, "").lower()
    if text not in ("", "0", "1", "f", "t", "false", "true"):
        raise bad_request(f"query parameter {name} must be true or false, not {text!r}")
    return text in ("1", "t", "true")


def number(query: QueryParams, name: str) -> int | None:
    """A whole number of the query, None when absent. Raises `ApiError` 400."""
    text = query.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"query parameter {name} must be a whole number, not {text!r}") from None


def resource_version(query: QueryParams) -> int | None:
    """The version to continue from; None when the client gives none. Raises `ApiError` 400."""
    text = query.get("resourceVersion", "")
    if text and not text.isdecimal():
        raise bad_request(f'Invalid value: "{text}": resourceVersion must be a whole number')
    return int(text) if text else None


def dry_run(query: QueryParams) -> bool:
    values = query.getlist("dryRun")
    if any(value != "All" for value in values):
        raise bad_request(f'Invalid value: "{",".join(values)}": dryRun: supported values: "All"')
    return bool(values)


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


async def read_body(request: Request) -> Any:
    """The JSON in the body; None when it is empty. Raises `ApiError` 413 (too large), 415 (not JSON), 400."""
    declared = request.headers.get("content-length", "0")
    body = b"" if declared.isdecimal() and int(declared) > MAX_BODY_BYTES else await request.body()
    if int(declared) > MAX_BODY_BYTES or len(body) > MAX_BODY_BYTES:
        raise ApiError(413, "RequestEntityTooLarge", f"the body may hold at most {MAX_BODY_BYTES} bytes")
    if not body:
        return None
    kind = media_type(request)
    if kind not in _JSON:
        raise unsupported_media_type(
            f"the body of the request was in an unknown format ({kind}) - accepted media types include: "
            + ", ".join(_JSON)
        )
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body is not valid JSON: {error}") from error
