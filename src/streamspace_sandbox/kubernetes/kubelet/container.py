"""One container of a pod, through all its starts, until it is not started again."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM

from streamspace_sandbox.host.kernel import remove_cgroup
from streamspace_sandbox.host.processes import Process, find
from streamspace_sandbox.kubernetes.kubelet.commands import CommandError
from streamspace_sandbox.kubernetes.kubelet.environment import ConfigError, Environment, expand
from streamspace_sandbox.kubernetes.kubelet.images import Image, UnknownImageError
from streamspace_sandbox.kubernetes.kubelet.podman import Container, Mount
from streamspace_sandbox.kubernetes.kubelet.prober import Prober
from streamspace_sandbox.kubernetes.kubelet.services import Services
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord
from streamspace_sandbox.kubernetes.kubelet.stopping import Stop
from streamspace_sandbox.kubernetes.kubelet.usage import was_out_of_memory
from streamspace_sandbox.kubernetes.kubelet.volumes import PodVolumes
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.quantities import parse_quantity

BACK_OFF_SECONDS = 10.0
LONGEST_BACK_OFF_SECONDS = 300.0
FORGIVEN_AFTER_SECONDS = 600.0
"""A container that ran this long starts its back-off anew."""
START_ERROR = 128


@dataclass(frozen=True)
class PodParts:
    """The parts of a pod that its containers share."""

    pod: Obj
    ip: str
    network: Path
    directory: Path
    volumes: PodVolumes
    environment: Environment
    stop: Stop
    changed: Callable[[], None]
    """To be called after each change of the record."""


@dataclass
class _Start:
    """A start of the container: its name in podman, and its id once it has one."""

    name: str
    container_id: str | None = None


class ContainerRunner:
    """Runs one container by its pod's restart policy. `policy` is "Always", "OnFailure" or "Never"."""

    def __init__(self, services: Services, parts: PodParts, spec: Obj, record: ContainerRecord, policy: str) -> None:
        self._services = services
        self._parts = parts
        self._spec = spec
        self._record = record
        self._policy = policy
        self._failures = 0
        self._field = f"spec.containers{{{record.name}}}"
        self._starts: list[_Start] = []

    async def run(self) -> None:
        """Until it has ended for good, by itself or because its pod stops."""
        stop = self._parts.stop
        while not stop.asked.is_set():
            began = asyncio.get_running_loop().time()
            ran = await self._run_once()
            if ran and not self._is_restarted():
                self._record.is_final = True
                self._parts.changed()
                return
            if ran and not stop.asked.is_set():
                lasted = asyncio.get_running_loop().time() - began
                await self._back_off(lasted)

    @property
    def name(self) -> str:
        """The name of its latest start in podman."""
        return self._starts[-1].name

    async def remove(self, *, keep: int = 0) -> None:
        """Remove all starts except the last `keep` ones from podman and from the kernel."""
        starts, self._starts = self._starts[: len(self._starts) - keep], self._starts[len(self._starts) - keep :]
        if starts:
            await self._services.reaper.remove([start.name for start in starts])
        for start in starts:
            if start.container_id is not None:
                remove_cgroup(self._services.podman.cgroup_of(start.container_id))

    def log(self, restart: int) -> Path:
        """The log of the start with this number."""
        return log_path(self._services.logs, self._parts.pod, self._record.name, restart)

    def _is_restarted(self) -> bool:
        if self._parts.stop.asked.is_set():
            return False
        return self._policy == "Always" or (self._policy == "OnFailure" and self._record.exit_code != 0)

    async def _run_once(self) -> bool:
        """Start it once and wait for its end; False when it could not even be tried, after a pause."""
        try:
            image = self._services.find_image(self._spec["image"])
        except UnknownImageError as error:
            await self._no_image(str(error))
            return False
        try:
            container = self._container(image)
        except ConfigError as error:
            await self._not_started("CreateContainerConfigError", str(error))
            return False
        container_id = await self._start(container)
        if container_id is not None:
            process = find(_read_pid(container.pid_file))
            code = await self._attend(container_id, process)
            self._ended(container_id, code)
        return True

    async def _start(self, container: Container) -> str | None:
        """The id of the started container, or None: it has ended before its command began."""
        async with self._services.starts:
            if self._parts.stop.asked.is_set():
                self._record.end(0, "Completed")
                return None
            self._event("Pulled", f'Container image "{self._spec["image"]}" already present on machine')
            start = _Start(container.name)
            self._starts.append(start)
            container.log.parent.mkdir(parents=True, exist_ok=True)
            try:
                container_id = await self._services.podman.run(container)
            except CommandError as error:
                container.log.touch()
                self._record.has_run = True
                self._record.end(START_ERROR, "StartError", str(error))
                self._parts.changed()
                self._warn("Failed", f"Error: failed to start container {self._record.name!r}: {error}")
                return None
        start.container_id = container_id
        self._event("Created", f"Created container: {self._record.name}")
        self._event("Started", f"Started container {self._record.name}")
        self._record.begin(container_id)
        return container_id

    async def _attend(self, container_id: str, process: Process | None) -> int:
        """Probe the container while it runs, stop it when its pod stops, and return its exit code."""
        parts = self._parts
        # Asked to stop while it was being started: it has nothing to clean up, and its first process has no handler for
        # SIGTERM yet.
        is_fresh = parts.stop.asked.is_set()
        prober = Prober(self._spec, self._record, ip=parts.ip, changed=parts.changed, warn=self._warn)
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._end_when_asked(process, is_fresh=is_fresh))]
            helpers.append(group.create_task(prober.run()))
            group.create_task(self.remove(keep=1))
            self._parts.changed()
            code = await self._services.exits.wait(container_id)
            for helper in helpers:
                helper.cancel()
        return code

    async def _end_when_asked(self, process: Process | None, *, is_fresh: bool) -> None:
        stop = self._parts.stop
        await stop.asked.wait()
        self._event("Killing", f"Stopping container {self._record.name}")
        if process is not None:
            if not is_fresh:
                process.signal(SIGTERM)
                await stop.forced.wait()
            process.signal(SIGKILL)

    def _ended(self, container_id: str, code: int) -> None:
        reason = "Completed" if code == 0 else "Error"
        if was_out_of_memory(self._services.podman.cgroup_of(container_id)):
            reason = "OOMKilled"
        self._record.end(code, reason)
        self._parts.changed()

    async def _back_off(self, lasted: float) -> None:
        """Wait before the next start: not at all after the first end, then longer from one to the next."""
        self._failures = 0 if lasted > FORGIVEN_AFTER_SECONDS * self._services.time_scale else self._failures + 1
        if self._failures > 1:
            seconds = min(BACK_OFF_SECONDS * 2 ** (self._failures - 2), LONGEST_BACK_OFF_SECONDS)
            name = f"{name_of(self._parts.pod)}_{namespace_of(self._parts.pod)}"
            self._record.wait("CrashLoopBackOff", f"back-off {seconds:.0f}s restarting failed container {name}")
            self._parts.changed()
            self._warn("BackOff", f"Back-off restarting failed container {self._record.name} in pod {name}")
            await self._parts.stop.sleep(seconds * self._services.time_scale)
        if not self._parts.stop.asked.is_set():
            self._record.restarts += 1
            self._record.wait("ContainerCreating")

    async def _no_image(self, why: str) -> None:
        reference = self._spec["image"]
        self._event("Pulling", f'Pulling image "{reference}"')
        self._warn("Failed", f'Failed to pull image "{reference}": {why}')
        await self._not_started("ErrImagePull", why)
        if not self._parts.stop.asked.is_set():
            self._event("BackOff", f'Back-off pulling image "{reference}"')
            await self._not_started("ImagePullBackOff", f'Back-off pulling image "{reference}": ErrImagePull: {why}')

    async def _not_started(self, reason: str, why: str) -> None:
        self._record.wait(reason, why)
        self._parts.changed()
        self._warn("Failed", f"Error: {reason}" if reason.endswith(("Pull", "BackOff")) else f"Error: {why}")
        await self._parts.stop.sleep(BACK_OFF_SECONDS * self._services.time_scale)

    def _container(self, image: Image) -> Container:
        """The container as podman runs it. Raises ConfigError."""
        pod, spec, parts = self._parts.pod, self._spec, self._parts
        variables = parts.environment.of(spec, image.environment, self._services.variables)
        user = _user(pod, spec, image.user)
        command = [expand(argument, variables) for argument in spec.get("command") or image.argv]
        arguments = [expand(argument, variables) for argument in spec.get("args") or []]
        names = [Mount(parts.directory / name, f"/etc/{name}") for name in ("hosts", "resolv.conf")]
        volumes = parts.volumes.mounts(spec, user)
        limits = (spec.get("resources") or {}).get("limits") or {}
        requests = (spec.get("resources") or {}).get("requests") or {}
        security = spec.get("securityContext") or {}
        capabilities = security.get("capabilities") or {}
        return Container(
            name=f"{pod['metadata']['uid']}.{self._record.name}.{self._record.restarts}",
            hostname=pod["spec"].get("hostname") or name_of(pod),
            network=parts.network,
            pid_file=parts.directory / f"{self._record.name}.pid",
            log=self.log(self._record.restarts),
            argv=[*command, *arguments],
            environment=variables,
            mounts=[*self._services.directories.mounts(parts.directory, volumes), *names, *volumes],
            user=user,
            workdir=spec.get("workingDir") or "/",
            stdin=bool(spec.get("stdin")),
            tty=bool(spec.get("tty")),
            cpus=float(parse_quantity(limits["cpu"])) if "cpu" in limits else None,
            cpu_shares=max(2, math.ceil(parse_quantity(requests["cpu"]) * 1024)) if "cpu" in requests else None,
            memory=int(parse_quantity(limits["memory"])) if "memory" in limits else None,
            privileged=bool(security.get("privileged")),
            add_capabilities=capabilities.get("add") or [],
            drop_capabilities=capabilities.get("drop") or [],
        )

    def _event(self, reason: str, message: str) -> None:
        self._services.recorder.normal(self._parts.pod, reason, message, part=self._field)

    def _warn(self, reason: str, message: str) -> None:
        self._services.recorder.warning(self._parts.pod, reason, message, part=self._field)


def log_directory(logs: Path, pod: Obj) -> Path:
    """The directory of a pod's logs."""
    return logs / f"{namespace_of(pod)}_{name_of(pod)}_{pod['metadata']['uid']}"


def log_path(logs: Path, pod: Obj, container: str, restart: int) -> Path:
    """The path of a container's log; `restart` is 0 for its first start."""
    return log_directory(logs, pod) / container / f"{restart}.log"


def _read_pid(path: Path) -> int:
    return int(path.read_text())


def _user(pod: Obj, spec: Obj, image_user: str) -> str:
    """`uid:gid` as the container, the pod or the image says, in that order."""
    uid, _, gid = image_user.partition(":")
    contexts = [pod["spec"].get("securityContext") or {}, spec.get("securityContext") or {}]
    for context in contexts:
        if "runAsUser" in context:
            uid, gid = context["runAsUser"], context.get("runAsGroup", 0)
        elif "runAsGroup" in context:
            gid = context["runAsGroup"]
    return f"{uid}:{gid}"
