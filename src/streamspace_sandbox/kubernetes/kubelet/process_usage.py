"""The usage of a container without a cgroup: the sum over the processes of its process namespace."""

import contextlib
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.usage import Sample

PROC = Path("/proc")
NANOSECONDS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass
class _Followed:
    """A container: its process namespace, the CPU time of its processes, and that of processes that are gone."""

    namespace: int | None
    cpu: int = 0
    lost: int = 0


class ProcessUsage:
    """CPU time and memory of the containers that it follows."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._followed: dict[str, _Followed] = {}

    def follow(self, container_id: str, first_process: int) -> None:
        """Count the processes of the namespace in which `first_process` is."""
        self._followed[container_id] = _Followed(self._namespace(first_process))

    def read(self, container_ids: Collection[str]) -> dict[str, Sample]:
        """The samples of those containers that run. Others are forgotten."""
        for ended in self._followed.keys() - container_ids:
            del self._followed[ended]
        names = {container.namespace: name for name, container in self._followed.items() if container.namespace}
        totals: dict[str, tuple[int, int]] = {}
        for pid in self._pids():
            namespace = self._namespace(pid)
            name = names.get(namespace) if namespace is not None else None
            if name is not None:
                with contextlib.suppress(OSError):  # it ends at this moment
                    cpu, memory = totals.get(name, (0, 0))
                    totals[name] = cpu + self._cpu(pid), memory + self._memory(pid)
        moment = time.monotonic()
        return {name: Sample(moment, self._rising(name, cpu), memory) for name, (cpu, memory) in totals.items()}

    def _rising(self, name: str, cpu: int) -> int:
        """An ended process hands its time to its parent, which may be outside: it is kept."""
        container = self._followed[name]
        container.lost += max(0, container.cpu - cpu)
        container.cpu = cpu
        return container.lost + cpu

    def _pids(self) -> Iterator[int]:
        return (int(entry.name) for entry in os.scandir(self._proc) if entry.name.isdigit())

    def _namespace(self, pid: int) -> int | None:
        try:
            return (self._proc / str(pid) / "ns" / "pid").stat().st_ino
        except OSError:
            return None

    def _cpu(self, pid: int) -> int:
        """Its own time and that of the children for which it has waited."""
        fields = (self._proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) * NANOSECONDS_PER_TICK

    def _memory(self, pid: int) -> int:
        """Its proportional share of the pages that it uses, in bytes."""
        for line in (self._proc / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        return 0
