"""Keeps the templates in Kubernetes equal to the API's, and reverts changes that others make there."""

import asyncio
import logging
from typing import Any

from streamspace_sandbox.streamspace.agent.objects import GROUP_VERSION, Collections
from streamspace_sandbox.streamspace.kube.client import UNREACHABLE, KubeClient, KubeError, Obj
from streamspace_sandbox.streamspace.kube.reflector import Reflector

log = logging.getLogger("streamspace.agent")

RETRY_SECONDS = 0.5
FIELDS = ("displayName", "description", "image", "category", "resources", "vnc", "version")


class TemplateSync:
    """Every agent does this; all write the same, so their order does not matter."""

    def __init__(self, client: KubeClient, collections: Collections) -> None:
        self._client = client
        self._collection = collections.templates
        self._wanted: dict[str, Obj] | None = None
        self._changed = asyncio.Event()
        self._reflector = Reflector(client, self._collection, lambda _name, _obj: self._changed.set())

    def want(self, templates: list[dict[str, Any]]) -> None:
        """The templates as the API has them now."""
        self._wanted = {template["name"]: {field: template[field] for field in FIELDS} for template in templates}
        self._changed.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reflector.run())
            group.create_task(self._keep())

    async def _keep(self) -> None:
        await self._reflector.synced.wait()
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._reconcile()
            except KubeError as error:
                log.warning("templates: %s", error)
            except UNREACHABLE as error:
                log.warning("templates: Kubernetes is unreachable: %s", error or type(error).__name__)
                self._changed.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _reconcile(self) -> None:
        if self._wanted is None:
            return
        present = dict(self._reflector.objects)
        for name in present.keys() - self._wanted.keys():
            await self._client.delete(self._collection, name)
        for name, spec in self._wanted.items():
            await self._write(name, spec, present.get(name))

    async def _write(self, name: str, spec: Obj, present: Obj | None) -> None:
        if present is None:
            template = {"apiVersion": GROUP_VERSION, "kind": "Template", "metadata": {"name": name}, "spec": spec}
            try:
                self._reflector.put(await self._client.create(self._collection, template))
            except KubeError as error:
                # Another agent was first; its event will arrive.
                if error.code != 409:
                    raise
        elif present["spec"] != spec and present["spec"].get("version", 0) <= spec["version"]:
            self._reflector.put(await self._client.patch(self._collection, name, {"spec": spec}))
