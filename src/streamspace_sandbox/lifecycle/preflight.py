"""Checks of the machine before an instance starts. They change nothing and take well under a second."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.host import rootless
from streamspace_sandbox.host.kernel import cgroup_hierarchies, has_capabilities, unmount
from streamspace_sandbox.host.novnc import find_novnc
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle.instance import ROOT, SCRATCH

PACKAGES = {
    "podman": "podman",
    "conmon": "conmon",
    "runc": "runc",
    "ip": "iproute2",
    "iptables": "iptables",
    "unshare": "util-linux",
    "Xtigervnc": "tigervnc-standalone-server",
    "openbox": "openbox",
    "xterm": "xterm",
    "xprop": "x11-utils",
    "xsetroot": "x11-xserver-utils",
    "xkbcomp": "x11-xkb-utils",
}
"""Program -> its Debian package."""
LEAST_ROOM = 500
"""MiB: a StreamSpace without sessions takes about 60, and each session's home adds to that."""
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def check_machine(packages: Mapping[str, str] = PACKAGES) -> None:
    """Raises StartError for the first failed check. Changes nothing but this process's PATH."""
    find_novnc()
    check_programs(packages)
    _check_capabilities()
    _check_root()
    _check_room()
    if rootless.is_rootless():
        _check_namespaces()
    elif not cgroup_hierarchies():
        raise StartError("No cgroup file system is mounted, which resource limits need; mount /sys/fs/cgroup.")


def _check_capabilities() -> None:
    if not has_capabilities():
        raise StartError(
            "This container may not run containers itself (it lacks CAP_SYS_ADMIN or CAP_NET_ADMIN): start it with "
            f"--privileged -v streamspace-sandbox:{ROOT}, or test a StreamSpace that runs elsewhere "
            "(STREAMSPACE_API_URL)."
        )


def check_programs(packages: Mapping[str, str]) -> None:
    """Raises StartError unless each program is there. `packages`: program -> its Debian package."""
    # Without a login shell, root's path often lacks the directories of `ip` and `iptables`.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}".lstrip(":")
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    if missing:
        names = " ".join(missing)
        raise StartError(f"Packages are missing; run apt-get install --no-install-recommends {names}")


def _check_root() -> None:
    """In a chroot, `exec` into a container would use the machine's root directory."""
    looked_up = subprocess.run(
        ["nsenter", "--mount=/proc/self/ns/mnt", "stat", "--format=%d:%i", "/"],
        capture_output=True,
        text=True,
        check=False,
    )
    own = Path("/").stat()
    if looked_up.returncode == 0 and looked_up.stdout.strip() != f"{own.st_dev}:{own.st_ino}":
        raise StartError(
            "Containers do not start in a chroot; make its directory the root of a mount "
            'namespace instead: unshare --mount sh -c "mount --rbind DIR DIR && cd DIR && pivot_root . . && '
            'umount --lazy . && exec chroot ."'
        )


def _check_namespaces() -> None:
    """An ordinary user's sandbox has a network and processes of its own, and mounts /proc and /sys for them."""
    namespaces = ["--mount", "--net", "--pid", "--fork", "--mount-proc"]
    command = ["unshare", *namespaces, "mount", "-t", "sysfs", "sysfs", "/sys"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1]
        raise StartError(
            f"An ordinary user's sandbox mounts /proc and /sys of its own, which this machine forbids ({reason}), as a "
            f"container without --privileged does: {rootless.OTHER_WAYS}."
        )


def _check_room() -> None:
    there = next(folder for folder in (ROOT, *ROOT.parents) if folder.is_dir())
    if not os.access(there, os.W_OK):
        raise StartError(f"{there} is not writable, and sandboxes store their files in {ROOT}; make it writable.")
    free = shutil.disk_usage(there).free // 1024**2
    if free < LEAST_ROOM:
        raise StartError(f"Only {free} MiB are free for {ROOT}, a sandbox needs {LEAST_ROOM}; free some space there.")


def _other_folder() -> str:
    return ": XDG_STATE_HOME may name such a folder" if rootless.is_rootless() else ""


def check_overlay() -> None:
    """Try the mount that every container needs: an overlay over the root file system.

    The caller holds the lock on ROOT. Raises StartError.
    """
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=SCRATCH) as scratch:
        upper, work, merged = (Path(scratch) / name for name in ("upper", "work", "merged"))
        lower = Path(scratch) / "lower" if rootless.is_rootless() else Path("/")
        for directory in (upper, work, merged, lower):
            directory.mkdir(exist_ok=True)
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        done = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StartError(
                f"The kernel refuses an overlay in {ROOT} ({done.stderr.strip().splitlines()[0]}); "
                f"{ROOT.parent} must be on a disk's file system{_other_folder()}."
            )
        unmount(merged)
