"""A node's kubelet through the API server: `stats/summary`, the counters of its pods' containers."""

from collections import defaultdict
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import method_not_allowed, path_not_found
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import PODS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import ContainerStats, Runtime, Stats
from streamspace_sandbox.kubernetes.registry.store import Store


async def serve_node_proxy(request: Request, target: Target, store: Store, runtime: Runtime) -> Response:
    """GET of `nodes/NAME/proxy/stats/summary`. Raises `ApiError` 404 for another path or an unknown node."""
    if request.method != "GET":
        raise method_not_allowed(request.method)
    if target.rest != "stats/summary":
        raise path_not_found()
    node = store.get(target.resource, None, target.name or "")
    pods, _ = store.list(PODS, None, None, f"spec.nodeName={name_of(node)}")
    return json_answer(_summary(name_of(node), pods, await runtime.stats()))


def _summary(node: str, pods: list[Obj], stats: Stats) -> Obj:
    own = next((usage for usage in stats.nodes if usage.node == node), None)
    return {
        "node": {"nodeName": node} if own is None else {
            "nodeName": node,
            "cpu": {"time": _moment(stats.taken_at), "usageNanoCores": own.cpu_nanocores},
            "memory": {"time": _moment(stats.taken_at), "workingSetBytes": own.memory_bytes},
        },
        "pods": _pods(pods, stats),
    }  # fmt: skip


def _pods(pods: list[Obj], stats: Stats) -> list[Obj]:
    """Only pods that run: the others use nothing that could be measured."""
    containers: defaultdict[tuple[str, str], list[Obj]] = defaultdict(list)
    for container in stats.containers:
        containers[container.namespace, container.pod].append(_container(container))
    networks = {(network.namespace, network.pod): network for network in stats.networks}
    found = []
    for pod in pods:
        place = namespace_of(pod) or "", name_of(pod)
        if place not in containers:
            continue
        reference = {"name": place[1], "namespace": place[0], "uid": pod["metadata"]["uid"]}
        entry: Obj = {"podRef": reference, "containers": containers[place]}
        if (network := networks.get(place)) is not None:
            entry["network"] = {
                "time": _moment(stats.taken_at),
                "name": "eth0",
                "rxBytes": network.received_bytes,
                "txBytes": network.sent_bytes,
            }
        found.append(entry)
    return found


def _container(stats: ContainerStats) -> Obj:
    moment = _moment(stats.sampled_at)
    return {
        "name": stats.container,
        "cpu": {
            "time": moment,
            "usageNanoCores": stats.cpu_nanocores,
            "usageCoreNanoSeconds": stats.cpu_nanoseconds,
        },
        "memory": {"time": moment, "workingSetBytes": stats.memory_bytes},
    }


def _moment(at: datetime) -> str:
    """With fractions of a second: rates are computed from it."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
