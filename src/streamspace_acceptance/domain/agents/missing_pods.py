"""Why the cluster keeps agents from starting: no node takes their pod or has their image, or it refuses to make one."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.cluster.image_pulls import pulls
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.domain.sessions.admission import REFUSED

NO_IMAGE = ("ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")
"""The reasons with which a container waits while its kubelet cannot get the image."""


def unplaced(pods: Sequence[Pod], events: Sequence[Json] = ()) -> str:
    """Why pods have no place, where others of the same Deployment may have one; empty if each has."""
    found = []
    for pod in pods:
        if pod.unschedulable:
            found.append(f"no node takes pod {pod.meta.name}: {pod.unschedulable}")
        elif pod.waiting is not None and pod.waiting.startswith(NO_IMAGE) and any(other.ready for other in pods):
            found.append(f"node {pod.node} has no image for pod {pod.meta.name}: {pod.waiting}")
        elif not pod.ready and pulls(pod.object, events):
            found.append(f"node {pod.node} still pulls the image for pod {pod.meta.name}")
    return "; ".join(found)


def check_admitted(cluster: Cluster, deployment: str) -> None:
    """ClusterError when the cluster itself refuses pods of the Deployment, as for a quota of the namespace."""
    for event in cluster.events():
        about, message = event.get("involvedObject") or {}, str(event.get("message") or "")
        if str(about.get("name", "")).startswith(f"{deployment}-") and REFUSED.search(message):
            raise ClusterError(f"the cluster refuses pods of Deployment {deployment}: {message}")
