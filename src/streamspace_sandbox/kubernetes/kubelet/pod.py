"""One pod on this node, from its binding to its removal."""

import asyncio
import shutil
from dataclasses import replace
from functools import partial

from streamspace_sandbox.kubernetes.kubelet.commands import CommandError
from streamspace_sandbox.kubernetes.kubelet.container import ContainerRunner, PodParts, log_directory
from streamspace_sandbox.kubernetes.kubelet.environment import ConfigError, Environment
from streamspace_sandbox.kubernetes.kubelet.ephemeral_containers import EphemeralContainers
from streamspace_sandbox.kubernetes.kubelet.etc_hosts import HostsFiles, write_resolver
from streamspace_sandbox.kubernetes.kubelet.network import NoAddressError, PodNetwork
from streamspace_sandbox.kubernetes.kubelet.services import Services
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord, pod_status
from streamspace_sandbox.kubernetes.kubelet.stopping import Stop
from streamspace_sandbox.kubernetes.kubelet.volumes import PodVolumes
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import PODS, Obj

RETRY_SECONDS = 2.0
"""The pause before volumes or a network are tried again, before the time scale."""


class PodWorker:
    """Runs a pod from start to removal; `end` stops it."""

    def __init__(self, services: Services, hosts: HostsFiles, pod: Obj) -> None:
        self.pod = pod
        self.stop = Stop()
        self._ephemeral = EphemeralContainers(pod)
        self._services = services
        self._hosts = hosts
        self._started = timestamp()
        self._directory = services.pods / pod["metadata"]["uid"]
        self._volumes = PodVolumes(services.store, pod, self._directory / "volumes", services.account)
        self._network: PodNetwork | None = None
        self._runners: dict[str, ContainerRunner] = {}
        self.followers: set[asyncio.Event] = set()
        """Events that are set at each change, so that followers of a log notice when a container ends."""
        self.records = [ContainerRecord(spec["name"], spec["image"]) for spec in pod["spec"]["containers"]]
        self._sidecars: list[Obj] = pod["spec"].get("initContainers") or []
        self._sidecar_records = [ContainerRecord(spec["name"], spec["image"]) for spec in self._sidecars]

    @property
    def all_records(self) -> list[ContainerRecord]:
        """Of all its containers, the ordinary ones first."""
        return [*self.records, *self._sidecar_records, *self._ephemeral.records]

    def change(self, pod: Obj) -> None:
        """Follow a change of the stored pod: ephemeral containers may have been added."""
        if self._ephemeral.add(pod):
            self._publish()

    def end(self, grace_seconds: float) -> None:
        """Stop the pod within its grace period."""
        self.stop.ask(grace_seconds)
        self._ephemeral.stop.ask(grace_seconds)

    def traffic(self) -> tuple[int, int] | None:
        """The bytes that the pod received and sent since it started; None before it has a network."""
        return None if self._network is None else self._network.traffic()

    def runner(self, container: str) -> ContainerRunner | None:
        """The runner of a container that has been begun."""
        return self._runners.get(container)

    async def run(self) -> None:
        """Until the pod has been deleted and everything of it is removed."""
        try:
            self._directory.mkdir(parents=True)
            self._publish()
            await self._live()
            await self.stop.asked.wait()
            self._remove_object()
        except asyncio.CancelledError:
            # The instance ends, and is removed as a whole.
            raise
        except Exception:
            await self._clear()
            raise
        await self._clear()

    async def _live(self) -> None:
        parts = await self._prepare()
        if parts is None:
            return
        # Ephemeral containers and sidecars end after the ordinary ones.
        lasting = replace(parts, stop=self._ephemeral.stop)
        begin = partial(self._begin, lasting, policy="Never")
        async with asyncio.TaskGroup() as group:
            ephemeral = group.create_task(self._ephemeral.run(begin))
            for spec, record in zip(self._sidecars, self._sidecar_records, strict=True):
                group.create_task(self._begin(lasting, spec, record, "Always").run())
            await self._await_sidecars()
            async with asyncio.TaskGroup() as ordinary:
                for spec, record in zip(self.pod["spec"]["containers"], self.records, strict=True):
                    ordinary.create_task(self._begin(parts, spec, record, self._policy).run())
            # A pod is over with its ordinary containers.
            self._ephemeral.stop.ask(0)
            await ephemeral

    async def _await_sidecars(self) -> None:
        """Return when every sidecar has started, or when the pod is to stop: ordinary containers start after them."""
        changed = asyncio.Event()
        self.followers.add(changed)
        stopped = asyncio.ensure_future(self.stop.asked.wait())
        try:
            while not stopped.done() and not all(record.has_run for record in self._sidecar_records):
                changed.clear()
                woken = asyncio.ensure_future(changed.wait())
                await asyncio.wait({woken, stopped}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
        finally:
            stopped.cancel()
            self.followers.discard(changed)

    @property
    def _policy(self) -> str:
        policy: str = self.pod["spec"].get("restartPolicy") or "Always"
        return policy

    def _begin(self, parts: PodParts, spec: Obj, record: ContainerRecord, policy: str) -> ContainerRunner:
        runner = ContainerRunner(self._services, parts, spec, record, policy)
        self._runners[record.name] = runner
        return runner

    async def _prepare(self) -> PodParts | None:
        """Network and volumes, tried until they exist; None when the pod stops before."""
        while not self.stop.asked.is_set():
            try:
                return await self._parts()
            except ConfigError as error:
                self._warn("FailedMount", f"MountVolume.SetUp failed: {error}")
            except (NoAddressError, CommandError) as error:
                self._warn("FailedCreatePodSandBox", f"Failed to create pod sandbox: {error}")
            await self.stop.sleep(RETRY_SECONDS * self._services.time_scale)
        return None

    async def _parts(self) -> PodParts:
        if self._network is None:
            async with self._services.starts:
                self._network = await self._services.networks.make(self.pod["metadata"]["uid"])
        self._services.policies.add(self._network.path, self.pod)
        ip = self._network.ip
        environment = Environment(
            self._services.store, self.pod, {"status.podIP": ip, "status.hostIP": self._services.host_ip}
        )
        self._volumes.prepare()
        self._hosts.add(self._directory / "hosts", self.pod, ip)
        write_resolver(self._directory / "resolv.conf", namespace_of(self.pod), self._services.host_ip)
        self._publish()
        return PodParts(
            pod=self.pod,
            ip=ip,
            network=self._network.path,
            directory=self._directory,
            volumes=self._volumes,
            environment=environment,
            stop=self.stop,
            changed=self._publish,
        )

    def _publish(self) -> None:
        """Update the stored status."""

        def change(stored: Obj) -> None:
            before = stored.get("status") or {}
            stored["status"] = pod_status(
                before,
                pod=self.pod,
                containers=self.records,
                sidecars=self._sidecar_records,
                ephemeral_containers=self._ephemeral.records,
                host_ip=self._services.host_ip,
                pod_ip=self._network.ip if self._network else None,
                started=self._started,
            )

        for follower in self.followers:
            follower.set()
        # A forced deletion removes the object while the containers still end.
        with ignore_api_errors(404):
            self._check_uid()
            self._services.store.mutate(PODS, namespace_of(self.pod), name_of(self.pod), change, subresource="status")

    def _remove_object(self) -> None:
        """Remove the pod's object after the pod has ended."""
        with ignore_api_errors(404, 409):
            uid = self.pod["metadata"]["uid"]
            self._services.store.remove(PODS, namespace_of(self.pod), name_of(self.pod), uid=uid)

    def _check_uid(self) -> None:
        """Raises ApiError 404 when another pod has the name now."""
        stored = self._services.store.get(PODS, namespace_of(self.pod), name_of(self.pod))
        if stored["metadata"]["uid"] != self.pod["metadata"]["uid"]:
            raise ApiError(404, "NotFound", "the pod has been replaced")

    async def _clear(self) -> None:
        self.stop.close()
        self._ephemeral.stop.close()
        await asyncio.gather(*(runner.remove() for runner in self._runners.values()))
        self._hosts.discard(self._directory / "hosts")
        if self._network is not None:
            await self._services.policies.discard(self._network.path)
            await self._services.networks.remove(self._network)
        for directory in (self._directory, log_directory(self._services.logs, self.pod)):
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    def _warn(self, reason: str, message: str) -> None:
        self._services.recorder.warning(self.pod, reason, message)
