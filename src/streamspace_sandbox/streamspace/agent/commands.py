"""Carrying out commands, each once.

A command is carried out by writing what it wants into the session's object, together with the command's id: from there
on the tracking of sessions does the work. A command that comes again, to this agent or to its successor, finds its id
there and changes nothing.
"""

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, TypeAlias

from streamspace_sandbox.streamspace.agent import objects
from streamspace_sandbox.streamspace.agent.objects import AGENT_LABEL, COMMAND_ANNOTATION
from streamspace_sandbox.streamspace.agent.session_reconciler import SessionReconciler
from streamspace_sandbox.streamspace.kube.client import KubeError, Obj, retry_while_unreachable

log = logging.getLogger("streamspace.agent")

Send: TypeAlias = Callable[[dict[str, Any]], None]
REMEMBERED = 2000
STATES = {"hibernate": "hibernated", "wake": "running"}


class CommandRunner:
    """Runs commands for different sessions side by side, those for one session in their order."""

    def __init__(self, tracking: SessionReconciler, send: Send) -> None:
        self._tracking = tracking
        self._send = send
        self._results: OrderedDict[str, str] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def take(self, order: dict[str, Any]) -> None:
        """Accept an order: {id, kind, session}. One that was carried out already is only answered again."""
        command_id = order["id"]
        self._send({"type": "accepted", "command": command_id})
        if command_id in self._results:
            self._answer(command_id)
        elif command_id not in self._running:
            task = asyncio.create_task(self._run(order), name=f"command {command_id}")
            self._running[command_id] = task

    async def _run(self, order: dict[str, Any]) -> None:
        command_id, name = order["id"], order["session"]["name"]
        try:
            async with self._turns[name]:
                await retry_while_unreachable(f"command {command_id}", lambda: self._carry_out(order))
            self._results[command_id] = ""
        except KubeError as error:
            refusal = f"{order['kind']} was refused by Kubernetes: {error.reason}: {error.message}"
            self._results[command_id] = refusal
        finally:
            del self._running[command_id]
        log.info("command %s: %s %s: %s", command_id, order["kind"], name, self._results[command_id] or "done")
        while len(self._results) > REMEMBERED:
            self._results.popitem(last=False)
        self._answer(command_id)

    def _answer(self, command_id: str) -> None:
        self._send({"type": "result", "command": command_id, "failure": self._results[command_id]})

    async def _carry_out(self, order: dict[str, Any]) -> None:
        match order["kind"]:
            case "create":
                await self.create(order)
            case "hibernate" | "wake" as kind:
                await self.set_state(order, STATES[kind])
            case "delete":
                await self._delete(order["session"]["name"])

    async def create(self, order: dict[str, Any]) -> None:
        tracking = self._tracking
        wanted = objects.session(order["session"], tracking.agent_id, order["id"])
        try:
            made = await tracking.client.create(tracking.collections.sessions, wanted)
        except KubeError as error:
            if error.code != 409:
                raise
            # A predecessor was here and did not come to say so.
            await tracking.take_over([wanted["metadata"]["name"]])
            return
        tracking.sessions.put(made)

    async def set_state(self, order: dict[str, Any], state: str) -> None:
        tracking, name = self._tracking, order["session"]["name"]
        session = await self._current(name)
        if session["metadata"].get("annotations", {}).get(COMMAND_ANNOTATION) == order["id"]:
            return
        metadata = {"labels": {AGENT_LABEL: tracking.agent_id}, "annotations": {COMMAND_ANNOTATION: order["id"]}}
        patch = {"metadata": metadata, "spec": {"state": state}}
        tracking.sessions.put(await tracking.client.patch(tracking.collections.sessions, name, patch))

    async def _current(self, name: str) -> Obj:
        tracking = self._tracking
        return tracking.sessions.objects.get(name) or await tracking.client.get(tracking.collections.sessions, name)

    async def _delete(self, name: str) -> None:
        tracking = self._tracking
        # Its object stays until its pods are gone, so that whoever waits for the one has waited for the others.
        await tracking.client.delete(tracking.collections.sessions, name, dependents_first=True)
        self._turns.pop(name, None)
        if name not in tracking.sessions.objects:
            # It was gone before this agent knew it: there will be no event to tell of its end.
            await tracking.take_over([name])
