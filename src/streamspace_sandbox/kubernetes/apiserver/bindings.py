"""Pods put on a node, and evicted from it."""

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target, read_body
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import bad_request, conflict
from streamspace_sandbox.kubernetes.machinery.objects import dig
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.store import Store

_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


async def bind(request: Request, target: Target, store: Store) -> Response:
    """POST of a Binding. Raises `ApiError` 409 for a pod that has a node already."""
    node = dig(await read_body(request), "target.name")
    if not isinstance(node, str) or not node:
        raise bad_request("target.name of a Binding must name a node")
    name = target.name or ""
    if store.get(target.resource, target.namespace, name)["spec"].get("nodeName"):
        raise conflict(target.resource, name, f"pod {name} is already assigned to a node")

    def assign(pod: Obj) -> None:
        pod["spec"]["nodeName"] = node

    store.mutate(target.resource, target.namespace, name, assign)
    return json_answer(_SUCCESS, 201)


async def evict(request: Request, target: Target, store: Store) -> Response:
    """POST of an Eviction: an ordinary deletion, since there are no disruption budgets here."""
    options = dig(await read_body(request), "deleteOptions") or {}
    grace = options.get("gracePeriodSeconds")
    store.delete(target.resource, target.namespace, target.name or "", grace_seconds=grace)
    return json_answer(_SUCCESS, 201)
