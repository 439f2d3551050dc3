"""The command of a node's first process, and its cgroups."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from streamspace_sandbox.host.kernel import cgroup_hierarchies

NODE_MODULE = "streamspace_sandbox.real_kubernetes.node"


def isolated(directory: Path) -> Sequence[str]:
    """The command of a node of the instance in `directory`, in namespaces of its own."""
    python = [sys.executable, "-X", f"sandbox={directory}/", "-m", NODE_MODULE]
    return ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *python]


def make_cgroup(cgroup: str) -> Callable[[], None]:
    """Make the cgroups of the node, and return what moves a new process into the one of its programs."""
    groups = []
    for hierarchy in cgroup_hierarchies():
        group = hierarchy
        for part in (*Path(cgroup).parts[1:], "node"):
            parent, group = group, group / part
            group.mkdir(exist_ok=True)
            _copy_processors(parent, group)
        groups.append(group / "cgroup.procs")

    def join() -> None:
        for group in groups:
            group.write_text("0")

    return join


def _copy_processors(parent: Path, group: Path) -> None:
    """A new group of the first version may use no processor and no memory until both are set."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists() and not (parent / "cgroup.controllers").exists():
            (group / name).write_text((parent / name).read_text())
