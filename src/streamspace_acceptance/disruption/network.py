"""The network between a pod and a port cut from within the pod, as the test plan does it, and healed."""

from __future__ import annotations

import secrets
from typing import Any

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

    def record(self) -> dict[str, Any]:
        """The pod and the rule in it."""
        return {"kind": "cut", "pod": self._pod.meta.name, "uid": self._pod.meta.uid, "rule": self._rule}

    def apply(self) -> None:
        """Adds the rule; ClusterError when the pod does not take it."""
        done = self._cluster.execute(self._pod, ["iptables", "-w", "-A", *self._rule])
        if done.code != 0:
            raise ClusterError(f"iptables in pod {self._pod.meta.name} ended with {done.code}: {done.stderr.strip()}")

    def undo(self) -> None:
        """Removes the rule, if it is there and the pod is; ClusterError when it stays."""
        heal(self._cluster, self._pod.meta.uid, self._rule)


def heal(cluster: Cluster, uid: str, rule: list[str]) -> None:
    """Removes one rule from the pod of that uid, if it is there and the pod is; ClusterError when it stays."""
    pod = next((each for each in cluster.pods() if each.meta.uid == uid), None)
    if pod is None or cluster.execute(pod, ["iptables", "-w", "-C", *rule]).code != 0:
        return
    done = cluster.execute(pod, ["iptables", "-w", "-D", *rule])
    if done.code != 0 or cluster.execute(pod, ["iptables", "-w", "-C", *rule]).code == 0:
        raise ClusterError(f"pod {pod.meta.name} stays cut off: {done.stderr.strip()}")
