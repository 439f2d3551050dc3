"""/openapi/v3: only what `kubectl apply` looks up, which is that patches take `fieldValidation`.

kubectl then leaves the validation to the server. The paths have no schemas and no strategic patch, so kubectl merges
built-in kinds by its own types.
"""

import hashlib

from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.discovery import VERSION
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import path_not_found
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Registry, Resource

_PARAMETERS = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]


def openapi_answer(registry: Registry, path: str) -> Response:
    """The index, or the document of one group's version. Raises `ApiError` 404."""
    served: dict[str, list[Resource]] = {}
    for resource in registry:
        if "patch" in resource.verbs:
            served.setdefault(_group_path(resource), []).append(resource)
    wanted = path.removeprefix("/openapi/v3").strip("/")
    if not path.startswith("/openapi/v3") or (wanted and wanted not in served):
        raise path_not_found()
    if not wanted:
        index = {group: {"serverRelativeURL": f"/openapi/v3/{group}?hash={_hash(served[group])}"} for group in served}
        return json_answer({"paths": index})
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    paths = {f"/{wanted}/{resource.plural}/{{name}}": _patch(resource) for resource in served[wanted]}
    return json_answer({"openapi": "3.0.0", "info": info, "paths": paths})


def _group_path(resource: Resource) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _patch(resource: Resource) -> Obj:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    body = {"content": {"application/merge-patch+json": {"schema": {"type": "object"}}}}
    operation = {
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": kind,
        "parameters": _PARAMETERS,
        "requestBody": body,
        "responses": {"200": {"description": "OK"}},
    }
    return {"patch": operation}


def _hash(resources: list[Resource]) -> str:
    return hashlib.sha256(repr(resources).encode()).hexdigest()[:32].upper()
