"""Finding the main container of pods by their specification, otherwise by the process that listens in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from streamspace_acceptance.cluster.containers import Json, MainContainer, Roles, is_known_neighbour, main_container
from streamspace_acceptance.cluster.exec import ExecRefusedError, ExecResult

Run = Callable[[Json, Sequence[str], str], ExecResult]
"""Runs a command in the named container of a pod."""

# All containers of a pod share its sockets, but each sees only its own processes (unless they share those as well).
LISTENS = r"""
port=$(printf '%04X' "$1")
inodes() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ state _ _ _ _ _ inode _; do
  case "$local $state" in *":$port 0A") echo "$inode" ;; esac; done; }
for inode in $(inodes); do for file in /proc/[0-9]*/fd/*; do
  [ "$(readlink "$file" 2>/dev/null)" = "socket:[$inode]" ] && echo yes && exit 0
done; done
echo no
"""


class MainContainers:
    """The main containers of pods, by the roles of a contract profile. A result of listening is kept."""

    def __init__(self, roles: Roles, run: Run) -> None:
        self._roles = roles
        self._run = run
        self._listening: dict[str, str] = {}

    def of(self, pod: Json) -> MainContainer:
        """The main container of a pod."""
        role = self._roles.of(pod)
        found = main_container(pod, role)
        if found.is_certain or role.port is None:
            return found
        uid = pod["metadata"]["uid"]
        if uid not in self._listening and _runs(pod):
            self._listening[uid] = self._find_listening(pod, role.port)
        name = self._listening.get(uid)
        if not name:
            return found
        spec = next(container for container in pod["spec"]["containers"] if container["name"] == name)
        neighbours = tuple(neighbour for neighbour in (found.name, *found.neighbours) if neighbour != name)
        return replace(found, name=name, spec=spec, neighbours=neighbours, reason=f"listens on port {role.port}")

    def _find_listening(self, pod: Json, port: int) -> str:
        """The container in which a process listens on the port; empty if that cannot be seen."""
        candidates = [
            container["name"] for container in pod["spec"]["containers"] if not is_known_neighbour(container["name"])
        ]
        for name in candidates:
            try:
                if self._run(pod, ["sh", "-c", LISTENS, "sh", str(port)], name).stdout.strip() == "yes":
                    return str(name)
            except ExecRefusedError:  # a container without a shell
                continue
        return ""


def _runs(pod: Json) -> bool:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return bool(statuses) and all((status.get("state") or {}).get("running") is not None for status in statuses)
