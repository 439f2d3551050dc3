"""Sessions that wait for a volume which the cluster does not make, although nothing is wrong with their claims."""

from __future__ import annotations

from collections.abc import Iterable

from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.domain.sessions.session import Session

NO_CLASS = "no storage class is set"
"""Kubernetes' words for a claim that leaves the class to the cluster, where no StorageClass is the default one."""
UNKNOWN_CLASS = "storageclass.storage.k8s.io"
"""Its words for a class that is not there begin so: that is the product's doing, which names it."""
PENDING = "Pending"
AWAITED = ("ExternalProvisioning", "ProvisioningFailed")


def find(sessions: Iterable[Session]) -> str | None:
    """The first session whose pod is on no node, for such a claim, in a sentence; None if there is none."""
    for session in sessions:
        pods = [pod for pod in session.listed_pods() if pod.stays]
        claims = {mount.claim for pod in pods for mount in pod.mounts if pod.node is None and mount.claim}
        claims &= {claim.meta.name for claim in session.cluster.claims() if claim.phase == PENDING} if claims else set()
        for event in session.cluster.events() if claims else ():
            name = (event.get("involvedObject") or {}).get("name")
            if name in claims and (words := _trouble(event)):
                return f"{session.subject}: the cluster makes no volume for claim {name}: {words}"
    return None


def _trouble(event: Json) -> str:
    words = " ".join(str(event.get("message") or "").split())
    is_clusters = NO_CLASS in words or (event.get("reason") in AWAITED and not words.startswith(UNKNOWN_CLASS))
    return words if is_clusters else ""
