"""The stand-in's parts in this process: a store with controllers, and a node where pods must run."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streamspace_sandbox.control_plane.images import all_images
from streamspace_sandbox.host import network_bridge, processes
from streamspace_sandbox.kubernetes.controllers.deployments import DeploymentController
from streamspace_sandbox.kubernetes.controllers.garbage import GarbageCollector
from streamspace_sandbox.kubernetes.controllers.namespaces import NamespaceController
from streamspace_sandbox.kubernetes.controllers.replicasets import ReplicaSetController
from streamspace_sandbox.kubernetes.controllers.scheduler import Scheduler
from streamspace_sandbox.kubernetes.controllers.volume_claims import ClaimController
from streamspace_sandbox.kubernetes.kubelet import host_capacity
from streamspace_sandbox.kubernetes.kubelet.node import make_kubelet
from streamspace_sandbox.kubernetes.machinery.resources import PODS
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store
from streamspace_sandbox.lifecycle import removal
from streamspace_sandbox.lifecycle.instance import Instance, InstanceState, root_locked, runroot
from tests.support.bridges import free_number
from tests.support.contract_cluster import LONGEST_WAIT, NAMESPACE, TERMINAL_SIZE, Cluster, NodeParts


class StandInCluster(Cluster):
    """A store with its controllers; with the parts of a node, pods really run."""

    def __init__(self, store: Store, parts: NodeParts | None = None) -> None:
        super().__init__(store, host_capacity.NAMES[0])
        self._store = store
        self._parts = parts

    @property
    def parts(self) -> NodeParts:
        assert self._parts is not None
        return self._parts

    async def until(self, happened: Callable[[], Any], seconds: float = LONGEST_WAIT) -> Any:
        """`happened` is called after each change of any object."""
        changed = asyncio.Event()
        subscriptions = [
            self._store.watch(resource, callback=lambda _: changed.set())
            for resource in self._store.resources
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
        for _ in range(50):
            await asyncio.sleep(0)

    async def log(
        self, name: str, *, follow: bool = False, previous: bool = False, tail_lines: int | None = None
    ) -> str:
        pod = self._store.get(PODS, NAMESPACE, name)
        options = LogOptions(follow=follow, previous=previous, tail_lines=tail_lines)
        return b"".join([part async for part in await self.parts.kubelet.logs(pod, "main", options)]).decode()

    async def execute(
        self, name: str, *command: str, container: str = "main", stdin: bytes = b"", tty: bool = False
    ) -> tuple[int, str]:
        pod = self._store.get(PODS, NAMESPACE, name)
        session = await self.parts.kubelet.exec(pod, container, command, tty=tty, stdin=True)
        if tty:
            await session.resize(*TERMINAL_SIZE)
        await session.write(stdin)
        if not tty:
            await session.close_stdin()
        output = b"".join([part async for part in session.stdout()] + [part async for part in session.stderr()])
        return await session.wait(), output.decode()


def controllers(store: Store, directory: Path) -> None:
    recorder = Recorder(store)
    GarbageCollector(store)
    NamespaceController(store)
    ClaimController(store, directory / "volumes")
    Scheduler(store, recorder)
    ReplicaSetController(store, recorder)
    DeploymentController(store, recorder)


def stand_in_controllers(directory: Path) -> StandInCluster:
    """Controllers and nodes without a kubelet: pods stay as the test leaves them."""
    store = Store()
    controllers(store, directory)
    host_capacity.register(store, "10.231.0.1", [])
    return StandInCluster(store)


@asynccontextmanager
async def stand_in_node() -> AsyncIterator[StandInCluster]:
    """Controllers, and a node that runs pods; everything is removed at the end. Needs root."""
    instance = Instance(f"node-test-{os.getpid()}")
    with root_locked():
        number = free_number()
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
        yield StandInCluster(store, NodeParts(kubelet, instance.directory))
    finally:
        sampling.cancel()
        await kubelet.close()
        with root_locked():
            removal.remove(instance)
        removal.remove_root()
