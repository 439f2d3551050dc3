"""The nodes' processors, read from the kernel's counters."""

from __future__ import annotations

from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError, ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter, describe, keeps_waiting, parse, saturated
from tests.support.samples import pod, pod_json


class Cluster:
    """One node; each read shows 100 ticks more, 25 of them idle and 15 waiting for a disk."""

    def __init__(self, *, readable: bool = True) -> None:
        self.reads = 0
        self.readable = readable

    def pods(self) -> list[Any]:
        return [pod(), pod(name="second", uid="uid-2")]

    def execute(self, _pod: object, _command: object) -> ExecResult:
        if not self.readable:
            raise ClusterError("exec is refused")
        self.reads += 1
        return ExecResult(f"cpu  {60 * self.reads} 0 0 {25 * self.reads} {15 * self.reads} 0 0 0 0 0\ncpu0 1\n", "", 0)


def test_share_is_the_difference_of_two_reads() -> None:
    meter = NodeBusyMeter.begin(Cluster())  # type: ignore[arg-type]
    assert meter.shares() == {"node-1": pytest.approx(0.6)}


def test_node_that_cannot_be_read_has_no_share() -> None:
    meter = NodeBusyMeter.begin(Cluster(readable=False))  # type: ignore[arg-type]
    assert meter.shares() == {}
    assert "not to be had" in describe({})


def test_node_above_nine_tenths_is_saturated() -> None:
    assert saturated({"a": 0.9, "b": 0.91}) == "the machine was the bottleneck: b was 91% busy"
    assert saturated({"a": 0.9}) == ""
    assert saturated({"a": 0.99, "b": 0.91}) == "the machine was the bottleneck: a, b were at least 91% busy"


@pytest.mark.parametrize("text", ["", "cpu", "cpu 1 2 3", "intr 1 2 3 4 5 6", "cpu a b c d e f"])
def test_anything_else_than_counters_is_not_read(text: str) -> None:
    assert parse(text) is None


class Guests(Cluster):
    """A pod in a virtual machine comes first, and the second pod is gone after the first read."""

    def pods(self) -> list[Any]:
        guest = pod(name="guest", uid="uid-0")
        guest.object["spec"]["runtimeClassName"] = "kata"
        return [guest, pod(name="third", uid="uid-3") if self.reads else pod(name="second", uid="uid-2")]

    def execute(self, read: Any, command: object) -> ExecResult:
        assert read.meta.name != "guest"
        if self.reads and read.meta.name == "second":
            raise ClusterError("not found")
        return super().execute(read, command)


def test_share_is_read_in_another_pod_of_the_node_but_no_guest() -> None:
    meter = NodeBusyMeter.begin(Guests())  # type: ignore[arg-type]
    assert meter.pods["node-1"].meta.name == "second"
    assert meter.shares() == {"node-1": pytest.approx(0.6)}


class FullNode(Cluster):
    """One node, `idle` of whose 100 ticks are left between two reads."""

    def __init__(self, idle: int) -> None:
        super().__init__()
        self.idle = idle

    def execute(self, _pod: object, _command: object) -> ExecResult:
        self.reads += 1
        busy = (100 - self.idle) * self.reads
        return ExecResult(f"cpu  {busy} 0 0 {self.idle * self.reads} 0 0 0 0 0 0\n", "", 0)


@pytest.mark.parametrize(
    ("idle", "state", "late"),
    [
        (1, {"waiting": {"reason": "ContainerCreating"}}, True),
        (5, {"waiting": {"reason": "ContainerCreating"}}, False),
        (1, {"waiting": {"reason": "ContainerCreating", "message": "secret not found"}}, False),
        (1, {"waiting": {"reason": "ImagePullBackOff"}}, False),
        (1, {"running": {}}, False),
    ],
)
def test_pod_waits_for_a_node_without_processor_time(
    idle: int, state: dict[str, Any], late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_busy, "LOOK_SECONDS", 0.0)
    creating = pod_json(ready=False, phase="Pending")
    creating["status"]["containerStatuses"][0]["state"] = state
    waiting = Pod.of(creating)
    reason = keeps_waiting(FullNode(idle), [waiting])  # type: ignore[arg-type]
    assert reason == (f"{waiting.describe()} waits for its containers, and node-1 was 99% busy" if late else "")
