"""How busy a node is: its processors by the kernel's own account, read through a pod that runs there.

Kubernetes knows a node's capacity only as the kubelet tells it. The kernel's account is of the processors that there
are, and of all programs on them, whether Kubernetes started them or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod

SATURATED = 0.9
"""From this share of busy processors on, programs wait for one another, and a figure is of the machine as well."""

_STAT = ["sh", "-c", "grep '^cpu' /proc/stat"]


@dataclass(frozen=True)
class Ticks:
    """The kernel's account of all processors since its start, in its own ticks."""

    processors: int
    busy: int
    total: int


@dataclass(frozen=True)
class NodeLoad:
    """The share (0..1) of a node's processors that was busy over a window; None where it cannot be read."""

    node: str
    processors: int
    busy: float | None
    reason: str = ""

    @property
    def is_saturated(self) -> bool:
        """Whether the node's own programs waited for one another."""
        return self.busy is not None and self.busy > SATURATED

    def __str__(self) -> str:
        if self.busy is None:
            return f"{self.node}: unknown ({self.reason})"
        return f"{self.node}: {self.busy:.0%} of {self.processors} processors busy"


class NodeLoads:
    """The load of the nodes of some pods between two moments: from the start of this object to `taken`."""

    def __init__(self, cluster: Cluster, pods: Sequence[Pod]) -> None:
        self._cluster = cluster
        self._pods: Mapping[str, Pod] = {pod.node: pod for pod in pods if pod.node is not None and pod.running}
        self._began = self._read()

    def taken(self) -> list[NodeLoad]:
        """The load of each node since the start."""
        ended = self._read()
        return [_load(node, self._began[node], ended[node]) for node in sorted(self._pods)]

    def _read(self) -> dict[str, Ticks | str]:
        return {node: self._ticks(pod) for node, pod in self._pods.items()}

    def _ticks(self, pod: Pod) -> Ticks | str:
        try:
            return read_ticks(self._cluster.execute(pod, _STAT).stdout)
        except (ClusterError, ValueError) as error:
            return " ".join(str(error).split())[:120]


def read_ticks(said: str) -> Ticks:
    """The ticks in the lines `cpu …` of /proc/stat (proc(5)); ValueError for anything else."""
    lines = [line.split() for line in said.splitlines()]
    fields = next((list(map(int, words[1:9])) for words in lines if words and words[0] == "cpu"), [])
    if len(fields) < 8:
        raise ValueError(f"no account of processors: {said[:80]!r}")
    idle = fields[3] + fields[4]  # idle and waiting for disks
    return Ticks(max(len(lines) - 1, 1), sum(fields) - idle, sum(fields))


def _load(node: str, began: Ticks | str, ended: Ticks | str) -> NodeLoad:
    if isinstance(began, str) or isinstance(ended, str):
        reason = began if isinstance(began, str) else ended
        return NodeLoad(node, 0, None, str(reason))
    total = ended.total - began.total
    if total <= 0:
        return NodeLoad(node, ended.processors, None, "its account did not go on")
    return NodeLoad(node, ended.processors, (ended.busy - began.busy) / total)
