"""Writes: create, replace, patch and delete single objects."""

from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.get_list import object_answer
from streamspace_sandbox.kubernetes.apiserver.patches import patched
from streamspace_sandbox.kubernetes.apiserver.request import Target, dry_run, media_type, number, read_body
from streamspace_sandbox.kubernetes.apiserver.request_objects import object_from
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.store import Store, Subresource

_ANSWERED_WITH_OBJECT = frozenset(
    {"pods", "services", "serviceaccounts", "persistentvolumes", "persistentvolumeclaims"}
)
_PROPAGATIONS = ("Background", "Foreground")


def _validation(query: QueryParams) -> str:
    return query.get("fieldValidation") or "Warn"


def _part(target: Target) -> Subresource:
    """The part of the object that a write changes; None for its main part."""
    match target.subresource:
        case "status" | "ephemeralcontainers" as part:
            return part
    return None


def _with_warnings(answer: Response, warnings: list[str]) -> Response:
    for warning in warnings:
        escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
        answer.headers.append("Warning", f'299 - "{escaped}"')
    return answer


async def create(request: Request, target: Target, store: Store) -> Response:
    """POST to a collection."""
    body = await read_body(request)
    obj, warnings = object_from(body, target, store.custom, _validation(request.query_params))
    made = store.create(target.resource, obj, dry_run=dry_run(request.query_params))
    return _with_warnings(object_answer(request, target, store.custom, made, 201), warnings)


async def replace(request: Request, target: Target, store: Store) -> Response:
    """PUT of an object or of its status."""
    body = await read_body(request)
    obj, warnings = object_from(body, target, store.custom, _validation(request.query_params))
    made = store.update(target.resource, obj, subresource=_part(target), dry_run=dry_run(request.query_params))
    return _with_warnings(object_answer(request, target, store.custom, made), warnings)


async def patch(request: Request, target: Target, store: Store) -> Response:
    """PATCH of an object or of its status."""
    query = request.query_params
    current = store.get(target.resource, target.namespace, target.name or "")
    changed = patched(current, await read_body(request), target, media_type(request))
    obj, warnings = object_from(changed, target, store.custom, _validation(query))
    made = store.update(target.resource, obj, subresource=_part(target), dry_run=dry_run(query))
    return _with_warnings(object_answer(request, target, store.custom, made), warnings)


class _DeleteOptions:
    """The options of a deletion, from the query and the body (the body wins). Raises `ApiError` 400."""

    def __init__(self, query: QueryParams, body: Any) -> None:
        options = body if body is not None else {}
        if not isinstance(options, dict):
            raise bad_request("the body of a deletion is a DeleteOptions object")
        self.grace = options.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
        if self.grace is not None and not isinstance(self.grace, int):
            raise bad_request("gracePeriodSeconds must be a whole number")
        self.propagation = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
        if self.propagation not in _PROPAGATIONS:
            supported = ", ".join(f'"{policy}"' for policy in _PROPAGATIONS)
            given = f'propagationPolicy: Unsupported value: "{self.propagation}"'
            raise bad_request(f"{given}: supported values: {supported}")
        preconditions = options.get("preconditions") or {}
        self.uid = preconditions.get("uid")
        self.version = preconditions.get("resourceVersion")
        self.dry_run = dry_run(query) or bool(options.get("dryRun"))

    def delete(self, store: Store, target: Target, obj: Obj) -> Obj:
        return store.delete(
            target.resource,
            namespace_of(obj),
            name_of(obj),
            grace_seconds=self.grace,
            propagation=self.propagation,
            uid=self.uid,
            version=self.version,
            dry_run=self.dry_run,
        )


async def delete(request: Request, target: Target, store: Store) -> Response:
    """DELETE of one object. The answer is the object while something still has to happen to it, else a Status."""
    options = _DeleteOptions(request.query_params, await read_body(request))
    resource, name = target.resource, target.name or ""
    last = options.delete(store, target, store.get(resource, target.namespace, name))
    held = bool(last["metadata"].get("finalizers") or last["metadata"].get("deletionTimestamp"))
    if held or (not resource.custom and resource.plural in _ANSWERED_WITH_OBJECT):
        return object_answer(request, target, store.custom, last)
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": last["metadata"]["uid"]}
    if not resource.group:
        del details["group"]
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    return json_answer(status)
