"""The product's own pods that a scenario relies on, and whether somebody else deleted one of them meanwhile.

A server that crashes is started again in its pod. A pod is deleted only on request: of an operator who rolls out a
version or drains a node, of an autoscaler, of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.taken_pods import PREEMPTED, scaled_down, taken
from streamspace_acceptance.domain.deployment.own_pods import own_pods
from streamspace_acceptance.product.profile import Profile


class ReliedPods:
    """The pods of the API, the agents and the stores, by uid, from the moment from which a scenario relies on them."""

    def __init__(self, cluster: Cluster, profile: Profile) -> None:
        self._cluster, self._profile = cluster, profile
        self._pods: dict[str, Pod] = {}
        with suppress(ClusterError):  # whatever asks Kubernetes next says so
            self.add()

    def add(self) -> None:
        """Relies on the pods that are there now as well."""
        self._pods |= {pod.meta.uid: pod for pod in self._present() if pod.stays}

    def release_agents(self) -> None:
        """Relies on no agent any more: the suite itself is about to change their number."""
        labels = self._profile.agents.labels.items()
        self._pods = {uid: pod for uid, pod in self._pods.items() if not labels <= pod.meta.labels.items()}

    def deleted(self) -> str:
        """That somebody else deleted one of the pods, in a sentence; empty where nobody did.

        A pod that made room for another one of the product is not such a case, nor one that its node evicted, nor one
        of several that an autoscaler has no use for: a product has to bear these.
        """
        present = [pod for pod in self._present() if not pod.meta.deleting]
        gone = [pod for uid, pod in self._pods.items() if uid not in {pod.meta.uid for pod in present}]
        events = self._cluster.events() if gone else []
        for pod in gone:
            why = taken(self._cluster, pod.meta.uid, pod.node)
            if why or not (_is_preempted(pod, events) or self._is_one_too_many(pod, present, events)):
                words = f"pod {pod.meta.name} of the product was deleted meanwhile, and not by the suite"
                return f"{words}: {why}" if why else words
        return ""

    def _is_one_too_many(self, pod: Pod, present: Sequence[Pod], events: Sequence[Json]) -> bool:
        """Whether its controller deleted it and keeps one that was there before.

        A ReplicaSet that gives way to a new version keeps none, and a StatefulSet makes another pod of the same name.
        """
        siblings = [other for other in present if set(pod.meta.owners) & set(other.meta.owners)]
        keeps = any(other.meta.uid in self._pods for other in siblings)
        is_back = pod.meta.name in {other.meta.name for other in siblings}
        return keeps and not is_back and scaled_down(events, pod.meta.name)

    def _present(self) -> list[Pod]:
        return [Pod.of(pod) for pod in own_pods(self._cluster.raw_pods(), self._profile)]


def _is_preempted(pod: Pod, events: Sequence[Json]) -> bool:
    return any(
        event.get("reason") == PREEMPTED and (event.get("involvedObject") or {}).get("uid") == pod.meta.uid
        for event in events
    )
