"""The cluster of a contract test: the stand-in's parts in this process, or a real Kubernetes."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamspace_sandbox.kubernetes.kubelet.kubelet import Kubelet
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import EVENTS, PODS, Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import Store
from tests.support.api_store import ApiStore

NAMESPACE = "default"
SHELL_IMAGE = "streamspace-api:local"
"""An image that runs as root; tests give it commands of their own."""
LONGEST_WAIT = 60.0
"""Seconds; many times what a busy machine takes. A test that passes less judges the time itself."""
TERMINAL_SIZE = (101, 37)
"""Columns and rows of the terminal in which `Cluster.execute` runs a command."""


@dataclass(frozen=True)
class NodeParts:
    """Parts of the stand-in's node: its kubelet, and its directory on this machine."""

    kubelet: Kubelet
    directory: Path


class Cluster(ABC):
    """Objects in a store, with controllers that act on them. `node` is the name of a node."""

    def __init__(self, store: Store | ApiStore, node: str) -> None:
        self.store = store
        self.node = node

    @property
    @abstractmethod
    def parts(self) -> NodeParts:
        """The stand-in's own. Against a real Kubernetes the test is skipped."""

    @abstractmethod
    async def until(self, happened: Callable[[], Any], seconds: float = LONGEST_WAIT) -> Any:
        """The result of `happened`, once it is true. Raises TimeoutError."""

    @abstractmethod
    async def settle(self) -> None:
        """Until the controllers have done what follows from the latest change."""

    @abstractmethod
    async def log(
        self, name: str, *, follow: bool = False, previous: bool = False, tail_lines: int | None = None
    ) -> str:
        """The log of a pod's container `main`. Raises `ApiError`."""

    @abstractmethod
    async def execute(
        self, name: str, *command: str, container: str = "main", stdin: bytes = b"", tty: bool = False
    ) -> tuple[int, str]:
        """(exit code, output) of a command in a container of a pod. Raises `ApiError`."""

    def create(self, resource: Resource, name: str, **fields: Any) -> Obj:
        metadata: Obj = {"name": name, **fields.pop("metadata", {})}
        if resource.namespaced:
            metadata.setdefault("namespace", NAMESPACE)
        return self.store.create(resource, {"metadata": metadata, **fields})

    def run(self, name: str, script: str, *, container: Obj | None = None, **spec: Any) -> Obj:
        """A pod whose only container runs a shell script."""
        main = {"name": "main", "image": SHELL_IMAGE, "command": ["/bin/bash", "-c", script], **(container or {})}
        return self.create(PODS, name, spec={"containers": [main], **spec})

    def find(self, resource: Resource, name: str, namespace: str = NAMESPACE) -> Obj | None:
        try:
            return self.store.get(resource, namespace if resource.namespaced else None, name)
        except ApiError:
            return None

    def pods(self, labels: str | None = None) -> list[Obj]:
        return self.store.list(PODS, NAMESPACE, labels)[0]

    def reasons(self, name: str) -> set[str]:
        """Of the events about the object with this name."""
        events = self.store.list(EVENTS, NAMESPACE)[0]
        return {event["reason"] for event in events if event["involvedObject"]["name"] == name}

    def make_ready(self, pod: Obj) -> None:
        """Do what a kubelet does when a pod's containers have become ready."""

        def change(obj: Obj) -> None:
            obj["status"] |= {"phase": "Running", "podIP": "10.231.0.99"}
            obj["status"]["conditions"] = [{"type": "Ready", "status": "True"}]

        self.store.mutate(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change, subresource="status")


ClusterTest = Callable[[Cluster], Awaitable[None]]
RunTest = Callable[[ClusterTest], None]
"""Runs a test on the cluster that CONTRACT_KUBERNETES selects."""


def container_status(pod: Obj) -> Obj:
    """The status of a pod's first container; empty before it has one."""
    entries: list[Obj] = pod["status"].get("containerStatuses") or [{}]
    return entries[0]


def ended(cluster: Cluster, name: str) -> Callable[[], Obj | None]:
    """The pod, once it has ended; for `Cluster.until`."""

    def happened() -> Obj | None:
        pod = cluster.find(PODS, name)
        return pod if pod and pod["status"].get("phase") in ("Succeeded", "Failed") else None

    return happened


def ready(cluster: Cluster, name: str) -> Callable[[], Obj | None]:
    """The pod, once its container is ready; for `Cluster.until`."""

    def happened() -> Obj | None:
        pod = cluster.find(PODS, name)
        return pod if pod and container_status(pod).get("ready") else None

    return happened
