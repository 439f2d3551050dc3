"""Removal of ended containers, many with one call of podman: each call takes a tenth of a second."""

import asyncio

from streamspace_sandbox.kubernetes.kubelet.podman import Podman


class Reaper:
    """Removes what it is given, in the order of arrival."""

    def __init__(self, podman: Podman) -> None:
        self._podman = podman
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._work: asyncio.Task[None] | None = None

    async def remove(self, names: list[str]) -> None:
        """Until the containers are gone from podman's store, with their mounts. Raises CommandError."""
        loop = asyncio.get_running_loop()
        mine = [(name, loop.create_future()) for name in names]
        self._waiting += mine
        if self._work is None or self._work.done():
            self._work = loop.create_task(self._run())
        await asyncio.gather(*(done for _, done in mine))

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._podman.remove([name for name, _ in batch])
            except Exception as error:  # noqa: BLE001 - handed to those who wait
                for done in _still_waiting(batch):
                    done.set_exception(error)
            else:
                for done in _still_waiting(batch):
                    done.set_result(None)


def _still_waiting(batch: list[tuple[str, asyncio.Future[None]]]) -> list[asyncio.Future[None]]:
    return [done for _, done in batch if not done.done()]
