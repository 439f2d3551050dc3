"""A pod cut off by a NetworkPolicy: where neither the pod nor a container beside it may use iptables.

Whether it does anything is up to the cluster's network, which may also leave connections alone that are open already:
so it is not certain, and has to be seen. A policy selects by labels, and pods of one Deployment share theirs: the pod
gets one of its own first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.writes import ClusterWrites
from streamspace_acceptance.disruption.cut_methods import DENIED, MethodUnavailable, find
from streamspace_acceptance.disruption.iptables_cut import identity

LABEL = "streamspace-acceptance/cut"
LAST_PORT = 65535


class NetworkPolicyCut:
    """A pod may send anything but TCP to certain ports while it lasts."""

    is_certain = False

    def __init__(self, cluster: Cluster, pod: Pod, ports: frozenset[int], mark: str) -> None:
        self._cluster = cluster
        self._pod = pod
        self._ports = ports
        self._mark = mark

    @property
    def name(self) -> str:
        """For the report."""
        return f"network of pod {self._pod.meta.name} cut by a NetworkPolicy"

    def record(self) -> dict[str, Any]:
        """The pod, its label and the policy that selects it."""
        return {"kind": "cut", "by": "policy", **identity(self._pod), "policy": self._mark, "label": LABEL}

    def apply(self) -> None:
        """Labels the pod and creates the policy; MethodUnavailable where Kubernetes does not let it."""
        writes = ClusterWrites(self._cluster)
        try:
            writes.label(self._pod, LABEL, self._mark)
            writes.create_policy(policy(self._mark, self._ports))
        except ClusterError as error:
            if error.status in DENIED:
                raise MethodUnavailable(str(error)) from error
            raise

    def revert(self) -> None:
        """Delete the policy and remove the label, if they exist."""
        revert(self._cluster, self.record())


def revert(cluster: Cluster, record: dict[str, Any]) -> None:
    """Reverts exactly what was recorded."""
    writes = ClusterWrites(cluster)
    writes.delete_policy(record["policy"])
    pod = find(cluster, record["uid"])
    if pod is not None and pod.meta.labels.get(record["label"]) == record["policy"]:
        writes.label(pod, record["label"], None)


def policy(name: str, closed: Iterable[int]) -> Json:
    """Lets the pod of that mark send everything but TCP to the closed ports."""
    open_ports = [{"protocol": "TCP", "port": first, "endPort": last} for first, last in spans_between(sorted(closed))]
    others: list[Json] = [{"protocol": "UDP", "port": 1, "endPort": LAST_PORT}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "podSelector": {"matchLabels": {LABEL: name}},
            "policyTypes": ["Egress"],
            "egress": [{"ports": open_ports + others}],
        },
    }


def spans_between(closed: Iterable[int]) -> list[tuple[int, int]]:
    """The ranges of ports, both ends included, that leave out the closed ones."""
    spans, first = [], 1
    for port in closed:
        if first < port:
            spans.append((first, port - 1))
        first = port + 1
    return [*spans, (first, LAST_PORT)] if first <= LAST_PORT else spans
