"""The nodes' capacity, the requests of the pods on them, and the pods for which there is no place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.cluster.requests import requested
from streamspace_acceptance.domain.performance.room import all_pods

Json = dict[str, Any]

RESOURCES = ("cpu", "memory")
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")


@dataclass(frozen=True)
class NodeRoom:
    """A node: its allocatable resources, and what the pods on it request. CPU in cores, memory in bytes."""

    name: str
    allocatable: Mapping[str, Decimal]
    pods_allocatable: int
    requested: Mapping[str, Decimal]
    pods: int
    pressures: Sequence[str]

    @property
    def exceeded(self) -> dict[str, str]:
        """The ways in which more is on the node than it can hold, and its complaints of pressure: a sentence each."""
        over = {
            name: f"{self.name}: pods request {self.requested[name]:f} of {self.allocatable[name]:f} {name}"
            for name in RESOURCES
            if self.requested[name] > self.allocatable[name]
        }
        if self.pods > self.pods_allocatable:
            over["pods"] = f"{self.name}: {self.pods} pods of {self.pods_allocatable}"
        return over | {pressure: f"{self.name} reports {pressure}" for pressure in self.pressures}

    def __str__(self) -> str:
        memory, all_memory = (given["memory"] / 1024**3 for given in (self.requested, self.allocatable))
        return (
            f"{self.name}: {self.pods} pods of {self.pods_allocatable}, {self.requested['cpu']:f} of"
            f" {self.allocatable['cpu']:f} cores and {memory:.1f} of {all_memory:.1f} GiB requested"
            f"{'; ' if self.pressures else ''}{', '.join(self.pressures)}"
        )


@dataclass(frozen=True)
class Capacity:
    """The nodes at one moment. `unknown`: why they cannot be read; `of`: whose pods are counted."""

    nodes: Sequence[NodeRoom]
    of: str
    unknown: str = ""

    @property
    def exceeded(self) -> dict[tuple[str, str], str]:
        """{(node, way): sentence} for all that is too much for a node."""
        return {(node.name, way): words for node in self.nodes for way, words in node.exceeded.items()}

    def table(self) -> str:
        """For the report."""
        return self.unknown or "\n".join([*map(str, self.nodes), f"counted: {self.of}"])


def read(cluster: Cluster) -> Capacity:
    """The nodes that take new pods, and the requests of the pods on them, where Kubernetes lets one look."""
    try:
        nodes = [node for node in cluster.raw_nodes() if not (node.get("spec") or {}).get("unschedulable")]
    except ClusterError as error:
        reason = rights.unmeasured(cluster) if error.status == FORBIDDEN else " ".join(str(error).split())
        return Capacity((), "", f"the nodes cannot be read: {reason}")
    pods, of = all_pods(cluster)
    return Capacity([_room(node, pods) for node in nodes], of)


def unschedulable(pods: Sequence[Json]) -> list[str]:
    """The pods that no node takes, each with the scheduler's reason."""
    return [
        f"{pod['metadata']['name']}: {condition.get('message') or 'Unschedulable'}"
        for pod in pods
        for condition in (pod.get("status") or {}).get("conditions") or ()
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable"
    ]


def lost(pods: Sequence[Json]) -> dict[tuple[str, str, str], str]:
    """The pods that a node evicted, or whose container it ended for lack of memory, in a sentence each.

    The keys tell one such end from another: Kubernetes shows the last one of a container for as long as the pod lives.
    """
    found = dict[tuple[str, str, str], str]()
    for pod in pods:
        status, name, uid = pod.get("status") or {}, pod["metadata"]["name"], pod["metadata"]["uid"]
        if status.get("reason") == "Evicted":
            found[uid, "", ""] = f"{name} was evicted: {status.get('message', '')}"
        for container in status.get("containerStatuses") or ():
            for state in (container.get("state") or {}, container.get("lastState") or {}):
                ended = state.get("terminated") or {}
                if ended.get("reason") == "OOMKilled":
                    key = uid, str(container.get("name")), str(ended.get("finishedAt"))
                    found[key] = f"{name} was ended for lack of memory"
    return found


def size_of(resources: object) -> dict[str, str]:
    """The quantities of a template's resources; those that it does not name are left out."""
    given = resources if isinstance(resources, dict) else {}
    return {name: given[name] for name in RESOURCES if isinstance(given.get(name), str)}


def _room(node: Json, pods: Sequence[Json]) -> NodeRoom:
    name, status = node["metadata"]["name"], node["status"]
    own = [
        pod
        for pod in pods
        if (pod.get("spec") or {}).get("nodeName") == name
        and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
    ]
    requests = [requested(pod) for pod in own]
    return NodeRoom(
        name=name,
        allocatable={resource: amount(status["allocatable"][resource]) for resource in RESOURCES},
        pods_allocatable=int(amount(status["allocatable"]["pods"])),
        requested={resource: sum((request[resource] for request in requests), Decimal(0)) for resource in RESOURCES},
        pods=len(own),
        pressures=[
            condition["type"]
            for condition in status.get("conditions") or ()
            if condition["type"] in PRESSURES and condition["status"] == "True"
        ],
    )
