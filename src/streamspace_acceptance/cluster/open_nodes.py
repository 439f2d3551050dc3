"""Nodes that take new sessions: not cordoned, not tainted against them, and of the system that they need."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from streamspace_acceptance.cluster.objects import Json, Pod

LINUX = "linux"
KUBERNETES_OWN = "node.kubernetes.io/"
"""The taints of nodes that are not ready, cordoned or under pressure begin so: no session tolerates them."""


def closed(node: Json, hosts: Collection[str]) -> str:
    """Why a node takes no new session; empty when it may. Taints that the product's own pods tolerate do not count."""
    spec, name = node.get("spec") or {}, node["metadata"]["name"]
    if spec.get("unschedulable"):
        return "it is cordoned"
    system = (node["metadata"].get("labels") or {}).get("kubernetes.io/os", LINUX)
    if system != LINUX and name not in hosts:
        return f"it runs {system}"
    conditions = (node.get("status") or {}).get("conditions") or ()
    if any(condition["type"] == "Ready" and condition["status"] != "True" for condition in conditions):
        return "it is not ready"
    closing = ("NoSchedule", "NoExecute")
    taints = [taint["key"] for taint in spec.get("taints") or () if taint.get("effect") in closing]
    found = [key for key in taints if key.startswith(KUBERNETES_OWN) or name not in hosts]
    return f"its taint {found[0]}" if found else ""


def hosts(pods: Sequence[Json]) -> set[str]:
    """The nodes of those pods, without the pods of DaemonSets, which tolerate most taints."""
    usual = [
        pod for pod in pods if not any(_is_daemon_set(owner) for owner in pod["metadata"].get("ownerReferences") or ())
    ]
    return {pod["spec"].get("nodeName") or "" for pod in usual if Pod.of(pod).stays}


def _is_daemon_set(owner: Json) -> bool:
    return bool(owner.get("kind") == "DaemonSet")
