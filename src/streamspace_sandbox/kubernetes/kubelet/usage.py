"""The usage of containers, from the files of their cgroups: v1, v2 and both side by side."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.host.kernel import has_unified_cgroups

CGROUPS = Path("/sys/fs/cgroup")
WINDOW_SECONDS = 10.0
SAMPLE_SECONDS = 1.0


@dataclass(frozen=True)
class Sample:
    """At `moment` (monotonic seconds) the container had used this much CPU time and holds this working set."""

    moment: float
    cpu_nanoseconds: int
    memory_bytes: int


Read = Callable[[Collection[str]], Mapping[str, Sample]]
"""Gives the samples of the containers with these ids, as far as they run."""


class Usage:
    """Samples of all running containers over the last seconds."""

    def __init__(self, read: Read) -> None:
        self._samples: dict[str, deque[Sample]] = {}
        self._read = read

    async def sample_forever(self, running: Callable[[], Collection[str]]) -> None:
        """Take samples as long as containers run; a rate needs two of them."""
        while True:
            self.sample(running())
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self, container_ids: Collection[str]) -> None:
        """Take one sample of each of these containers. Others are forgotten."""
        for container_id in self._samples.keys() - container_ids:
            del self._samples[container_id]
        for container_id, taken in self._read(container_ids).items():
            samples = self._samples.setdefault(container_id, deque())
            samples.append(taken)
            while taken.moment - samples[0].moment > WINDOW_SECONDS:
                samples.popleft()

    def latest(self, container_id: str) -> tuple[Sample, int] | None:
        """(the newest sample, billionths of a core over the window); None before there are two samples."""
        samples = self._samples.get(container_id)
        if not samples or len(samples) < 2:
            return None
        first, last = samples[0], samples[-1]
        seconds = last.moment - first.moment
        return last, int((last.cpu_nanoseconds - first.cpu_nanoseconds) / seconds)


class CgroupUsage:
    """Reads the files of cgroups."""

    def __init__(self, cgroup_of: Callable[[str], str]) -> None:
        self._cgroup_of = cgroup_of
        self._unified = has_unified_cgroups()

    def read(self, container_ids: Collection[str]) -> dict[str, Sample]:
        """The samples of those containers that run."""
        samples = {container_id: self._read(self._cgroup_of(container_id)) for container_id in container_ids}
        return {container_id: sample for container_id, sample in samples.items() if sample is not None}

    def _read(self, cgroup: str) -> Sample | None:
        try:
            return self._read_v2(cgroup) if self._unified else self._read_v1(cgroup)
        except OSError:
            # The container ends at this moment.
            return None

    def _read_v1(self, cgroup: str) -> Sample:
        cpu = int((CGROUPS / f"cpuacct{cgroup}/cpuacct.usage").read_text())
        memory = CGROUPS / f"memory{cgroup}"
        inactive = _field(memory / "memory.stat", "total_inactive_file")
        used = int((memory / "memory.usage_in_bytes").read_text())
        return Sample(time.monotonic(), cpu, max(0, used - inactive))

    def _read_v2(self, cgroup: str) -> Sample:
        group = CGROUPS / cgroup.lstrip("/")
        cpu = _field(group / "cpu.stat", "usage_usec") * 1000
        used = int((group / "memory.current").read_text())
        return Sample(time.monotonic(), cpu, max(0, used - _field(group / "memory.stat", "inactive_file")))


def was_out_of_memory(cgroup: str) -> bool:
    """Whether the kernel killed a process of the cgroup, which has not been removed yet, for its memory limit."""
    if has_unified_cgroups():
        path = CGROUPS / cgroup.lstrip("/") / "memory.events"
    else:
        path = CGROUPS / "memory" / cgroup.lstrip("/") / "memory.oom_control"
    return path.exists() and _field(path, "oom_kill") > 0


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0
