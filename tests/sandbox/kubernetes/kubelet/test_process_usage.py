"""The usage of containers without cgroups."""

from pathlib import Path

import pytest

from streamspace_sandbox.kubernetes.kubelet.process_usage import NANOSECONDS_PER_TICK, ProcessUsage

MEBIBYTE = 1024**2


class FakeProcesses:
    """A /proc with processes that are in the namespaces of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self").mkdir()

    def put(self, pid: int, namespace: str, ticks: int, *, of_children: int = 0, pss: int = 1024) -> None:
        """CPU time in ticks; `pss` in KiB."""
        process = self.folder / str(pid)
        (process / "ns").mkdir(parents=True, exist_ok=True)
        target = self.folder / f"namespace-{namespace}"
        target.touch()
        (process / "ns" / "pid").unlink(missing_ok=True)
        (process / "ns" / "pid").symlink_to(target)
        fields = ["S", *["0"] * 10, str(ticks), "0", str(of_children), "0", *["0"] * 10]
        (process / "stat").write_text(f"{pid} (a) name) {' '.join(fields)}")
        (process / "smaps_rollup").write_text(f"00-ff ---p [rollup]\nRss: 9999 kB\nPss: {pss} kB\n")

    def end(self, pid: int) -> None:
        (self.folder / str(pid) / "ns" / "pid").unlink()


@pytest.fixture
def processes(tmp_path: Path) -> FakeProcesses:
    return FakeProcesses(tmp_path)


def test_usage_is_the_sum_over_a_containers_processes(processes: FakeProcesses) -> None:
    processes.put(10, "a", 5)
    processes.put(11, "a", 2, of_children=3)
    processes.put(12, "b", 100)
    usage = ProcessUsage(processes.folder)
    usage.follow("one", 10)
    sample = usage.read({"one"})["one"]
    assert sample.cpu_nanoseconds == 10 * NANOSECONDS_PER_TICK
    assert sample.memory_bytes == 2 * MEBIBYTE


def test_usage_of_ended_processes_is_kept(processes: FakeProcesses) -> None:
    processes.put(10, "a", 5)
    processes.put(11, "a", 70)
    usage = ProcessUsage(processes.folder)
    usage.follow("one", 10)
    usage.read({"one"})
    processes.end(11)
    processes.put(10, "a", 6)
    assert usage.read({"one"})["one"].cpu_nanoseconds >= 75 * NANOSECONDS_PER_TICK


def test_usage_of_an_ended_container_is_forgotten(processes: FakeProcesses) -> None:
    processes.put(10, "a", 5)
    usage = ProcessUsage(processes.folder)
    usage.follow("one", 10)
    assert usage.read(set()) == {}
    assert usage.read({"one"}) == {}


def test_usage_of_a_container_that_ended_at_once_is_none(processes: FakeProcesses) -> None:
    processes.put(12, "b", 100)
    usage = ProcessUsage(processes.folder)
    usage.follow("one", 99)
    assert usage.read({"one"}) == {}
