"""The calls that change what runs beside the product: labels, ephemeral containers, network policies."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kubernetes import client

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod

STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class EphemeralContainerState:
    """An ephemeral container: whether it runs or has ended; `waiting` is why it does neither."""

    running: bool
    ended: bool
    waiting: str

    def describe(self) -> str:
        """For a timeline."""
        return "running" if self.running else "ended" if self.ended else self.waiting or "not started yet"


class ClusterWrites:
    """Those calls, for the namespace of a cluster. Raises ClusterError."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._core = client.CoreV1Api(cluster.new_client())
        self._networking = client.NetworkingV1Api(cluster.new_client())

    def add_container(self, pod: Pod, container: Json) -> None:
        """Adds an ephemeral container to a pod that runs; Kubernetes takes none away again."""
        call = self._core.patch_namespaced_pod_ephemeralcontainers
        body = {"spec": {"ephemeralContainers": [container]}}
        what = f"add an ephemeral container to pod {pod.meta.name}"
        self._cluster.ask(what, call, name=pod.meta.name, body=body, _content_type=STRATEGIC)

    def added(self, pod: Pod, container: str) -> EphemeralContainerState | None:
        """How an ephemeral container fares; None when the pod has none of that name, or is another one now."""
        found = self._cluster.ask(f"get pod {pod.meta.name}", self._core.read_namespaced_pod, name=pod.meta.name)
        listed = [entry["name"] for entry in found["spec"].get("ephemeralContainers") or ()]
        if found["metadata"]["uid"] != pod.meta.uid or container not in listed:
            return None
        statuses = (found.get("status") or {}).get("ephemeralContainerStatuses") or ()
        state: Json = next((status.get("state") or {} for status in statuses if status["name"] == container), {})
        waiting = state.get("waiting") or {}
        words = ": ".join(filter(None, (waiting.get("reason"), waiting.get("message"))))
        return EphemeralContainerState(state.get("running") is not None, state.get("terminated") is not None, words)

    def label(self, pod: Pod, key: str, value: str | None) -> None:
        """Sets a label of a pod, or takes it away."""
        body = {"metadata": {"uid": pod.meta.uid, "labels": {key: value}}}
        call = self._core.patch_namespaced_pod
        self._cluster.ask(f"label pod {pod.meta.name}", call, name=pod.meta.name, body=body, _content_type=STRATEGIC)

    def create_policy(self, policy: Json) -> None:
        """Creates a NetworkPolicy."""
        call = self._networking.create_namespaced_network_policy
        self._cluster.ask(f"create network policy {policy['metadata']['name']}", call, body=policy)

    def delete_policy(self, name: str) -> None:
        """Delete a NetworkPolicy, if it exists."""
        call: Any = self._networking.delete_namespaced_network_policy
        try:
            self._cluster.ask(f"delete network policy {name}", call, name=name)
        except ClusterError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
