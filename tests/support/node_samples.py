"""A cluster with nodes, pods that request of them, and commands with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamspace_acceptance.cluster.exec import ExecResult
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from tests.support.samples import pod_json


class FakeNodes:
    """A cluster whose commands answer by what is in them, and whose nodes and pods are given."""

    namespace = "streamspace"

    def __init__(self, said: dict[str, ExecResult], nodes: Sequence[Any] = (), pods: Sequence[Any] = ()) -> None:
        self._said, self._nodes, self._pods = said, nodes, pods

    def execute(self, _: Pod, command: Sequence[str]) -> ExecResult:
        found = next((result for word, result in self._said.items() if word in command[-1]), None)
        if found is None:
            raise ClusterError("exec: forbidden", 403)
        return found

    def raw_nodes(self) -> Sequence[Any]:
        if not self._nodes:
            raise ClusterError("list nodes: forbidden", 403)
        return self._nodes

    def raw_items(self, _: str) -> Sequence[Any]:
        return self._pods


def node(*, cpu: str = "4", pods: str = "110", pressure: str = "False") -> Any:
    return {
        "metadata": {"name": "node-1"},
        "status": {
            "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": pods},
            "conditions": [{"type": "MemoryPressure", "status": pressure}, {"type": "Ready", "status": "True"}],
        },
    }


def requesting(cpu: str, **changes: Any) -> Any:
    found = pod_json(**changes)
    found["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu, "memory": "1Gi"}}
    return found
