"""Carries out commands, each once.

A command writes the wanted state and its id into the session's object; the session reconciler does the rest. When a
command arrives again, at this agent or at its successor, its id is already there and nothing changes.
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

    def take(self, command: dict[str, Any]) -> None:
        """Accept a command: {id, kind, session}. For one that is done already, send the result again."""
        command_id = command["id"]
        self._send({"type": "accepted", "command": command_id})
        if command_id in self._results:
            self._answer(command_id)
        elif command_id not in self._running:
            task = asyncio.create_task(self._run(command), name=f"command {command_id}")
            self._running[command_id] = task

    async def _run(self, command: dict[str, Any]) -> None:
        command_id, name = command["id"], command["session"]["name"]
        try:
            async with self._turns[name]:
                await retry_while_unreachable(f"command {command_id}", lambda: self._carry_out(command))
            self._results[command_id] = ""
        except KubeError as error:
            refusal = f"{command['kind']} was refused by Kubernetes: {error.reason}: {error.message}"
            self._results[command_id] = refusal
        finally:
            del self._running[command_id]
        log.info("command %s: %s %s: %s", command_id, command["kind"], name, self._results[command_id] or "done")
        while len(self._results) > REMEMBERED:
            self._results.popitem(last=False)
        self._answer(command_id)

    def _answer(self, command_id: str) -> None:
        self._send({"type": "result", "command": command_id, "failure": self._results[command_id]})

    async def _carry_out(self, command: dict[str, Any]) -> None:
        match command["kind"]:
            case "create":
                await self.create(command)
            case "hibernate" | "wake" as kind:
                await self.set_state(command, STATES[kind])
            case "delete":
                await self._delete(command["session"]["name"])

    async def create(self, command: dict[str, Any]) -> None:
        tracking = self._tracking
        wanted = objects.session(command["session"], tracking.agent_id, command["id"])
        try:
            made = await tracking.client.create(tracking.collections.sessions, wanted)
        except KubeError as error:
            if error.code != 409:
                raise
            # A predecessor created it and did not report it.
            await tracking.take_over([wanted["metadata"]["name"]])
            return
        tracking.sessions.put(made)

    async def set_state(self, command: dict[str, Any], state: str) -> None:
        tracking, name = self._tracking, command["session"]["name"]
        session = await self._current(name)
        if session["metadata"].get("annotations", {}).get(COMMAND_ANNOTATION) == command["id"]:
            return
        metadata = {"labels": {AGENT_LABEL: tracking.agent_id}, "annotations": {COMMAND_ANNOTATION: command["id"]}}
        patch = {"metadata": metadata, "spec": {"state": state}}
        tracking.sessions.put(await tracking.client.patch(tracking.collections.sessions, name, patch))

    async def _current(self, name: str) -> Obj:
        tracking = self._tracking
        return tracking.sessions.objects.get(name) or await tracking.client.get(tracking.collections.sessions, name)

    async def _delete(self, name: str) -> None:
        tracking = self._tracking
        # The object stays until its pods are deleted, so a client that waits for it also waits for them.
        await tracking.client.delete(tracking.collections.sessions, name, dependents_first=True)
        self._turns.pop(name, None)
        if name not in tracking.sessions.objects:
            # It was deleted before this agent knew it, so there will be no event.
            await tracking.take_over([name])
