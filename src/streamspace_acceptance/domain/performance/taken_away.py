"""Losses that are not a defect: a pod that its ReplicaSet scaled down, a node that was withdrawn, and an idle limit
that the session itself announces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json

SCALED_DOWN = "SuccessfulDelete"
"""The reason of the event with which a controller tells that it has deleted one of its pods, for it is to have fewer.
A pod that was evicted, preempted or deleted by somebody else brings no such event."""
_CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet")
_WITHDRAWING = (
    "ToBeDeletedByClusterAutoscaler",
    "karpenter.sh/disrupt",
    "aws-node-termination-handler/",
    "cloud.google.com/impending-node-termination",
)
"""How the taints begin that autoscalers and clouds give a node before they take it away."""
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def scaled_down(events: Sequence[Json], pod: str) -> bool:
    """Whether the pod's own controller says that it has deleted it."""
    return any(
        event.get("reason") == SCALED_DOWN
        and (event.get("involvedObject") or {}).get("kind") in _CONTROLLERS
        and pod in str(event.get("message")).split()
        for event in events
    )


def withdrawn(cluster: Cluster, node: str | None) -> str:
    """That a node was taken out of the cluster or is on its way out, in a few words; empty where it is not, or where
    Kubernetes does not show nodes.
    """
    try:
        nodes = {listed["metadata"]["name"]: listed.get("spec") or {} for listed in cluster.raw_nodes()}
    except ClusterError:
        return ""
    if not node or not nodes:
        return ""
    if node not in nodes:
        return f"its node {node} is not there any more"
    if nodes[node].get("unschedulable"):
        return f"its node {node} is cordoned"
    taints = [str(taint.get("key")) for taint in nodes[node].get("taints") or ()]
    return next((f"its node {node} has the taint {key}" for key in taints if key.startswith(_WITHDRAWING)), "")


def idle_limit(cluster: Cluster, session: str) -> float | None:
    """The seconds after which the product hibernates an idle session, by the session's object; None where it has none,
    or where Kubernetes does not show it.
    """
    try:
        found = cluster.raw_session(session)
    except ClusterError:
        return None
    return seconds((found.get("spec") or {}).get("idleTimeout")) if found else None


def seconds(text: object) -> float | None:
    """`30m`, `1h30m`, `90s` as seconds; None for anything else."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if found is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return 3600.0 * hours + 60.0 * minutes + rest
