"""The network between a pod and a port cut from within the pod, as the test plan does it, and healed."""

from __future__ import annotations

import secrets

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod


class NetworkCut:
    """Packets from a pod to a TCP port are dropped while it lasts.

    The rule carries a comment of its own, so that the undo removes this rule and no other.
    """

    def __init__(self, cluster: Cluster, pod: Pod, port: int) -> None:
        self._cluster = cluster
        self._pod = pod
        mark = f"streamspace-acceptance-{secrets.token_hex(4)}"
        self._rule = ["OUTPUT", "-p", "tcp", "--dport", str(port), "-m", "comment", "--comment", mark, "-j", "DROP"]

    @property
    def name(self) -> str:
        """For the report."""
        return f"network of pod {self._pod.meta.name} cut by iptables"

    def apply(self) -> None:
        """Adds the rule; ClusterError when the pod does not take it."""
        done = self._cluster.execute(self._pod, ["iptables", "-w", "-A", *self._rule])
        if done.code != 0:
            raise ClusterError(f"iptables in pod {self._pod.meta.name} ended with {done.code}: {done.stderr.strip()}")

    def undo(self) -> None:
        """Removes the rule, if it is there and the pod is; ClusterError when it stays."""
        if not any(each.meta.uid == self._pod.meta.uid for each in self._cluster.pods()) or not self._there():
            return
        done = self._cluster.execute(self._pod, ["iptables", "-w", "-D", *self._rule])
        if done.code != 0 or self._there():
            raise ClusterError(f"pod {self._pod.meta.name} stays cut off: {done.stderr.strip()}")

    def _there(self) -> bool:
        return self._cluster.execute(self._pod, ["iptables", "-w", "-C", *self._rule]).code == 0
