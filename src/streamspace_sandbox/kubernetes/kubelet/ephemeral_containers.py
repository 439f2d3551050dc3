"""The ephemeral containers of a running pod: each starts once and ends with the pod's ordinary containers."""

import asyncio
from collections.abc import Callable

from streamspace_sandbox.kubernetes.kubelet.container import ContainerRunner
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord
from streamspace_sandbox.kubernetes.kubelet.stopping import Stop
from streamspace_sandbox.kubernetes.machinery.resources import Obj


class EphemeralContainers:
    """The ephemeral containers of one pod; `stop` ends them."""

    def __init__(self, pod: Obj) -> None:
        self.records: list[ContainerRecord] = []
        self.stop = Stop()
        self._waiting: list[tuple[Obj, ContainerRecord]] = []
        self._added = asyncio.Event()
        self.add(pod)

    def add(self, pod: Obj) -> bool:
        """Note those that are new in `pod`; whether there are any."""
        new = (pod["spec"].get("ephemeralContainers") or [])[len(self.records) :]
        for spec in new:
            record = ContainerRecord(spec["name"], spec["image"])
            self.records.append(record)
            self._waiting.append((spec, record))
        self._added.set()
        return bool(new)

    async def run(self, begin: Callable[[Obj, ContainerRecord], ContainerRunner]) -> None:
        """Start added containers, until `stop` is requested and all of them have ended."""
        async with asyncio.TaskGroup() as group:
            adding = group.create_task(self._start(group, begin))
            await self.stop.asked.wait()
            adding.cancel()

    async def _start(self, group: asyncio.TaskGroup, begin: Callable[[Obj, ContainerRecord], ContainerRunner]) -> None:
        while True:
            while self._waiting:
                group.create_task(begin(*self._waiting.pop(0)).run())
            self._added.clear()
            await self._added.wait()
