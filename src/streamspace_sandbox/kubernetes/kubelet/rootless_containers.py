"""Containers of an ordinary user's sandbox: without limits, and with one user id behind all users.

Only one user id exists in the sandbox's namespace. A container has it as root. A program that is to run as another
user runs in a namespace of its own, in which that id has the other user's number.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from streamspace_sandbox.host import rootless
from streamspace_sandbox.kubernetes.kubelet.podman import Container, Mount, Podman
from streamspace_sandbox.kubernetes.kubelet.process_usage import ProcessUsage

ROOT = Path("/")
SHARED = ("usr", "etc")
PLACES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
EMPTY = ("tmp", "var", "run", "home", "root", "proc", "sys", "dev")


class RootlessPodman(Podman):
    """podman as root of an ordinary user's namespace."""

    def __init__(self, directory: Path, runroot: Path, cgroup: str) -> None:
        super().__init__(directory, runroot, cgroup)
        self._skeleton = directory / "root"
        self._shared = make_skeleton(self._skeleton)
        self._nested: set[str] = set()
        self._usage = ProcessUsage()
        self.read_usage = self._usage.read

    async def run(self, container: Container) -> str:
        if not _is_root(container):
            self._nested.add(container.name)
        container_id = await super().run(adapt(container, self._shared))
        self._usage.follow(container_id, int(container.pid_file.read_text()))
        return container_id

    async def remove(self, names: Sequence[str]) -> None:
        await super().remove(names)
        self._nested.difference_update(names)

    def exec_command(
        self, name: str, command: Sequence[str], *, tty: bool, stdin: bool
    ) -> tuple[list[str], dict[str, str]]:
        command = inside(command) if name in self._nested else command
        return super().exec_command(name, command, tty=tty, stdin=stdin)

    def _surroundings(self) -> list[str]:
        # Without a cgroup: runc fails in one that it may not write. podman's filter of system calls refuses `unshare`.
        return ["--security-opt=seccomp=unconfined", "--rootfs", f"{self._skeleton}:O"]

    def _environment(self) -> dict[str, str]:
        # So that podman takes this namespace for the one that it would otherwise make itself.
        user = os.environ[rootless.VARIABLE]
        own = {"_CONTAINERS_USERNS_CONFIGURED": "done", "_CONTAINERS_ROOTLESS_UID": user}
        return super()._environment() | own | {"XDG_RUNTIME_DIR": str(rootless.RUN)}


def make_skeleton(directory: Path, root: Path = ROOT) -> list[Mount]:
    """A root directory without content of its own. Returns what containers see of this machine's one, read-only.

    The kernel gives an ordinary user no overlay of `/`, since other file systems are mounted below it.
    """
    mounts = [Mount(root / name, f"/{name}", read_only=True) for name in SHARED]
    for name in (*EMPTY, *SHARED):
        (directory / name).mkdir(parents=True, exist_ok=True)
    (directory / "tmp").chmod(0o1777)
    for name in PLACES:
        place = root / name
        if place.is_symlink():
            (directory / name).symlink_to(place.readlink())
        elif place.is_dir():
            (directory / name).mkdir()
            mounts.append(Mount(place, f"/{name}", read_only=True))
    return mounts


def adapt(container: Container, shared: Sequence[Mount]) -> Container:
    """The container as an ordinary user can run it."""
    uid, _, gid = (container.user or "0").partition(":")
    mounts = [*shared, *container.mounts]
    adapted = replace(container, mounts=mounts, user=None, cpus=None, cpu_shares=None, memory=None)
    if _is_root(container):
        return adapted
    nested = ["/usr/bin/unshare", "--user", f"--map-user={uid}", f"--map-group={gid or 0}", "--"]
    return replace(adapted, argv=[*nested, *container.argv], drop_capabilities=())


def inside(command: Sequence[str]) -> list[str]:
    """`command`, run as the user of the container's first process."""
    return ["/usr/bin/nsenter", "--user", "--target=1", "--preserve-credentials", "--", *command]


def _is_root(container: Container) -> bool:
    return (container.user or "0").partition(":")[0] == "0"
