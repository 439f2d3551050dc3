"""The agent: its parts and the messages between them."""

import asyncio
import logging
from typing import Any

from streamspace_sandbox.streamspace.agent.channel import AgentChannel
from streamspace_sandbox.streamspace.agent.commands import CommandRunner
from streamspace_sandbox.streamspace.agent.objects import Collections
from streamspace_sandbox.streamspace.agent.readiness import serve_readiness
from streamspace_sandbox.streamspace.agent.session_reconciler import SessionReconciler
from streamspace_sandbox.streamspace.agent.settings import AgentSettings
from streamspace_sandbox.streamspace.agent.template_sync import TemplateSync
from streamspace_sandbox.streamspace.kube.client import KubeClient, Obj
from streamspace_sandbox.streamspace.kube.reflector import Reflector

log = logging.getLogger("streamspace.agent")

CAPACITY = ("cpu", "memory")


class Agent:
    """Handles the API's messages, and reports changes in Kubernetes."""

    def __init__(self, settings: AgentSettings, client: KubeClient) -> None:
        collections = Collections(settings.namespace)
        self._settings = settings
        self._nodes = Reflector(client, collections.nodes, self._on_node)
        self._nodes_reported: list[dict[str, str]] = []
        self._channel = AgentChannel(settings, self, self._nodes_to_report)
        self._reconciler = SessionReconciler(client, collections, settings.agent_id, self._channel.send)
        self._commands = CommandRunner(self._reconciler, self._channel.send)
        self._templates = TemplateSync(client, collections)
        self._takeovers: set[asyncio.Task[None]] = set()

    async def run(self, leaving: asyncio.Event) -> None:
        """Serve until `leaving` is set."""
        parts = [self._nodes.run(), self._reconciler.run(), self._templates.run()]
        background = [asyncio.create_task(part) for part in parts]
        readiness = await serve_readiness(self._settings.readiness_port, lambda: self._channel.connected)
        connection = asyncio.create_task(self._serve(leaving))
        try:
            done, _ = await asyncio.wait([*background, connection], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            readiness.close()
            for task in (*background, connection):
                task.cancel()
            await asyncio.gather(*background, connection, return_exceptions=True)

    async def _serve(self, leaving: asyncio.Event) -> None:
        await self._reconciler.synced()
        await self._nodes.synced.wait()
        await self._channel.run(leaving)

    def welcomed(self, welcome: dict[str, Any]) -> None:
        self._templates.want(welcome["templates"])
        self._reconciler.report_everything()
        self._take_over(welcome["sessions"])

    def message_received(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "command":
                self._commands.take(message)
            case "assigned":
                self._take_over(message["sessions"])
            case "templates":
                self._templates.want(message["templates"])
            case kind:
                log.warning("message of unknown type %r", kind)

    def _take_over(self, sessions: list[str]) -> None:
        """In the background, since Kubernetes may be unreachable for a while."""
        task = asyncio.create_task(self._reconciler.take_over(sessions))
        self._takeovers.add(task)
        task.add_done_callback(self._takeover_ended)

    def _takeover_ended(self, task: asyncio.Task[None]) -> None:
        self._takeovers.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("sessions could not be taken over", exc_info=task.exception())

    def _nodes_to_report(self) -> list[dict[str, str]]:
        self._nodes_reported = self._capacity()
        return self._nodes_reported

    def _capacity(self) -> list[dict[str, str]]:
        return [_allocatable(node) for _, node in sorted(self._nodes.objects.items())]

    def _on_node(self, _name: str, _node: Obj | None) -> None:
        if self._capacity() != self._nodes_reported:
            self._channel.send({"type": "nodes", "nodes": self._nodes_to_report()})


def _allocatable(node: Obj) -> dict[str, str]:
    allocatable = node.get("status", {}).get("allocatable", {})
    return {"name": node["metadata"]["name"]} | {key: str(allocatable.get(key, "0")) for key in CAPACITY}
