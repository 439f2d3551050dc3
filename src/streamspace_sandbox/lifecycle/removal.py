"""Removes an instance in any state: its processes, mounts, network, cgroups and files.

It does not rely on podman or on podman's records, which a killed instance may have left half written.
"""

import contextlib
import errno
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from streamspace_sandbox.host import network_bridge, rootless
from streamspace_sandbox.host.kernel import cgroup_hierarchies, cgroup_roots, is_mounted, mounts_below, unmount
from streamspace_sandbox.lifecycle.instance import MEMORY, ROOT, SCRATCH, Instance, instances, root_locked, runroot

KILL_SECONDS = 10.0


def remove(instance: Instance) -> None:
    """Remove everything of the instance but this process. Does nothing when nothing exists.

    The caller ensures that no other process is starting it. Raises OSError when something cannot be removed.
    """
    state = instance.read()
    _kill_processes(instance)
    if state is not None:
        _remove_tree(runroot(state.number))
        network_bridge.remove(state.number, state.token)
    _remove_cgroups(instance)
    # Last, since its state leads to the rest.
    _remove_tree(instance.directory)


def sweep() -> list[str]:
    """Remove every instance whose control plane is dead. Returns their names. The caller holds the lock on ROOT."""
    swept, used = [], set()
    for instance in instances():
        state = instance.read()
        if state is None or not state.process.is_alive:
            remove(instance)
            swept.append(instance.name)
        else:
            used.add(runroot(state.number))
    for orphan in {*ROOT.glob(f"{SCRATCH}*"), *ROOT.glob(".*")} - used:
        _remove_tree(orphan)
    return swept


def remove_root() -> None:
    """Remove ROOT if it is empty, and the file system that was mounted there for want of another one."""
    with root_locked(), contextlib.suppress(OSError):
        if not any(ROOT.iterdir()) and is_mounted(MEMORY, ROOT):
            unmount(ROOT)
        ROOT.rmdir()


def _remove_tree(directory: Path) -> None:
    for point in mounts_below(directory):
        unmount(point)
    if left := mounts_below(directory):
        # Deleting through a mount would delete what is mounted there.
        raise OSError(f"cannot unmount {left[0]}")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(directory)


def _kill_processes(instance: Instance) -> None:
    """Kill until none is left: a killed process may have just started another."""
    deadline = time.monotonic() + KILL_SECONDS
    while handles := [handle for pid in _processes(instance) if (handle := _open(pid)) is not None]:
        try:
            for handle in handles:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            _await_ends(handles, deadline)
        finally:
            for handle in handles:
                os.close(handle)


def _open(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _await_ends(handles: list[int], deadline: float) -> None:
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    waiting = len(handles)
    while waiting:
        ended = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ended:
            raise OSError(errno.EBUSY, f"{waiting} processes survive SIGKILL")
        for handle, _ in ended:
            poll.unregister(handle)
        waiting -= len(ended)


def _processes(instance: Instance) -> Iterator[int]:
    """Process ids in the instance's cgroup, and of every podman, conmon or runtime that was started for it.

    An ordinary user's instance has no cgroup. Its processes end with the first one of its process namespace, and within
    that namespace they are all that there are.
    """
    folder = f"{instance.directory}/".encode()
    groups = [f":{root}{instance.cgroup}/".encode() for root in cgroup_roots()]
    spared = {1, os.getpid()} if rootless.is_isolated() else {os.getpid()}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) in spared:
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            process = Path(entry.path)
            if _is_zombie(process):
                continue
            if rootless.is_isolated() or _is_in(process, groups) or _works_for(process, folder):
                yield int(entry.name)


def _is_in(process: Path, groups: list[bytes]) -> bool:
    own = (process / "cgroup").read_bytes()
    return any(group in own for group in groups)


def _is_zombie(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")


def _works_for(process: Path, folder: bytes) -> bool:
    program, *arguments = (process / "cmdline").read_bytes().split(b"\0")
    helpers = (b"podman", b"conmon", b"runc", b"crun", b"unshare", b"nsenter")
    is_helper = program.rpartition(b"/")[2] in helpers and any(folder in argument for argument in arguments)
    return is_helper or (rootless.is_rootless() and b"sandbox=" + folder in arguments)


def _remove_cgroups(instance: Instance) -> None:
    for hierarchy in cgroup_hierarchies():
        top = hierarchy / instance.cgroup.lstrip("/")
        for directory, _, _ in os.walk(top, topdown=False):
            Path(directory).rmdir()
        with contextlib.suppress(OSError):
            top.parent.rmdir()
