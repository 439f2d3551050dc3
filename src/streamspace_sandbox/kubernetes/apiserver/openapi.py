"""/openapi/v3: the fields of every kind, and that writes take `fieldValidation`: kubectl then relies on the server."""

import hashlib

from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.discovery import VERSION
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import path_not_found
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.registry import builtin_types
from streamspace_sandbox.kubernetes.registry.store import Store

_WRITE_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def _group_path(resource: Resource) -> str:
    return f"apis/{resource.group}/{resource.version}" if resource.group else f"api/{resource.version}"


def _served(store: Store) -> dict[str, list[Resource]]:
    """Path of a group's version -> its kinds; what is computed at each request has no schema."""
    served: dict[str, list[Resource]] = {}
    for resource in store.resources:
        if "create" in resource.verbs:
            served.setdefault(_group_path(resource), []).append(resource)
    return served


def _definition_name(resource: Resource) -> str:
    group = resource.group.partition(".")[0] or "core"
    if resource.custom:
        group = ".".join(reversed(resource.group.split(".")))
        return f"{group}.{resource.version}.{resource.kind}"
    return f"io.k8s.api.{group}.{resource.version}.{resource.kind}"


def _kind(resource: Resource) -> Obj:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _operations(resource: Resource) -> Obj:
    """Paths of one kind. The strategic form is left out on purpose: kubectl then uses its own types for it."""
    place = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"/{_group_path(resource)}{place}/{resource.plural}"
    reference = {"$ref": f"#/components/schemas/{_definition_name(resource)}"}
    body = {"content": {"application/json": {"schema": reference}}}
    answers = {"responses": {"200": {"description": "OK", "content": body["content"]}}}
    of_kind = {"parameters": _WRITE_PARAMETERS, "x-kubernetes-group-version-kind": _kind(resource), **answers}
    patch_body = {"content": {"application/merge-patch+json": {"schema": {"type": "object"}}}}
    return {
        collection: {"post": {**of_kind, "x-kubernetes-action": "post", "requestBody": body}},
        f"{collection}/{{name}}": {
            "put": {**of_kind, "x-kubernetes-action": "put", "requestBody": body},
            "patch": {**of_kind, "x-kubernetes-action": "patch", "requestBody": patch_body},
        },
    }


def _schema(resource: Resource, store: Store) -> Obj:
    schema = store.custom.schema(resource) if resource.custom else builtin_types.schema_of(resource)
    return {**schema, "x-kubernetes-group-version-kind": [_kind(resource)]}


def openapi_answer(store: Store, path: str) -> Response:
    """The index, or the document of one group's version. Raises `ApiError` 404."""
    served = _served(store)
    wanted = path.removeprefix("/openapi/v3").strip("/")
    if not path.startswith("/openapi/v3") or (wanted and wanted not in served):
        raise path_not_found()
    if not wanted:
        index = {group: {"serverRelativeURL": f"/openapi/v3/{group}?hash={_hash(served[group])}"} for group in served}
        return json_answer({"paths": index})
    resources = served[wanted]
    return json_answer(
        {
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
            "paths": {name: item for resource in resources for name, item in _operations(resource).items()},
            "components": {"schemas": {_definition_name(resource): _schema(resource, store) for resource in resources}},
        }
    )


def _hash(resources: list[Resource]) -> str:
    return hashlib.sha256(repr(resources).encode()).hexdigest()[:32].upper()
