"""Writes: create, replace, patch and delete, of single objects and of collections."""

from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.get_list import in_version, object_answer
from streamspace_sandbox.kubernetes.apiserver.patches import Applied, patched
from streamspace_sandbox.kubernetes.apiserver.request import Target, dry_run, flag, media_type, number, read_body
from streamspace_sandbox.kubernetes.apiserver.request_objects import object_from
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request, method_not_allowed
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.store import Store, Subresource

APPLY = "application/apply-patch+yaml"
_ANSWERED_WITH_OBJECT = frozenset(
    {"pods", "services", "serviceaccounts", "persistentvolumes", "persistentvolumeclaims"}
)
_PROPAGATIONS = ("Background", "Foreground", "Orphan")


def _validation(query: QueryParams) -> str:
    return query.get("fieldValidation") or "Warn"


def _part(target: Target) -> Subresource:
    """The part of the object that a write is about; None for its main part."""
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


async def patch(request: Request, target: Target, store: Store, applied: Applied) -> Response:
    """PATCH of an object or of its status, in any of the four forms."""
    query, kind = request.query_params, media_type(request)
    body = await read_body(request)
    if body is None:
        raise bad_request("the patch is empty")
    name = target.name or ""
    try:
        current = store.get(target.resource, target.namespace, name)
    except ApiError:
        if kind != APPLY or target.subresource:
            raise
        return _create_applied(request, target, store, applied, body)
    changed = patched(in_version(target.resource, current), body, target, applied, kind=kind, query=query)
    obj, warnings = object_from(changed, target, store.custom, _validation(query))
    made = store.update(target.resource, obj, subresource=_part(target), dry_run=dry_run(query))
    if kind == APPLY:
        applied.remember(made, query.get("fieldManager", ""), body)
    return _with_warnings(object_answer(request, target, store.custom, made), warnings)


def _create_applied(request: Request, target: Target, store: Store, applied: Applied, body: Any) -> Response:
    """Server-side apply of an object that is not there yet."""
    query = request.query_params
    applied.check(query, body)
    obj, warnings = object_from(body, target, store.custom, _validation(query))
    made = store.create(target.resource, obj, dry_run=dry_run(query))
    applied.remember(made, query["fieldManager"], body)
    return _with_warnings(object_answer(request, target, store.custom, made, 201), warnings)


class _DeleteOptions:
    """How to delete, from the query and the body (the body wins). Raises `ApiError` 400."""

    def __init__(self, query: QueryParams, body: Any) -> None:
        options = body if body is not None else {}
        if not isinstance(options, dict):
            raise bad_request("the body of a deletion is a DeleteOptions object")
        self.grace = options.get("gracePeriodSeconds", number(query, "gracePeriodSeconds"))
        if self.grace is not None and not isinstance(self.grace, int):
            raise bad_request("gracePeriodSeconds must be a whole number")
        self.propagation = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
        if options.get("orphanDependents") or flag(query, "orphanDependents"):
            self.propagation = "Orphan"
        if self.propagation not in _PROPAGATIONS:
            supported = ", ".join(f'"{word}"' for word in _PROPAGATIONS)
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
    """DELETE of one object. Answers with the object while something still has to happen to it."""
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


async def delete_collection(request: Request, target: Target, store: Store) -> Response:
    """DELETE of everything in a collection that the selectors choose."""
    query = request.query_params
    options = _DeleteOptions(query, await read_body(request))
    if target.resource.namespaced and target.namespace is None:
        raise method_not_allowed("DELETE of a collection across all namespaces")
    found, version = store.list(
        target.resource, target.namespace, query.get("labelSelector"), query.get("fieldSelector")
    )
    last = [in_version(target.resource, clone(options.delete(store, target, obj))) for obj in found]
    return json_answer(
        {
            "kind": f"{target.resource.kind}List",
            "apiVersion": target.resource.api_version,
            "metadata": {"resourceVersion": str(version)},
            "items": last,
        }
    )
