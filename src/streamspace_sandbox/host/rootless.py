"""The sandbox of an ordinary user: root in a namespace of users, in which only this user's own id exists.

`become_root` makes that namespace for a command, and for the processes that the command starts. `isolate` adds what a
control plane needs besides: a network, processes and mounts of its own. The instance ends with the first of these
processes, whatever it runs.
"""

import os
import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

from streamspace_sandbox.host import kernel, outer_network
from streamspace_sandbox.host.start_error import StartError

VARIABLE = "STREAMSPACE_SANDBOX_ROOTLESS"
"""Set in the environment of a command that has become root in its own namespace, and of its children."""
SETTINGS = {
    "kernel.apparmor_restrict_unprivileged_userns": "1",
    "kernel.unprivileged_userns_clone": "0",
    "user.max_user_namespaces": "0",
}
"""The settings that forbid user namespaces, with the value that does."""
ALLOWING = {"1": "0", "0": "1"}
OTHER_WAYS = "run this with sudo, or test a StreamSpace that runs elsewhere (STREAMSPACE_API_URL)"
SYSCTL = Path("/proc/sys")
RUN = Path("/run")
_isolated: list[bool] = []
PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def is_rootless() -> bool:
    """Whether the sandbox of this process is an ordinary user's."""
    return VARIABLE in os.environ or os.geteuid() != 0


def no_limits() -> str | None:
    """Why containers are not held to their limits, as part of a sentence; None where they are."""
    return "an ordinary user started this sandbox, and its containers have no cgroup" if is_rootless() else None


def is_isolated() -> bool:
    """Whether this process has continued in `isolate`."""
    return bool(_isolated)


def become_root() -> None:
    """Make this process root in a namespace of its own, unless it is root. Raises StartError."""
    if os.geteuid() == 0:
        return
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(kernel.NEW_USERS | kernel.NEW_MOUNTS)
        _write("setgroups", "deny")
        _write("uid_map", f"0 {uid} 1")
        _write("gid_map", f"0 {gid} 1")
        kernel.mount("none", Path("/"), flags=kernel.MS_RECURSIVE | kernel.MS_PRIVATE)
    except OSError as error:
        raise StartError(refusal(error)) from error
    os.environ[VARIABLE] = str(uid)


def _write(name: str, text: str) -> None:
    Path(f"/proc/self/{name}").write_text(text)


def refusal(error: OSError, sysctl: Path = SYSCTL) -> str:
    """Why an ordinary user gets no namespace, with the setting that forbids it."""
    beginning = "An ordinary user's sandbox needs user namespaces, which this machine forbids"
    for name, value in SETTINGS.items():
        path = sysctl / name.replace(".", "/")
        if path.exists() and path.read_text().strip() == value:
            allowing = "65536" if name == "user.max_user_namespaces" else ALLOWING[value]
            return f"{beginning} ({name} is {value}): allow them (sudo sysctl -w {name}={allowing}), {OTHER_WAYS}."
    where = "a container or a chroot" if error.errno == 1 else "this system"
    return f"{beginning} ({error.strerror}; {where} may forbid them): {OTHER_WAYS}."


def isolate() -> None:
    """Continue in a child of a child, with own processes, mounts and network; this process waits for it.

    The child of this process is the first of the namespace: the kernel kills all others with it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    kernel.unshare(kernel.NEW_PROCESSES | kernel.NEW_MOUNTS)
    first = os.fork()
    if first:
        _stand_for(first)
    kernel.end_with_parent(signal.SIGKILL)
    kernel.mount("proc", Path("/proc"), "proc")
    main = os.fork()
    if main:
        _stand_for(main)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    _leave_network()
    _isolated.append(True)


def _stand_for(child: int) -> NoReturn:
    """Pass signals on to the child, reap others, and end as the child ends."""

    def pass_on(number: int, _: FrameType | None) -> None:
        os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _leave_network() -> None:
    """A network of its own, with /sys and /run to match. Sockets for other programs still come from the old one."""
    outer_network.keep()
    kernel.unshare(kernel.NEW_NETWORK)
    cgroups = Path("/sys/fs/cgroup")
    kernel.mount("tmpfs", RUN, "tmpfs")
    kept = RUN / "cgroup"
    kept.mkdir()
    kernel.mount(str(cgroups), kept, flags=kernel.MS_BIND | kernel.MS_RECURSIVE)
    kernel.mount("sysfs", Path("/sys"), "sysfs")
    kernel.mount(str(kept), cgroups, flags=kernel.MS_BIND | kernel.MS_RECURSIVE)
