"""Cutting a pod off by the first method that works, in a fixed order: the plan's own comes first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption import ephemeral_container_cut, iptables_cut, network_policy_cut
from streamspace_acceptance.disruption.cut_methods import CutMethod, MethodUnavailable
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.waiting import now

REVERTS: dict[str, Callable[[Cluster, dict[str, Any]], None]] = {
    "iptables": iptables_cut.revert,
    "helper": ephemeral_container_cut.revert,
    "policy": network_policy_cut.revert,
}


@dataclass(frozen=True)
class Cut:
    """The way that was open, the moment from which it held, and why those before it were not."""

    method: CutMethod
    at: float
    closed: tuple[str, ...]

    def describe(self) -> str:
        """For the report."""
        return "\n".join([self.method.name, *self.closed])


def methods(cluster: Cluster, pod: Pod, port: int, *, api_labels: Mapping[str, str], image: str) -> list[CutMethod]:
    """All methods, in their order: iptables in the pod, in an ephemeral container of `image`, a NetworkPolicy.

    A network may apply a policy to the port of the API's Service or to that of its pods.
    """
    mark = f"streamspace-acceptance-{secrets.token_hex(4)}"
    containers = [container for pod in cluster.raw_pods(**api_labels) for container in pod["spec"]["containers"]]
    ports = {int(port["containerPort"]) for container in containers for port in container.get("ports") or ()}
    return [
        iptables_cut.IptablesCut(cluster, pod, port, mark),
        ephemeral_container_cut.EphemeralContainerCut(cluster, pod, port, mark, image),
        network_policy_cut.NetworkPolicyCut(cluster, pod, frozenset({port, *ports}), mark),
    ]


def cut(disruptions: Disruptions, among: Sequence[CutMethod], check: Callable[[float], None]) -> Cut:
    """Cuts by the first method that works. `check` is called with the moment from which it should hold; it raises
    MethodUnavailable when the pod does not seem to be cut off. ClusterError when no method works.

    Where a certain method holds packets back, it is the product that tells of what cannot have come.
    """
    closed: list[str] = []
    for method in among:
        try:
            disruptions.apply(method)
            at = now()
            _check(method, at, check)
        except MethodUnavailable as error:
            disruptions.revert(method)
            closed.append(f"not possible: {method.name}: {error}")
        else:
            return Cut(method, at, tuple(closed))
    raise ClusterError("no method can cut the network; " + "; ".join(closed))


def _check(method: CutMethod, at: float, check: Callable[[float], None]) -> None:
    try:
        check(at)
    except MethodUnavailable:
        if not method.is_certain:
            raise


def revert(cluster: Cluster, record: dict[str, Any]) -> None:
    """Reverts a cut from its record; one without `by` is of an older version, which knew iptables alone."""
    REVERTS[record.get("by", "iptables")](cluster, record)
