"""How many sessions the nodes have room for, before any of them is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

from streamspace_acceptance.cluster import open_nodes, rights
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.cluster.requests import COUNTED, requested

PODS_A_NODE, PODS_A_CORE = 110, 10
"""Kubernetes supports min(110, 10 a core) pods on a node ("Considerations for large clusters", and its SLOs)."""


@dataclass(frozen=True)
class Room:
    """`sessions` fit on the nodes; None where Kubernetes does not show them. `sentence` says what limits that."""

    sessions: int | None
    sentence: str


def room(cluster: Cluster, size: Mapping[str, str], ours: Collection[str] = ()) -> Room:
    """The room for sessions of that size beside all pods but `ours`, which are given by their uids.

    A quota of the namespace may leave less than the nodes do. It counts our pods, and so is left out where there are
    any.
    """
    try:
        nodes = cluster.raw_nodes()
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return Room(None, f"the nodes' room is unknown. {rights.unmeasured(cluster)}")
        raise
    own, (everywhere, _) = cluster.raw_pods(), all_pods(cluster)
    others = [pod for pod in everywhere if pod["metadata"]["uid"] not in ours]
    found = fit(nodes, others, size, open_nodes.hosts(own))
    quota = None if ours else _quota(cluster, size)
    if quota is not None and quota.sessions is not None and quota.sessions < (found.sessions or 0):
        return quota
    return found


def all_pods(cluster: Cluster) -> tuple[list[Json], str]:
    """The pods that take room on the nodes, and whose they are: of all namespaces, where Kubernetes shows them."""
    try:
        found = cluster.raw_items("/api/v1/pods")
    except ClusterError as error:
        if error.status != FORBIDDEN:
            raise
        return cluster.raw_pods(), f"the pods of {cluster.namespace} alone, for others are not shown"
    return found, "the pods of all namespaces"


def fit(nodes: Sequence[Json], pods: Sequence[Json], size: Mapping[str, str], hosts: Collection[str] = ()) -> Room:
    """The same for those nodes and pods. `hosts` are nodes of which it is known that the product's pods run there."""
    used = _used([pod for pod in pods if Pod.of(pod).stays])
    closed = {node["metadata"]["name"]: why for node in nodes if (why := open_nodes.closed(node, hosts))}
    rooms = [_of_node(node, used, size) for node in nodes if node["metadata"]["name"] not in closed]
    total = sum(count for count, _ in rooms)
    limits = sorted({reason for _, reason in rooms}) or ["no node takes any"]
    limits += [f"{name} takes none: {reason}" for name, reason in sorted(closed.items())][:3]
    return Room(total, f"the nodes have room for {total} such sessions ({'; '.join(limits)})")


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
        for resource, value in requested(pod).items():
            used[node, resource] += value
    return used


def _quota(cluster: Cluster, size: Mapping[str, str]) -> Room | None:
    """The room that the namespace's quotas leave; None without one, or where Kubernetes does not show them."""
    try:
        items = cluster.raw_items(f"/api/v1/namespaces/{cluster.namespace}/resourcequotas")
    except ClusterError as error:
        if error.status in (FORBIDDEN, HTTPStatus.NOT_FOUND):
            return None  # its events say so, where sessions do not start
        raise
    found = [left for quota in items if not _is_scoped(quota) for left in _left(quota, size)]
    return min(found, key=lambda left: left.sessions or 0, default=None)


def _is_scoped(quota: Json) -> bool:
    """Whether a quota is about some kinds of pods alone."""
    spec = quota.get("spec") or {}
    return bool(spec.get("scopes") or spec.get("scopeSelector"))


def _left(quota: Json, size: Mapping[str, str]) -> list[Room]:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    needs = {"pods": "1", "count/pods": "1"}
    needs |= {f"{prefix}{name}": size[name] for name in COUNTED if name in size for prefix in ("", "requests.")}
    rooms = []
    for name in needs.keys() & hard.keys():
        left = max(int((amount(hard[name]) - amount(used.get(name, "0"))) / amount(needs[name])), 0)
        quota_name = f"the quota {quota['metadata']['name']} of the namespace"
        rooms.append(Room(left, f"{quota_name} leaves room for {left} such sessions ({name}: {hard[name]})"))
    return rooms
