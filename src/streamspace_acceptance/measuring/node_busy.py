"""How busy the nodes' processors were, from the kernel's own counters, read in a pod of each node by exec.

The counters of /proc/stat are the node's, not the pod's. They only rise, so the difference over a window is exact.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.waiting import pause

SATURATED = 0.9
"""Above this share of its processors a node is itself what limits a figure."""
FULL = 0.97
"""Above this share each thing on the node waits for its turn, so that answers are late whatever the product does."""
_IDLE, _WAITING = 3, 4  # proc(5): the columns of /proc/stat in which a processor does nothing
SOURCE = "/proc/stat by exec"
NOT_STARTED = "ContainerCreating"
"""Kubernetes' word for a pod that has a node, which has not started its containers yet."""
LOOK_SECONDS = 2.0
"""How long the processors of such a node are looked at."""


@dataclass
class NodeBusyMeter:
    """Reads the counters when it is made, and again for each share. Nodes without a readable pod are left out."""

    cluster: Cluster
    pods: dict[str, Pod]
    counters: dict[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def begin(cls, cluster: Cluster) -> NodeBusyMeter:
        """A meter over every node that runs a pod in which `cat` can be executed."""
        meter = cls(cluster, {})
        for pod in _readable(cluster):
            if pod.node not in meter.pods and (read := _read(cluster, pod)) is not None:
                meter.pods[str(pod.node)], meter.counters[str(pod.node)] = pod, read
        return meter

    def shares(self) -> dict[str, float]:
        """The busy share of each node's processors since the meter began."""
        found = {}
        for node, pod in self.pods.items():
            busy, total = self.counters[node]
            read = _read(self.cluster, pod) or self._read_elsewhere(node)
            if read is not None and read[1] > total:
                found[node] = (read[0] - busy) / (read[1] - total)
        return found

    def _read_elsewhere(self, node: str) -> tuple[float, float] | None:
        """The same counters in another pod of the node, where the first one is not there any more."""
        others = (pod for pod in _readable(self.cluster) if pod.node == node)
        return next((read for pod in others if (read := _read(self.cluster, pod)) is not None), None)


def keeps_waiting(cluster: Cluster, pods: Iterable[Pod]) -> str:
    """That a node with no processor time left has not started the containers of one of those pods; empty otherwise.

    The product has done its part for such a pod: it is the cluster that is late.
    """
    waiting = {str(pod.node): pod for pod in pods if pod.stays and pod.node and (pod.waiting or "") == NOT_STARTED}
    if not waiting:
        return ""
    meter = NodeBusyMeter.begin(cluster)
    pause(LOOK_SECONDS, threading.Event())
    shares = meter.shares()
    late = ((pod, full({node: shares[node]})) for node, pod in waiting.items() if node in shares)
    return next((f"{pod.describe()} waits for its containers, and {busy}" for pod, busy in late if busy), "")


def _readable(cluster: Cluster) -> list[Pod]:
    """The pods that see the counters of their nodes. One with a runtime of its own (Kata, gVisor) sees a guest's."""
    pods = [pod for pod in cluster.pods() if pod.ready and pod.node is not None]
    return [pod for pod in pods if not pod.object["spec"].get("runtimeClassName")]


def saturated(shares: Mapping[str, float]) -> str:
    """That nodes were themselves the limit, as a part of a sentence; empty if none was."""
    return f"the machine was the bottleneck: {busy}" if (busy := _above(SATURATED, shares)) else ""


def full(shares: Mapping[str, float]) -> str:
    """The nodes whose processors had no time left, as a part of a sentence; empty if none was."""
    return _above(FULL, shares)


def _above(limit: float, shares: Mapping[str, float]) -> str:
    busy = {node: share for node, share in sorted(shares.items()) if share > limit}
    if not busy:
        return ""
    verb = "was" if len(busy) == 1 else "were at least"
    return f"{', '.join(busy)} {verb} {min(busy.values()):.0%} busy"


def describe(shares: Mapping[str, float]) -> str:
    """For the report, with the source."""
    figures = ", ".join(f"{node} {share:.0%}" for node, share in sorted(shares.items()))
    return f"busy processors: {figures or 'not to be had'} ({SOURCE})"


def parse(text: str) -> tuple[float, float] | None:
    """(busy, total) of the first line of /proc/stat; None for anything else."""
    words = text.split("\n", 1)[0].split()
    if not words or words[0] != "cpu" or len(words) <= _WAITING + 1 or not all(map(str.isdigit, words[1:])):
        return None
    # Guest time stands in user time already.
    ticks: Sequence[float] = [float(word) for word in words[1:9]]
    return sum(ticks) - ticks[_IDLE] - ticks[_WAITING], sum(ticks)


def _read(cluster: Cluster, pod: Pod) -> tuple[float, float] | None:
    try:
        return parse(cluster.execute(pod, ["cat", "/proc/stat"]).stdout)
    except ClusterError:
        return None  # a pod without `cat`, or no right to execute: another pod, or no figure
