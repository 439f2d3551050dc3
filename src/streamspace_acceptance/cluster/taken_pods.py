"""Pods that the cluster took away from a product: with their node, for somebody else's pod, or for a node's taint; and
those that their controllers deleted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json

_WITHDRAWING = (
    "ToBeDeletedByClusterAutoscaler",
    "karpenter.sh/disrupt",
    "aws-node-termination-handler/",
    "cloud.google.com/impending-node-termination",
)
"""How the taints begin that autoscalers and clouds give a node before they take it away."""
SCALED_DOWN = "SuccessfulDelete"
"""The reason of the event with which a controller tells that it has deleted one of its pods, for it is to have fewer.
A pod that was evicted, preempted or deleted by somebody else brings no such event."""
_CONTROLLERS = ("ReplicaSet", "StatefulSet", "DaemonSet")
PREEMPTED = "Preempted"
"""The reason of the event with which the scheduler tells that a pod has to make room."""
_PREEMPTOR = re.compile(r"Preempted by (?:pod )?(\S+)")
"""The scheduler's words: `Preempted by pod 5f0c… on node n`, before Kubernetes 1.26 `Preempted by team/job-1 on …`."""


def taken(cluster: Cluster, uid: str | None, node: str | None) -> str:
    """The cluster's reason to take a pod away, in a few words; empty where it did not.

    A pod that makes room for another one of the same namespace is none of these: that is the product's doing.
    """
    if why := withdrawn(cluster, node):
        return why
    events = [event for event in cluster.events() if (event.get("involvedObject") or {}).get("uid") == uid]
    for event in events:
        words = " ".join(str(event.get("message") or "").split())
        if event.get("reason") == "TaintManagerEviction" and "cancelling" not in words.lower():
            return f"its node {node} got a taint that it does not tolerate"
        if event.get("reason") == PREEMPTED and _is_somebody_elses(cluster, words):
            return f"it made room for somebody else's pod ({words})"
    return ""


def _is_somebody_elses(cluster: Cluster, words: str) -> bool:
    found = _PREEMPTOR.search(words)
    own: Sequence[Json] = cluster.raw_pods()
    uids = {pod["metadata"]["uid"] for pod in own}
    return found is not None and found[1] not in uids and not found[1].startswith(f"{cluster.namespace}/")


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
