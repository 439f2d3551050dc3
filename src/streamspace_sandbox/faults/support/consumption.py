"""A component that uses a known amount of its node: a process beside it tops its use up to a target.

The process reads what the container uses in all, so that the target holds whatever the component itself does. As a
program: `python -m streamspace_sandbox.faults.support.consumption CORES MIB`; 0 leaves the resource alone.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap

CGROUPS = Path("/sys/fs/cgroup")
STEP_SECONDS = 0.05
LARGEST_DEBT = 0.05
"""Seconds of CPU time that are made up for at the most: a burst of the component is not paid back for long."""
MIB = 1024**2


def top_up(target: str, *, cores: float = 0.0, mebibytes: int = 0) -> Patch:
    """When the component calls `target` for the first time, its container begins to use so much in all."""

    def beginning(original: Any, *arguments: Any, **options: Any) -> Any:
        subprocess.Popen([sys.executable, "-m", __name__, str(cores), str(mebibytes)])
        return original(*arguments, **options)

    return wrap(target, beginning)


def _file(controller: str, name: str) -> Path:
    """A file of the container's own cgroup, v1 (of a controller) or v2."""
    own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    path = next((path for names, path in own.items() if controller in names.split(",")), "/").lstrip("/")
    v1 = CGROUPS / controller
    return next(file for file in (v1 / path / name, v1 / name, CGROUPS / path / name, CGROUPS / name) if file.exists())


class _Cpu:
    """Burns what is missing to the target in each step."""

    def __init__(self, cores: float) -> None:
        self._cores = cores
        self._usage = _file("cpuacct", "cpuacct.usage")
        self._at, self._used, self._debt = time.monotonic(), self._read(), 0.0

    def step(self) -> None:
        now, used = time.monotonic(), self._read()
        self._debt += self._cores * (now - self._at) - (used - self._used)
        self._debt = min(max(self._debt, -LARGEST_DEBT), LARGEST_DEBT)
        self._at, self._used = now, used
        end = time.process_time() + self._debt
        while time.process_time() < end:
            pass

    def _read(self) -> float:
        return int(self._usage.read_text()) / 1e9


class _Memory:
    """Holds blocks of one MiB, as many as are missing to the target."""

    def __init__(self, mebibytes: int) -> None:
        self._target = mebibytes * MIB
        self._usage, self._stat = _file("memory", "memory.usage_in_bytes"), _file("memory", "memory.stat")
        self._blocks: list[bytes] = []

    def step(self) -> None:
        missing = (self._target - self._working_set()) // MIB
        if missing >= 0:
            self._blocks += [bytes([number % 255 + 1]) * MIB for number in range(missing)]
        else:
            del self._blocks[missing:]

    def _working_set(self) -> int:
        lines = dict(line.split() for line in self._stat.read_text().splitlines())
        return int(self._usage.read_text()) - int(lines.get("total_inactive_file", lines.get("inactive_file", 0)))


def main(arguments: list[str]) -> None:
    cores, mebibytes = float(arguments[0]), int(arguments[1])
    parts: list[_Cpu | _Memory] = [*([_Cpu(cores)] if cores else []), *([_Memory(mebibytes)] if mebibytes else [])]
    while True:
        for part in parts:
            part.step()
        time.sleep(STEP_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
