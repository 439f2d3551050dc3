"""Kernel calls and files for mounts and cgroups."""

import contextlib
import ctypes
import errno
import os
from pathlib import Path

MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8
_libc = ctypes.CDLL(None, use_errno=True)


def unmount(path: Path) -> None:
    """Detach a mount at once; the kernel frees it after its last use. A missing mount is fine."""
    if _libc.umount2(os.fsencode(path), MNT_DETACH | UMOUNT_NOFOLLOW) != 0:
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOENT):
            raise OSError(number, os.strerror(number), str(path))


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


def remove_cgroup(cgroup: str) -> None:
    """Remove a cgroup without processes from all hierarchies; a missing one is fine."""
    for hierarchy in cgroup_hierarchies():
        with contextlib.suppress(FileNotFoundError):
            (hierarchy / cgroup.lstrip("/")).rmdir()


def has_unified_cgroups() -> bool:
    """Whether this is pure cgroup v2."""
    return Path("/sys/fs/cgroup/cgroup.controllers").exists()
