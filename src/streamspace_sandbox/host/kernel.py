"""Kernel calls and files for namespaces, mounts and cgroups."""

import contextlib
import ctypes
import errno
import os
from pathlib import Path

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8
NEW_MOUNTS, NEW_USERS, NEW_PROCESSES, NEW_NETWORK = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_BIND, MS_RECURSIVE, MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_SET_PARENT_DEATH_SIGNAL = 1
_STATFS_BYTES, _OVERLAY = 256, 0x794C7630
_NEEDED_CAPABILITIES = 1 << 21 | 1 << 12
"""CAP_SYS_ADMIN and CAP_NET_ADMIN."""
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(namespaces: int) -> None:
    """Give this thread new namespaces; those of users and mounts for the whole process. Raises OSError."""
    _check(_libc.unshare(namespaces), "unshare")


def mount(source: str, target: Path, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """Raises OSError when the kernel refuses."""
    arguments = os.fsencode(source), os.fsencode(target), kind.encode() if kind else None
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def is_on_overlay(path: Path) -> bool:
    """Whether the path is on an overlay, as a container's root directory is: no overlay can be written there."""
    buffer = ctypes.create_string_buffer(_STATFS_BYTES)
    _check(_libc.statfs(os.fsencode(path), buffer), f"statfs {path}")
    return ctypes.c_long.from_buffer(buffer).value == _OVERLAY


def has_capabilities(status: Path = Path("/proc/self/status")) -> bool:
    """Whether this process may mount file systems and make networks. A container's root may not, as a rule."""
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["CapEff"], 16) & _NEEDED_CAPABILITIES == _NEEDED_CAPABILITIES


def end_with_parent(signal: int) -> None:
    """Have the kernel send this process `signal` when its parent ends."""
    _check(_libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal, 0, 0, 0), "prctl")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def unmount(path: Path) -> None:
    """Detach a mount at once; the kernel frees it after its last use. A missing mount is fine."""
    if _libc.umount2(os.fsencode(path), MNT_DETACH | UMOUNT_NOFOLLOW) != 0:
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOENT):
            raise OSError(number, os.strerror(number), str(path))


def is_mounted(source: str, target: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether the file system of that name is mounted there."""
    lines = [line.split(" - ") for line in mountinfo.read_text().splitlines()]
    return any(fields.split()[4] == str(target) and kind.split()[1] == source for fields, kind in lines)


def mounts_below(directory: Path) -> list[Path]:
    """Mount points in `directory`, those on top first."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # Spaces, tabs and backslashes stand there as octal escapes.
        point = Path(line.split()[4].encode().decode("unicode_escape"))
        if directory in point.parents:
            points.append(point)
    return points[::-1]


def cgroup_hierarchies() -> list[Path]:
    """Where the cgroup file systems are mounted: one for v2, several for v1 and hybrid."""
    lines = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(fields[1]) for fields in lines if fields[2] in ("cgroup", "cgroup2")]


def cgroup_roots(mountinfo: Path = Path("/proc/self/mountinfo")) -> set[str]:
    """The paths before those of this machine's own cgroups in /proc/PID/cgroup: "", or a container's path."""
    lines = [line.split(" - ") for line in mountinfo.read_text().splitlines()]
    return {fields.split()[3].rstrip("/") for fields, kind in lines if kind.split()[0] in ("cgroup", "cgroup2")}


def remove_cgroup(cgroup: str) -> None:
    """Remove a cgroup without processes from all hierarchies; a missing one is fine."""
    for hierarchy in cgroup_hierarchies():
        with contextlib.suppress(FileNotFoundError):
            (hierarchy / cgroup.lstrip("/")).rmdir()


def has_unified_cgroups() -> bool:
    """Whether this is pure cgroup v2."""
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()
