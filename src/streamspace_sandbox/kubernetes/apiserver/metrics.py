"""metrics.k8s.io: the present usage of nodes and pods, as `kubectl top` shows it."""

from collections import defaultdict

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, not_found
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import NODE_METRICS, NODES, PODS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import ContainerStats, NodeStats, Runtime, Stats
from streamspace_sandbox.kubernetes.registry.store import Store


def _usage(stats: ContainerStats | NodeStats) -> Obj:
    return {"cpu": f"{stats.cpu_nanocores}n", "memory": f"{stats.memory_bytes // 1024}Ki"}


def _envelope(kind: str, of: Obj, stats: Stats) -> Obj:
    taken = timestamp(stats.taken_at)
    metadata = {"name": name_of(of), "creationTimestamp": taken, "labels": of["metadata"].get("labels", {})}
    if namespace := namespace_of(of):
        metadata["namespace"] = namespace
    return {
        "kind": kind,
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": metadata,
        "timestamp": taken,
        "window": f"{stats.window_seconds:.3f}s",
    }


def _pod_metrics(pods: list[Obj], stats: Stats) -> list[Obj]:
    """Only of pods that run: the others use nothing that could be measured."""
    containers: defaultdict[tuple[str, str], list[Obj]] = defaultdict(list)
    for container in stats.containers:
        entry = {"name": container.container, "usage": _usage(container)}
        containers[container.namespace, container.pod].append(entry)
    places = [(pod, (namespace_of(pod), name_of(pod))) for pod in pods]
    return [
        {**_envelope("PodMetrics", pod, stats), "containers": containers[place]}
        for pod, place in places
        if place in containers
    ]


def _node_metrics(nodes: list[Obj], stats: Stats) -> list[Obj]:
    by_name = {node.node: node for node in stats.nodes}
    return [
        {**_envelope("NodeMetrics", node, stats), "usage": _usage(by_name[name_of(node)])}
        for node in nodes
        if name_of(node) in by_name
    ]


async def serve_metrics(request: Request, target: Target, store: Store, runtime: Runtime) -> Response:
    """GET of one or all. Raises `ApiError` 404 for something that is not there or does not run."""
    if request.method != "GET":
        raise ApiError(405, "MethodNotAllowed", "metrics can only be read")
    stats = await runtime.stats()
    query = request.query_params
    of_nodes = target.resource == NODE_METRICS
    objects, version = store.list(
        NODES if of_nodes else PODS, target.namespace, query.get("labelSelector"), query.get("fieldSelector")
    )
    metrics = _node_metrics(objects, stats) if of_nodes else _pod_metrics(objects, stats)
    if target.name is None:
        listed = {"kind": f"{target.resource.kind}List", "apiVersion": target.resource.api_version}
        return json_answer({**listed, "metadata": {"resourceVersion": str(version)}, "items": metrics})
    named = next((item for item in metrics if item["metadata"]["name"] == target.name), None)
    if named is None:
        raise not_found(target.resource, target.name)
    return json_answer(named)
