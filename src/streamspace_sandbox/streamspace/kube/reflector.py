"""A local copy of one collection that a watch updates."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeAlias

from streamspace_sandbox.streamspace.kube.client import UNREACHABLE, Collection, KubeClient, KubeError, Obj

log = logging.getLogger("streamspace.kube")

Listener: TypeAlias = Callable[[str, Obj | None], None]
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0)


class Reflector:
    """Lists once, then follows the watch; after 410 or a lost connection it lists again.

    It calls `listener(name, object)` for every change, with None for a deleted object. The owner of the copy puts in
    the objects that it writes itself, so that the copy is never older than its owner's own writes.
    """

    def __init__(
        self, client: KubeClient, collection: Collection, listener: Listener, *, labels: str | None = None
    ) -> None:
        self._client = client
        self._collection = collection
        self._listener = listener
        self._labels = labels
        self._version = ""
        self.objects: dict[str, Obj] = {}
        self.synced = asyncio.Event()

    def put(self, obj: Obj) -> None:
        """Store an object unless a newer version is here already."""
        name = obj["metadata"]["name"]
        known = self.objects.get(name)
        if known is None or _version(obj) > _version(known):
            self.objects[name] = obj
            self._listener(name, obj)

    def drop(self, obj: Obj) -> None:
        """Drop an object, unless another with its name exists by now."""
        name = obj["metadata"]["name"]
        known = self.objects.get(name)
        if known is not None and known["metadata"].get("uid") == obj["metadata"].get("uid"):
            del self.objects[name]
            self._listener(name, None)

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                if not self._version:
                    await self._relist()
                failures = 0
                await self._follow()
            except KubeError as error:
                failures += error.code != 410
                self._version = ""
                log.info("watch of %s: listing again: %s", self._collection.plural, error)
            except UNREACHABLE as error:
                failures += 1
                self._version = ""
                log.warning("watch of %s lost: %s", self._collection.plural, error or type(error).__name__)
            if failures:
                await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1])

    async def _relist(self) -> None:
        answer = await self._client.list(self._collection, labels=self._labels)
        present = {obj["metadata"]["name"]: obj for obj in answer["items"]}
        for obj in [known for name, known in self.objects.items() if name not in present]:
            self.drop(obj)
        for obj in present.values():
            self.put(obj)
        self._version = str(answer["metadata"]["resourceVersion"])
        self.synced.set()

    async def _follow(self) -> None:
        async for event in self._client.watch(self._collection, since=self._version, labels=self._labels):
            obj = event["object"]
            if event["type"] == "DELETED":
                self.drop(obj)
            elif event["type"] != "BOOKMARK":
                self.put(obj)
            self._version = str(obj["metadata"]["resourceVersion"])


def _version(obj: Obj) -> int:
    return int(obj["metadata"]["resourceVersion"])
