"""Pods that somebody else takes away from sessions while a scenario uses them, which is not the product's doing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.cluster.owners import deployment_name, manager_of_replicas
from streamspace_acceptance.domain.sessions.session import Session

DISRUPTED = "DisruptionTarget"
"""The condition in which Kubernetes (1.26 and later) says why it, or who drains a node, ends a pod."""
OF_OTHERS = ("EvictionByEvictionAPI", "DeletionByTaintManager", "DeletionByPodGC")
"""Its reasons for an eviction as by `kubectl drain`, for a node's taint, and for a node that is gone."""
LOW_NODE = re.compile(r"node was low on resource", re.IGNORECASE)
TOOLS = re.compile(r"\b(?:kubectl|k9s|lens|kube-?downscaler|kube-?green|keda)", re.IGNORECASE)
"""Field managers of people and of controllers that scale whatever there is."""


def find(sessions: Iterable[Session]) -> str | None:
    """The first pod of a session that somebody else took away, in a sentence; None if there is none."""
    return next((f"{session.subject}: {reason}" for session in sessions for reason in _reasons(session)), None)


def gone(session: Session) -> str:
    """The pods of a session that are gone, in a few words; empty if each is there.

    For a session that nobody was to end: neither the suite nor, as far as anything tells, somebody else.
    """
    with suppress(ClusterError):
        names = [
            change.item.object["metadata"]["name"]
            for change in session.changes.items()
            if change.item.kind == "DELETED"
        ]
        return f"its pod {', '.join(names)} was deleted meanwhile" if names else ""
    return ""


def _reasons(session: Session) -> Iterator[str]:
    with suppress(ClusterError):  # then nothing tells of its pods
        changes = [change.item.object for change in session.changes.items()]
        ran = {pod["metadata"]["uid"] for pod in changes if (pod.get("status") or {}).get("phase") == "Running"}
        states = [pod for pod in changes if pod["metadata"]["uid"] in ran]
        for pod in states:
            if why := taken_by_others(pod):
                yield f"its pod {pod['metadata']['name']} was taken away ({why})"
        names = {name for pod in states if (name := deployment_name(pod)) is not None}
        if not names or session.pods():
            return
        for name in names:
            if who := _scaled_down_by(session, name):
                yield f"somebody set spec.replicas of Deployment {name} to 0 ({who})"


def taken_by_others(pod: Json) -> str:
    """Why the cluster ended a pod, or somebody through it, by one of the pod's states; empty if it did not.

    A pod that is preempted for another one of the product is the product's own matter.
    """
    status = pod.get("status") or {}
    said: Json = next((entry for entry in status.get("conditions") or () if entry["type"] == DISRUPTED), {})
    if said.get("status") == "True" and said.get("reason") in OF_OTHERS:
        return f"{said['reason']}: {said.get('message') or 'no message'}"
    message = str(status.get("message") or "")
    return f"Evicted: {message}" if status.get("reason") == "Evicted" and LOW_NODE.search(message) else ""


def _scaled_down_by(session: Session, name: str) -> str:
    """The tool that set the Deployment to have no pod; empty if that was the product, or if nothing tells it."""
    found = session.cluster.deployment(name)
    if found is None or found["spec"].get("replicas") != 0:
        return ""
    who = manager_of_replicas(found)
    return who if TOOLS.search(who) else ""
