"""The owners of a pod: what the product requested before the cluster or somebody else changed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from streamspace_acceptance.cluster.connection import as_cluster_error
from streamspace_acceptance.cluster.containers import Json

HASH_LABEL = "pod-template-hash"
LIMIT_RANGER, AUTOSCALER = "kubernetes.io/limit-ranger", "vpaUpdates"
"""Annotations in which a LimitRange and the vertical autoscaler tell what they changed."""
_SET = re.compile(r"(?P<amounts>[^:;]*) (?:request|limit) for container (?P<container>\S+)")
"""`LimitRanger plugin set: cpu, memory request for container desktop; cpu limit for container beside`."""
FIRST_POD = timedelta(seconds=60)
"""The first pod of a Deployment is made at once; a busy cluster may take some time."""


class _Deployments(Protocol):
    def deployment(self, name: str) -> Json | None: ...

    def stateful_set(self, name: str) -> Json | None: ...


def deployment_name(pod: Json) -> str | None:
    """The name of the Deployment that the pod belongs to, by its ReplicaSet's name; None for another kind of pod."""
    metadata = pod["metadata"]
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("kind") == "ReplicaSet":
            suffix = (metadata.get("labels") or {}).get(HASH_LABEL) or str(owner["name"]).rpartition("-")[2]
            return str(owner["name"]).removesuffix(f"-{suffix}")
    return None


def deployment_of(cluster: _Deployments, pod: Json) -> Json | None:
    """The Deployment or StatefulSet that the pod belongs to; None where there is none, or where it cannot be seen."""
    name = deployment_name(pod)
    if name is not None:
        return cluster.deployment(name)
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((cluster.stateful_set(owner["name"]) for owner in owners if owner.get("kind") == "StatefulSet"), None)


def asked_container(deployment: Json, name: str) -> Json | None:
    """The container of that name in a Deployment's template; None for one that something else has added."""
    return next(
        (container for container in deployment["spec"]["template"]["spec"]["containers"] if container["name"] == name),
        None,
    )


def manager_of_replicas(deployment: Json) -> str:
    """Who set the number of a Deployment's pods last, by `managedFields`; a sentence where they do not say."""
    entries = [
        entry
        for entry in deployment["metadata"].get("managedFields") or ()
        if "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
    ]
    newest = max(entries, key=lambda entry: str(entry.get("time") or ""), default=None)
    return "its managedFields do not say who" if newest is None else f"field manager {newest.get('manager')}"


def admission_notes(pod: Json, container: str) -> list[str]:
    """The notes of the cluster about its changes of a container's cpu and memory when it admitted the pod."""
    annotations = pod["metadata"].get("annotations") or {}
    ranged = any(
        found["container"] == container and {"cpu", "memory"} & set(re.split(r"[\s,]+", found["amounts"]))
        for note in str(annotations.get(LIMIT_RANGER) or "").rpartition(":")[2].split(";")
        if (found := _SET.fullmatch(note.strip()))
    )
    scaled = container in (annotations.get(AUTOSCALER) or "")
    return [f"{key}: {annotations[key]}" for key, changed in ((LIMIT_RANGER, ranged), (AUTOSCALER, scaled)) if changed]


def replaced_pods(cluster: _Deployments, pods: Sequence[Json]) -> str | None:
    """Why none of the pods can be the first of its Deployment; None if one may be, or if that cannot be seen."""
    for pod in pods:
        deployment = deployment_of(cluster, pod)
        with as_cluster_error("a Deployment"):
            if deployment is None or _created(pod) - _created(deployment) < FIRST_POD:
                return None
    names = ", ".join(pod["metadata"]["name"] for pod in pods)
    return f"the pod that was started first is gone, and with it its log (now there is {names})" if pods else None


def _created(obj: Json) -> datetime:
    return datetime.fromisoformat(obj["metadata"]["creationTimestamp"])
