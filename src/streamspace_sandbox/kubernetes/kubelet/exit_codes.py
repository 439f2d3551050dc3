"""Exit codes of containers, from the files that conmon writes at the moment when one ends."""

import asyncio
import re
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.inotify import IN_MOVED_TO, Inotify
from streamspace_sandbox.kubernetes.kubelet.podman import Podman

_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")


class Exits:
    """The exit codes of all containers of the instance."""

    def __init__(self, podman: Podman, inotify: Inotify) -> None:
        self._podman = podman
        self._ended: dict[str, asyncio.Future[int | None]] = {}
        inotify.watch(podman.exits, IN_MOVED_TO, self._file_appeared)

    async def wait(self, container_id: str) -> int:
        """The container's exit code, once it has ended. To be called once for each container."""
        code = await self._future(container_id)
        del self._ended[container_id]
        # podman removes the file a moment after it appeared; then it knows the code itself.
        return await self._podman.exit_code(container_id) if code is None else code

    def _future(self, container_id: str) -> asyncio.Future[int | None]:
        # Either side may make it: a container may end before its id is known here.
        return self._ended.setdefault(container_id, asyncio.get_running_loop().create_future())

    def _file_appeared(self, name: str) -> None:
        if not _CONTAINER_ID.fullmatch(name):
            return
        future = self._future(name)
        if not future.done():
            future.set_result(_read(self._podman.exits / name))


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
