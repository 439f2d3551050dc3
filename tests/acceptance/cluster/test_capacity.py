"""How large the cluster is, in words; what may not be asked is unknown and stops nothing."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.cluster import capacity
from streamspace_acceptance.cluster.kubernetes import ClusterError


class FakeCluster:
    def __init__(self, *nodes: tuple[str, str]) -> None:
        self._nodes = nodes

    def raw_nodes(self) -> list[dict[str, Any]]:
        if not self._nodes:
            raise ClusterError("list nodes: 403 Forbidden", 403)
        return [{"status": {"capacity": {"cpu": cpu, "memory": memory}}} for cpu, memory in self._nodes]


def test_nodes_are_summed() -> None:
    told = capacity.nodes(FakeCluster(("4", "16Gi"), ("500m", "1048576Ki")))  # type: ignore[arg-type]
    assert told == "2 nodes, 4.5 CPU, 17.0 GiB RAM"
    assert capacity.nodes(FakeCluster(("8", "16Gi"))).startswith("1 node, 8 CPU")  # type: ignore[arg-type]


def test_forbidden_nodes_are_not_visible() -> None:
    assert capacity.nodes(FakeCluster()) == "not visible to this user"  # type: ignore[arg-type]
