"""The one process of an instance that is "Kubernetes": API server, controllers and node, on one event loop."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from signal import SIGINT, SIGTERM

import uvicorn

from streamspace_sandbox.control_plane.images import all_images
from streamspace_sandbox.host import network_bridge
from streamspace_sandbox.host.ports import holder, is_taken, listen, next_free
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.kubernetes.apiserver import create_app
from streamspace_sandbox.kubernetes.apiserver.server import server_config
from streamspace_sandbox.kubernetes.controllers.deployments import DeploymentController
from streamspace_sandbox.kubernetes.controllers.garbage import GarbageCollector
from streamspace_sandbox.kubernetes.controllers.namespaces import NamespaceController
from streamspace_sandbox.kubernetes.controllers.replicasets import ReplicaSetController
from streamspace_sandbox.kubernetes.controllers.scheduler import Scheduler
from streamspace_sandbox.kubernetes.controllers.services import ServiceController
from streamspace_sandbox.kubernetes.controllers.volume_claims import ClaimController
from streamspace_sandbox.kubernetes.kubelet.kubelet import Kubelet
from streamspace_sandbox.kubernetes.kubelet.node import make_kubelet
from streamspace_sandbox.kubernetes.machinery.resources import ENDPOINTS, SERVICES
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store
from streamspace_sandbox.lifecycle import removal
from streamspace_sandbox.lifecycle.channel import Owner, StartChannel
from streamspace_sandbox.lifecycle.credentials import issue, write_kubeconfig
from streamspace_sandbox.lifecycle.instance import LOOPBACK, Instance, InstanceState, root_locked, runroot
from streamspace_sandbox.streamspace.deployment import manifests

PORT = 6443
NAMESPACE = "streamspace"
log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the control plane has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class ControlPlane:
    """Runs an instance from its bridge to its removal. `owner` is a process whose end ends the instance."""

    def __init__(
        self, instance: Instance, state: InstanceState, *, owner: Owner | None, up: StartChannel | None
    ) -> None:
        self._instance = instance
        self._state = state
        self._owner = owner
        self._up = up
        self._end = asyncio.Event()

    async def run(self) -> None:
        """Until a signal, the owner's end, or the end of an `up` that has not finished."""
        loop = asyncio.get_running_loop()
        for number in (SIGTERM, SIGINT):
            loop.add_signal_handler(number, self._end.set)
        try:
            await self._serve()
        except StartError as failure:
            log.error("%s", failure)  # noqa: TRY400 - the sentence is all that helps
            if self._up is not None:
                await self._up.send({"failed": str(failure)})
        finally:
            await asyncio.to_thread(self._remove)

    async def _serve(self) -> None:
        self._watch_owner()
        network_bridge.make(self._state.number, self._state.token)
        gateway = network_bridge.address(self._state.number, 1)
        _check_ports(gateway)
        issue(self._instance.tls, [LOOPBACK, gateway])
        sockets = [next_free(LOOPBACK, PORT, listen), listen(gateway, PORT)]
        port: int = sockets[0].getsockname()[1]
        authority = self._instance.tls / "ca.crt"
        write_kubeconfig(
            self._instance.kubeconfig,
            server=f"https://{LOOPBACK}:{port}",
            authority=authority,
            token=self._state.token,
            namespace=NAMESPACE,
        )
        store = Store()
        services, kubelet = self._assemble(store, {"ca.crt": authority.read_bytes()})
        server = self._make_server(store, kubelet)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(sockets=sockets))
            sampling = group.create_task(kubelet.run())
            following = group.create_task(self._follow_up(port))
            await self._end.wait()
            self._mark_as_ending()
            services.close()
            await kubelet.close()
            server.should_exit = server.force_exit = True
            for task in (serving, sampling, following):
                task.cancel()

    def _assemble(self, store: Store, authority: dict[str, bytes]) -> tuple[ServiceController, Kubelet]:
        """The controllers, which live from their watches, and the node."""
        recorder = Recorder(store)
        number, directory = self._state.number, self._instance.directory
        GarbageCollector(store)
        NamespaceController(store)
        ClaimController(store, directory / "volumes")
        Scheduler(store, recorder)
        ReplicaSetController(store, recorder)
        DeploymentController(store, recorder)
        services = ServiceController(store, recorder, number)
        _publish_api(store, network_bridge.address(number, 1))
        kubelet = make_kubelet(
            store,
            recorder,
            directory,
            all_images(),
            runroot=runroot(number),
            cgroup=self._instance.cgroup,
            number=number,
            account={**authority, "token": self._state.token.encode()},
            api_port=PORT,
            time_scale=self._state.time_scale,
        )
        return services, kubelet

    def _make_server(self, store: Store, kubelet: Kubelet) -> uvicorn.Server:
        tls = self._instance.tls
        app = create_app(store, kubelet, self._state.token)
        config = server_config(app, certificate=tls / "server.crt", key=tls / "server.key")
        return _Server(config)

    def _watch_owner(self) -> None:
        if self._owner is None:
            return
        owner, handle = self._owner.pid, self._owner.handle
        if handle is None:
            raise StartError(
                f"Process {owner}, the owner of the sandbox, does not exist; pass the id of a running process."
            )

        def ended() -> None:
            asyncio.get_running_loop().remove_reader(handle)
            log.info("process %d, the owner, has ended", owner)
            self._end.set()

        asyncio.get_running_loop().add_reader(handle, ended)

    async def _follow_up(self, port: int) -> None:
        """Tell `up` that Kubernetes answers. The instance ends when `up` ends before everything is deployed."""
        if self._up is None:
            return
        await self._up.send({"kubernetes_port": port})
        if await self._up.receive() is None:
            log.info("`up` has ended before StreamSpace was deployed")
            self._end.set()

    def _mark_as_ending(self) -> None:
        state = self._instance.read()
        if state is not None:
            self._instance.write(replace(state, ready=False))

    def _remove(self) -> None:
        with root_locked():
            removal.remove(self._instance)
        removal.remove_root()


def _check_ports(gateway: str) -> None:
    """Raises StartError when a program that listens on all addresses has a port of the cluster's own addresses."""
    services = [manifest["spec"] for manifest in manifests(1) if manifest["kind"] == "Service"]
    ports = [entry["port"] for service in services for entry in service["ports"]]
    for port in (PORT, *ports):
        if is_taken(gateway, port):
            raise StartError(
                f"Port {port}, which the sandbox needs at {gateway}, is taken on all addresses by {holder(port)}: stop "
                "that program, or let it listen on one address; an ordinary user's sandbox has a network of its own."
            )


def _publish_api(store: Store, gateway: str) -> None:
    """Service and Endpoints `kubernetes`. The API listens at the Service's address itself: nothing is forwarded."""
    metadata = {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver"}}
    port = {"name": "https", "port": PORT, "protocol": "TCP"}
    spec = {"type": "ClusterIP", "clusterIP": gateway, "clusterIPs": [gateway], "ports": [{**port, "targetPort": PORT}]}
    store.create(SERVICES, {"metadata": metadata, "spec": spec})
    store.create(ENDPOINTS, {"metadata": metadata, "subsets": [{"addresses": [{"ip": gateway}], "ports": [port]}]})
