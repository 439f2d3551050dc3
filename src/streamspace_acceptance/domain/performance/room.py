"""How many sessions the nodes have room for, before any of them is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.quantities import amount

PODS_A_NODE, PODS_A_CORE = 110, 10
"""Kubernetes supports min(110, 10 a core) pods on a node ("Considerations for large clusters", and its SLOs)."""
COUNTED = ("cpu", "memory")


@dataclass(frozen=True)
class Room:
    """`sessions` fit on the nodes; None where Kubernetes does not show them. `sentence` says what limits that."""

    sessions: int | None
    sentence: str


def room(cluster: Cluster, size: Mapping[str, str]) -> Room:
    """The room for sessions of that size, by the pods that the namespace has by now."""
    try:
        nodes, pods = cluster.raw_nodes(), cluster.raw_pods()
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return Room(None, f"the nodes' room is unknown. {rights.unmeasured(cluster)}")
        raise
    return fit(nodes, pods, size)


def fit(nodes: Sequence[Json], pods: Sequence[Json], size: Mapping[str, str]) -> Room:
    """The same for those nodes and pods."""
    used = _used([pod for pod in pods if Pod.of(pod).stays])
    rooms = [_of_node(node, used, size) for node in nodes if not (node.get("spec") or {}).get("unschedulable")]
    total = sum(count for count, _ in rooms)
    why = sorted({reason for _, reason in rooms})
    return Room(total, f"the nodes have room for {total} such sessions ({'; '.join(why) or 'there are no nodes'})")


def _of_node(node: Json, used: Mapping[tuple[str, str], Decimal], size: Mapping[str, str]) -> tuple[int, str]:
    name, allocatable = node["metadata"]["name"], node["status"]["allocatable"]
    threshold = min(PODS_A_NODE, int(PODS_A_CORE * amount(allocatable["cpu"])), int(amount(allocatable["pods"])))
    left = {"pods, Kubernetes' own threshold": threshold - int(used[name, "pods"])}
    for resource in COUNTED:
        if resource in size and amount(size[resource]) > 0:
            free = amount(allocatable[resource]) - used[name, resource]
            left[f"{resource} to request"] = int(free / amount(size[resource]))
    reason = min(left, key=lambda key: left[key])
    return max(left[reason], 0), f"the scarcest is {reason}"


def _used(pods: Sequence[Json]) -> Mapping[tuple[str, str], Decimal]:
    used: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for pod in pods:
        node = pod["spec"].get("nodeName") or ""
        used[node, "pods"] += 1
        for container in pod["spec"]["containers"]:
            requests = (container.get("resources") or {}).get("requests") or {}
            for resource in COUNTED:
                used[node, resource] += amount(requests.get(resource, "0"))
    return used
