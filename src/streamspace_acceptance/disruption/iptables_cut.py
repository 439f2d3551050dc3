"""A pod cut off by iptables in the pod itself, as the test plan does it."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption.cut_methods import Iptables, find, rule


class IptablesCut:
    """Packets from a pod to a TCP port are dropped while it lasts."""

    def __init__(self, cluster: Cluster, pod: Pod, port: int, mark: str) -> None:
        self._cluster = cluster
        self._pod = pod
        self._rule = rule(port, mark)

    @property
    def name(self) -> str:
        """For the report."""
        return f"network of pod {self._pod.meta.name} cut by iptables in the pod"

    @property
    def is_certain(self) -> bool:
        """Whether its rule has met packets."""
        return Iptables(self._cluster, self._pod, self._rule).has_met_packets()

    def record(self) -> dict[str, Any]:
        """The pod and the rule in it."""
        return {"kind": "cut", "by": "iptables", **identity(self._pod), "rule": self._rule}

    def apply(self) -> None:
        """Adds the rule; MethodUnavailable where the pod has no iptables or may not use it."""
        Iptables(self._cluster, self._pod, self._rule).add()

    def check_held(self) -> None:
        """ClusterError when somebody else has removed the rule."""
        Iptables(self._cluster, self._pod, self._rule).check_held()

    def revert(self) -> None:
        """Remove the rule, if rule and pod exist; ClusterError when the rule stays."""
        revert(self._cluster, self.record())


def identity(pod: Pod) -> dict[str, str]:
    """The identity of a pod, for the journal."""
    return {"pod": pod.meta.name, "uid": pod.meta.uid}


def revert(cluster: Cluster, record: dict[str, Any]) -> None:
    """Reverts exactly what was recorded; ClusterError when the rule stays."""
    pod = find(cluster, record["uid"])
    if pod is not None:
        Iptables(cluster, pod, record["rule"]).remove()
