"""Containers through podman: on an overlay of this machine's root file system, in a store of the instance's own."""

import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamspace_sandbox.host.kernel import has_unified_cgroups
from streamspace_sandbox.kubernetes.kubelet.commands import run
from streamspace_sandbox.kubernetes.kubelet.usage import CgroupUsage, Read

OPEN_FILES = 4096
PROCESSES = 16384
OWN_VARIABLES = ("PATH", "HOME", "CONTAINERS_CONF")


@dataclass(frozen=True)
class Mount:
    """A file or directory of this machine, seen in the container at `target`."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Container:
    """A container to run. `memory` is in bytes, `user` is `uid:gid`, podman writes `log` and `pid_file`."""

    name: str
    hostname: str
    network: Path
    pid_file: Path
    log: Path
    argv: Sequence[str]
    environment: Mapping[str, str]
    mounts: Sequence[Mount] = ()
    user: str | None = None
    workdir: str = "/"
    stdin: bool = False
    tty: bool = False
    cpus: float | None = None
    cpu_shares: int | None = None
    memory: int | None = None
    privileged: bool = False
    add_capabilities: Sequence[str] = field(default=())
    drop_capabilities: Sequence[str] = field(default=())


class Podman:
    """One store of containers below `directory`, mounted below `runroot`; all containers are in the cgroup `cgroup`."""

    def __init__(self, directory: Path, runroot: Path, cgroup: str) -> None:
        self._runroot = runroot
        self._directory = directory
        self._cgroup = cgroup
        self.exits = directory / "run" / "exits"
        """Here a file appears, named by container id, with the exit code of each container that ended."""
        self.read_usage: Read = CgroupUsage(self.cgroup_of).read
        self.storage = directory / "storage"
        self._configuration = directory / "containers.conf"
        for path in (self.exits, self.storage, directory / "network"):
            path.mkdir(parents=True, exist_ok=True)
        self._configuration.write_text(_configuration())
        self._limits = [
            f"--ulimit=nofile={_limit(resource.RLIMIT_NOFILE, OPEN_FILES, 1024)}",
            f"--ulimit=nproc={_limit(resource.RLIMIT_NPROC, PROCESSES, PROCESSES)}",
        ]

    async def run(self, container: Container) -> str:
        """Start the container; its id. Raises CommandError with podman's words."""
        hidden = {name: value for name, value in container.environment.items() if name not in OWN_VARIABLES}
        command = [*self._podman("run", "--detach"), *self._limits, *_options(container)]
        command += [*self._surroundings(), *container.argv]
        # conmon leaves a file called `oom` in its working directory when a container ran out of memory.
        return await run(command, environment=hidden | self._environment(), directory=self._directory)

    async def remove(self, names: Sequence[str]) -> None:
        """Remove containers, ended or not; unknown ones are ignored."""
        await run(self._podman("rm", "--force", "--ignore", "--time=0", *names), environment=self._environment())

    async def exit_code(self, container_id: str) -> int:
        """The exit code of a container that has ended. Raises CommandError."""
        command = self._podman("inspect", "--format={{.State.ExitCode}}", container_id)
        return int(await run(command, environment=self._environment()))

    def exec_command(
        self, name: str, command: Sequence[str], *, tty: bool, stdin: bool
    ) -> tuple[list[str], dict[str, str]]:
        """(argv, environment) of a process that runs `command` in a container and has its streams."""
        options = [*(["--tty"] if tty else []), *(["--interactive"] if stdin else [])]
        return self._podman("exec", *options, name, *command), self._environment()

    def cgroup_of(self, container_id: str) -> str:
        return f"{self._cgroup}/libpod-{container_id}"

    def _surroundings(self) -> list[str]:
        """The options of every container; the last one is its root directory."""
        return [f"--cgroup-parent={self._cgroup}", "--rootfs", "/:O"]

    def _podman(self, *arguments: str) -> list[str]:
        places = {
            "root": self.storage,
            "runroot": self._runroot,
            "tmpdir": self._directory / "run",
            "network-config-dir": self._directory / "network",
            "runtime-flag": f"root={self._directory / 'runtime'}",
        }
        return ["podman", *(f"--{name}={place}" for name, place in places.items()), *arguments]

    def _environment(self) -> dict[str, str]:
        own = {name: os.environ[name] for name in OWN_VARIABLES if name in os.environ}
        return own | {"CONTAINERS_CONF": str(self._configuration)}


def _configuration() -> str:
    """podman's settings. Locks are files, since podman's shared memory would be common to all instances."""
    settings = ['events_logger="none"', 'lock_type="file"', 'cgroup_manager="cgroupfs"']
    if not has_unified_cgroups():
        # crun, podman's usual choice, refuses cgroup v1 beside v2.
        settings.append('runtime="runc"')
    return "\n".join(["[engine]", *settings, ""])


def _limit(kind: int, most: int, soft: int) -> str:
    """`soft:hard` within this process's own hard limit: raising it is not permitted everywhere."""
    own = resource.getrlimit(kind)[1]
    hard = most if own == resource.RLIM_INFINITY else min(own, most)
    return f"{min(soft, hard)}:{hard}"


def _options(container: Container) -> list[str]:
    options = [
        f"--name={container.name}",
        f"--hostname={container.hostname}",
        f"--network=ns:{container.network}",
        "--no-hosts",
        # Its own keeper needs no cgroup, which would be one for all instances and stay behind.
        "--cgroups=no-conmon",
        f"--pidfile={container.pid_file}",
        "--log-driver=k8s-file",
        f"--log-opt=path={container.log}",
        f"--workdir={container.workdir}",
    ]
    options += [
        f"--env={name}={value}" if name in OWN_VARIABLES else f"--env={name}"
        for name, value in container.environment.items()
    ]
    options += [f"--volume={m.source}:{m.target}:{'ro' if m.read_only else 'rw'}" for m in container.mounts]
    options += [f"--cap-add={name}" for name in container.add_capabilities]
    options += [f"--cap-drop={name}" for name in container.drop_capabilities]
    options += [f"--user={container.user}"] if container.user else []
    options += [*(["--interactive"] if container.stdin else []), *(["--tty"] if container.tty else [])]
    options += ["--privileged"] if container.privileged else []
    options += [f"--cpus={container.cpus}"] if container.cpus else []
    options += [f"--cpu-shares={container.cpu_shares}"] if container.cpu_shares else []
    options += [f"--memory={container.memory}", f"--memory-swap={container.memory}"] if container.memory else []
    return options
