"""Parts of a cluster in this process, for tests: a store with controllers, and a real node where one is needed."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from streamspace_sandbox.control_plane.images import all_images
from streamspace_sandbox.host import network_bridge, processes
from streamspace_sandbox.kubernetes.controllers.deployments import DeploymentController
from streamspace_sandbox.kubernetes.controllers.garbage import GarbageCollector
from streamspace_sandbox.kubernetes.controllers.namespaces import NamespaceController
from streamspace_sandbox.kubernetes.controllers.replicasets import ReplicaSetController
from streamspace_sandbox.kubernetes.controllers.scheduler import Scheduler
from streamspace_sandbox.kubernetes.controllers.volume_claims import ClaimController
from streamspace_sandbox.kubernetes.kubelet import host_capacity
from streamspace_sandbox.kubernetes.kubelet.kubelet import Kubelet
from streamspace_sandbox.kubernetes.kubelet.node import make_kubelet
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import EVENTS, PODS, Obj, Resource
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store
from streamspace_sandbox.lifecycle import removal
from streamspace_sandbox.lifecycle.instance import Instance, InstanceState, claimed_numbers, root_locked, runroot

NAMESPACE = "default"
SHELL_IMAGE = "streamspace-api:local"
"""An image that runs as root; tests give it commands of their own."""
LONGEST_WAIT = 60.0
"""Seconds; many times what a busy machine takes. A test that passes less judges the time itself."""


@dataclass
class Cluster:
    """A store with its controllers; with a node, pods really run."""

    store: Store
    kubelet: Kubelet | None = None
    directory: Path | None = None

    def create(self, resource: Resource, name: str, **fields: Any) -> Obj:
        metadata: Obj = {"name": name, **fields.pop("metadata", {})}
        if resource.namespaced:
            metadata.setdefault("namespace", NAMESPACE)
        return self.store.create(resource, {"metadata": metadata, **fields})

    def run(self, name: str, script: str, *, container: Obj | None = None, **spec: Any) -> Obj:
        """A pod whose only container runs a shell script."""
        main = {"name": "main", "image": SHELL_IMAGE, "command": ["/bin/bash", "-c", script], **(container or {})}
        return self.create(PODS, name, spec={"nodeName": host_capacity.NAMES[0], "containers": [main], **spec})

    def find(self, resource: Resource, name: str, namespace: str = NAMESPACE) -> Obj | None:
        try:
            return self.store.get(resource, namespace if resource.namespaced else None, name)
        except ApiError:
            return None

    def pods(self, labels: str | None = None) -> list[Obj]:
        return self.store.list(PODS, None, labels)[0]

    def reasons(self, name: str) -> set[str]:
        """Of the events about the object with this name."""
        events = self.store.list(EVENTS, None)[0]
        return {event["reason"] for event in events if event["involvedObject"]["name"] == name}

    async def until(self, happened: Callable[[], Any], seconds: float = LONGEST_WAIT) -> Any:
        """The result of `happened`, once it is true. It is called after each change of any object."""
        changed = asyncio.Event()
        subscriptions = [
            self.store.watch(resource, callback=lambda _: changed.set())
            for resource in self.store.resources
            if resource.group != "metrics.k8s.io"
        ]
        try:
            async with asyncio.timeout(seconds):
                while not (result := happened()):
                    changed.clear()
                    await changed.wait()
                return result
        finally:
            for subscription in subscriptions:
                subscription.close()

    async def settle(self) -> None:
        """Until the controllers have done what follows from the latest change."""
        for _ in range(50):
            await asyncio.sleep(0)

    def make_ready(self, pod: Obj) -> None:
        """Do what a kubelet does when a pod's containers have become ready."""

        def change(obj: Obj) -> None:
            obj["status"] |= {"phase": "Running", "podIP": "10.231.0.99"}
            obj["status"]["conditions"] = [{"type": "Ready", "status": "True"}]

        self.store.mutate(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], change, subresource="status")


def controllers(store: Store, directory: Path) -> None:
    recorder = Recorder(store)
    GarbageCollector(store)
    NamespaceController(store)
    ClaimController(store, directory / "volumes")
    Scheduler(store, recorder)
    ReplicaSetController(store, recorder)
    DeploymentController(store, recorder)


def virtual(directory: Path) -> Cluster:
    """Controllers and nodes without a kubelet: pods stay as the test leaves them."""
    store = Store()
    controllers(store, directory)
    host_capacity.register(store, "10.231.0.1", [])
    return Cluster(store)


@asynccontextmanager
async def real() -> AsyncIterator[Cluster]:
    """Controllers, and a node that runs pods; everything is removed at the end. Needs root."""
    instance = Instance(f"node-test-{os.getpid()}")
    with root_locked():
        number = network_bridge.free_number(claimed_numbers())
        instance.directory.mkdir()
        instance.write(InstanceState(number=number, process=processes.current(), since="", time_scale=0.1, token=""))
        network_bridge.make(number, "")
    store = Store()
    controllers(store, instance.directory)
    kubelet = make_kubelet(
        store,
        Recorder(store),
        instance.directory,
        all_images(),
        runroot=runroot(number),
        cgroup=instance.cgroup,
        number=number,
        account={"token": b"secret", "ca.crt": b"authority"},
        api_port=6443,
        time_scale=0.1,
    )
    sampling = asyncio.create_task(kubelet.run())
    try:
        yield Cluster(store, kubelet, instance.directory)
    finally:
        sampling.cancel()
        await kubelet.close()
        with root_locked():
            removal.remove(instance)
        removal.remove_root()


def on_a_node(test: Callable[[Cluster], Awaitable[None]]) -> None:
    """Run `test` on a cluster whose pods really run."""

    async def main() -> None:
        async with real() as cluster:
            await test(cluster)

    uvloop.run(main())


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


async def log(cluster: Cluster, name: str, **options: Any) -> str:
    """The log of a pod's container `main`."""
    assert cluster.kubelet is not None
    pod = cluster.store.get(PODS, NAMESPACE, name)
    return b"".join([part async for part in await cluster.kubelet.logs(pod, "main", LogOptions(**options))]).decode()


async def execute(
    cluster: Cluster, name: str, *command: str, container: str = "main", stdin: bytes = b"", tty: bool = False
) -> tuple[int, str]:
    """(exit code, output) of a command in a container of a pod."""
    assert cluster.kubelet is not None
    pod = cluster.store.get(PODS, NAMESPACE, name)
    session = await cluster.kubelet.exec(pod, container, command, tty=tty, stdin=True)
    if tty:
        await session.resize(101, 37)
    await session.write(stdin)
    if not tty:
        await session.close_stdin()
    output = b"".join([part async for part in session.stdout()] + [part async for part in session.stderr()])
    return await session.wait(), output.decode()
