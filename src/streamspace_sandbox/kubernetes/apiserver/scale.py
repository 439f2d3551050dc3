"""The `scale` subresource: how many replicas a workload shall have."""

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.patches import JSON_PATCH
from streamspace_sandbox.kubernetes.apiserver.request import Target, dry_run, media_type, read_body
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request
from streamspace_sandbox.kubernetes.machinery.json_patches import json_patch, merge_patch
from streamspace_sandbox.kubernetes.machinery.objects import clone, dig, plant
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Scale
from streamspace_sandbox.kubernetes.machinery.selectors import selector_text
from streamspace_sandbox.kubernetes.registry.store import Store

_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def _view(obj: Obj, scale: Scale) -> Obj:
    """The object as a `Scale` of autoscaling/v1."""
    status: Obj = {"replicas": dig(obj, scale.status_replicas) or 0}
    selector = dig(obj, scale.selector) if scale.selector else None
    if selector is not None:
        status["selector"] = selector if isinstance(selector, str) else selector_text(selector)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: obj["metadata"][key] for key in _SHOWN_METADATA if key in obj["metadata"]},
        "spec": {"replicas": dig(obj, scale.spec_replicas) or 0},
        "status": status,
    }


async def serve_scale(request: Request, target: Target, store: Store, scale: Scale) -> Response:
    """GET, PUT and PATCH. Raises `ApiError` 400 for a scale without a whole number of replicas, 409, 422."""
    current = store.get(target.resource, target.namespace, target.name or "")
    view = _view(current, scale)
    if request.method == "GET":
        return json_answer(view)
    body = await read_body(request)
    if request.method == "PATCH":
        body = json_patch(view, body) if media_type(request) == JSON_PATCH else merge_patch(view, body)
    replicas = dig(body, "spec.replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("spec.replicas of a Scale must be a whole number")
    changed = clone(current)
    plant(changed, scale.spec_replicas, replicas)
    if version := dig(body, "metadata.resourceVersion"):
        changed["metadata"]["resourceVersion"] = version
    made = store.update(target.resource, changed, dry_run=dry_run(request.query_params))
    return json_answer(_view(made, scale))
