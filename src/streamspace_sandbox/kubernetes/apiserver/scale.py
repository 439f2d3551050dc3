"""The `scale` subresource: how many replicas a workload asks for."""

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.patches import patched
from streamspace_sandbox.kubernetes.apiserver.request import Target, dry_run, media_type, read_body
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.objects import clone, dig
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.selectors import selector_text
from streamspace_sandbox.kubernetes.registry.store import Store

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def _view(workload: Obj) -> Obj:
    """The workload as a `Scale` of autoscaling/v1."""
    replicas, selector = dig(workload, "status.replicas") or 0, selector_text(workload["spec"]["selector"])
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: workload["metadata"][key] for key in _SHOWN_METADATA if key in workload["metadata"]},
        "spec": {"replicas": workload["spec"].get("replicas") or 0},
        "status": {"replicas": replicas, "selector": selector},
    }


async def serve_scale(request: Request, target: Target, store: Store) -> Response:
    """GET, PUT and PATCH. Raises `ApiError` 400 for a scale without a whole number of replicas, 409, 422."""
    current = store.get(target.resource, target.namespace, target.name or "")
    view = _view(current)
    if request.method == "GET":
        return json_answer(view)
    body = await read_body(request)
    if request.method == "PATCH":
        body = patched(view, body, target, media_type(request))
    replicas = dig(body, "spec.replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("spec.replicas of a Scale must be a whole number")
    changed = clone(current)
    changed["spec"]["replicas"] = replicas
    if version := dig(body, "metadata.resourceVersion"):
        changed["metadata"]["resourceVersion"] = version
    made = store.update(target.resource, changed, dry_run=dry_run(request.query_params))
    return json_answer(_view(made))
