"""Cutting a pod off by the first method that works, in a fixed order: the plan's own comes first."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption import ephemeral_container_cut, iptables_cut, network_policy_cut
from streamspace_acceptance.disruption.cut_methods import CutMethod, MethodUnavailable
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.disruption.ephemeral_container_cut import EphemeralContainerCut
from streamspace_acceptance.disruption.iptables_cut import IptablesCut
from streamspace_acceptance.disruption.network_policy_cut import NetworkPolicyCut
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.waiting import now


@dataclass(frozen=True)
class CutTarget:
    """A pod to cut off from a TCP port. `service_ports` are that port and those of the pods behind it.

    `mark` is a name for what is created; `image` is that of an ephemeral container.
    """

    cluster: Cluster
    pod: Pod
    port: int
    service_ports: frozenset[int]
    mark: str
    image: str


@dataclass(frozen=True)
class CutKind:
    """A kind of method: its name in the journal, and how a cut by it is made and reverted from its record."""

    by: str
    make: Callable[[CutTarget], CutMethod]
    revert: Callable[[Cluster, dict[str, Any]], None]


KINDS = (
    CutKind("iptables", lambda at: IptablesCut(at.cluster, at.pod, at.port, at.mark), iptables_cut.revert),
    CutKind(
        "helper",
        lambda at: EphemeralContainerCut(at.cluster, at.pod, at.port, at.mark, at.image),
        ephemeral_container_cut.revert,
    ),
    CutKind(
        "policy",
        lambda at: NetworkPolicyCut(at.cluster, at.pod, at.service_ports, at.mark),
        network_policy_cut.revert,
    ),
)
"""In the order in which they are tried: iptables in the pod, in an ephemeral container, a NetworkPolicy."""


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
    """All methods, in their order. A network may apply a policy to the port of the API's Service or of its pods."""
    mark = f"streamspace-acceptance-{secrets.token_hex(4)}"
    containers = [container for pod in cluster.raw_pods(**api_labels) for container in pod["spec"]["containers"]]
    ports = {int(port["containerPort"]) for container in containers for port in container.get("ports") or ()}
    target = CutTarget(cluster, pod, port, frozenset({port, *ports}), mark, image)
    return [kind.make(target) for kind in KINDS]


def cut(disruptions: Disruptions, among: Sequence[CutMethod], check: Callable[[float], None]) -> Cut:
    """Cuts by the first method that works. `check` is called with the moment from which it should hold; it raises
    MethodUnavailable when the pod does not seem to be cut off. Unproven when no method works in this cluster.

    Where a certain method holds packets back, it is the product that tells of what cannot have come. ClusterError when
    somebody else has reverted the cut.
    """
    closed: list[str] = []
    for method in among:
        try:
            disruptions.apply(method)
            at = now()
            _check(disruptions, method, at, check)
        except MethodUnavailable as error:
            disruptions.revert(method)
            closed.append(f"not possible: {method.name}: {error}")
        else:
            return Cut(method, at, tuple(closed))
    raise Unproven("no method can cut the network here; " + "; ".join(closed))


def _check(disruptions: Disruptions, method: CutMethod, at: float, check: Callable[[float], None]) -> None:
    try:
        check(at)
    except MethodUnavailable:
        disruptions.check_held()
        if not method.is_certain:
            raise


def revert(cluster: Cluster, record: dict[str, Any]) -> None:
    """Reverts a cut from its record; one without `by` is of an older version, which knew iptables alone."""
    by = record.get("by", "iptables")
    next(kind for kind in KINDS if kind.by == by).revert(cluster, record)
