"""How long a pod's programs waited for a processor: at most so much more CPU they would use on an idle machine.

On a busy node a pod's CPU says how much it got, not how much it needs. The kernel counts the time that each thread was
ready to run and did not (`/proc/PID/task/TID/schedstat`, second field). The sum of both is the most that it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamspace_acceptance.clock import SYSTEM_CLOCK, Clock
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod

SCRIPT = """for task in /proc/[0-9]*/task/[0-9]*; do
  { read -r _ waited _ <"$task/schedstat"; } 2>/dev/null && echo "$task $waited"
done; true"""


class CpuWaiting:
    """Waits of some pods' threads since this object was made."""

    def __init__(self, cluster: Cluster, pods: Sequence[Pod], clock: Clock = SYSTEM_CLOCK) -> None:
        self._cluster = cluster
        self._pods = pods
        self._clock = clock
        self._began = self._read()

    def millicores(self) -> dict[str, float]:
        """By pod: the time that its threads waited, in thousandths of the time that passed; pods that tell nothing are
        left out.
        """
        ended, found = self._read(), dict[str, float]()
        for name, (at, waits) in ended.items():
            if name in self._began and waits:
                earlier_at, earlier = self._began[name]
                found[name] = waited(earlier, waits) / (at - earlier_at) * 1000
        return found

    def _read(self) -> dict[str, tuple[float, dict[str, int]]]:
        found = dict[str, tuple[float, dict[str, int]]]()
        for pod in self._pods:
            try:
                output = self._cluster.execute(pod, ["sh", "-c", SCRIPT]).stdout
            except ClusterError:
                continue  # no right to execute, or no shell: then there is no such figure
            found[pod.meta.name] = self._clock.now(), parse(output)
        return found


def parse(output: str) -> dict[str, int]:
    """Nanoseconds that each thread has waited, by its place in /proc; lines that tell something else are left out."""
    pairs = (line.rpartition(" ") for line in output.splitlines())
    return {task: int(waited) for task, _, waited in pairs if waited.isdigit()}


def waited(began: Mapping[str, int], ended: Mapping[str, int]) -> float:
    """Seconds that threads waited between two readings. New ones count from their start, ended ones do not."""
    return sum(max(nanoseconds - began.get(task, 0), 0) for task, nanoseconds in ended.items()) / 1e9
