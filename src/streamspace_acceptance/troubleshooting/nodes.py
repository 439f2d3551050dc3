"""The capacity, requests and usage of each node: `kubectl top nodes` and `kubectl describe node`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.troubleshooting.collector import attach
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, known

Json = dict[str, Any]

NO_METRICS = "The usage is not known: metrics are not served here (metrics.k8s.io)."
_MIB = 1024**2


def collect(snapshot: ClusterSnapshot) -> None:
    """The nodes of the cluster."""
    nodes = snapshot.kubernetes(snapshot.clients.cluster.raw_nodes)
    metrics = known(snapshot.kubernetes(snapshot.clients.cluster.raw_node_metrics))
    attach("nodes.txt", nodes, lambda listed: use(listed, known(snapshot.pods) or [], metrics))


def use(nodes: list[Json], pods: list[Json], metrics: list[Json] | None) -> str:
    """A paragraph for each node. `pods`: those of the namespace, whose requests alone are known."""
    used = {node["metadata"]["name"]: node["usage"] for node in metrics or ()}
    lines = [_node(node, pods, used.get(node["metadata"]["name"])) for node in nodes] or ["no nodes"]
    notes = ["Requested: by the pods of this namespace alone.", *([NO_METRICS] if metrics is None else [])]
    return "\n\n".join(["\n".join(lines), "\n".join(notes)])


def _node(node: Json, pods: list[Json], used: Json | None) -> str:
    name, status = node["metadata"]["name"], node.get("status") or {}
    allocatable = status.get("allocatable") or {}
    here = [pod for pod in pods if (pod.get("spec") or {}).get("nodeName") == name and _stays(pod)]
    conditions = [item["type"] for item in status.get("conditions") or () if item.get("status") == "True"]
    closed = ["takes no new pods"] if (node.get("spec") or {}).get("unschedulable") else []
    head = f"{name}: {', '.join([*conditions, *closed]) or 'no condition is true'}, {len(here)} pods of this namespace"
    return "\n".join([head, *(_resource(resource, allocatable, here, used) for resource in ("cpu", "memory"))])


def _resource(resource: str, allocatable: Json, pods: list[Json], used: Json | None) -> str:
    whole = _amount(allocatable.get(resource))
    parts = {"requested": sum((_requested(pod, resource) for pod in pods), Decimal(0))}
    if used is not None:
        parts["in use"] = _amount(used.get(resource))
    shares = (f", {name} {_text(resource, part)}{_share(part, whole)}" for name, part in parts.items())
    return f"  {resource + ':':<8} allocatable {_text(resource, whole)}{''.join(shares)}"


def _requested(pod: Json, resource: str) -> Decimal:
    containers: Iterable[Json] = (pod.get("spec") or {}).get("containers") or ()
    requests = ((container.get("resources") or {}).get("requests") or {} for container in containers)
    return sum((_amount(request.get(resource)) for request in requests), Decimal(0))


def _stays(pod: Json) -> bool:
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _amount(quantity: object) -> Decimal:
    return Decimal(0) if quantity is None else amount(str(quantity))


def _text(resource: str, value: Decimal) -> str:
    return f"{value * 1000:.0f}m" if resource == "cpu" else f"{value / _MIB:.0f}Mi"


def _share(part: Decimal, whole: Decimal) -> str:
    return f" ({part / whole:.0%})" if whole else ""
