"""The size of the cluster in words, for the reports. A value that Kubernetes does not give is "unknown"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.quantities import amount

_GIB = 1024**3


def nodes(cluster: Cluster) -> str:
    """ "2 nodes, 8 CPU, 31.2 GiB RAM": the nodes' capacity in sum. Not every kubeconfig may list nodes."""
    return _or_unknown(lambda: _nodes(cluster.raw_nodes()))


def _nodes(found: list[dict[str, Any]]) -> str:
    capacities = [node["status"]["capacity"] for node in found]
    cpu = float(sum(amount(capacity["cpu"]) for capacity in capacities))
    memory = sum(amount(capacity["memory"]) for capacity in capacities) / _GIB
    return f"{len(found)} {'node' if len(found) == 1 else 'nodes'}, {cpu:g} CPU, {memory:.1f} GiB RAM"


def _or_unknown(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except (ClusterError, KeyError, ValueError) as error:
        if isinstance(error, ClusterError) and error.status == FORBIDDEN:
            return "not visible to this user"
        return f"unknown ({error})"
