"""Faults of test 3.2: an order that is given while no agent is there."""

import asyncio
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap

AGAIN_SECONDS = 1.0


def _say_running() -> None:
    """The API calls an order that waits one that is being carried out."""

    def make(answer: Any) -> Any:
        async def command_answer(*arguments: Any) -> dict[str, Any]:
            told: dict[str, Any] = await answer(*arguments)
            told["command"]["status"] = "running"
            return told

        return command_answer

    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions._command_answer", make)


def _lose_waiting() -> None:
    """Orders to sleep that wait do not move to the agent that takes the session over."""

    def make(adopt: Any) -> Any:
        async def adopt_without_orders(connection: Any) -> Any:
            await connection.execute(
                "update commands set status = 'failed' where kind = 'hibernate' and status = 'queued'"
                " and agent_id in (select agent_id from agents where status <> 'online')"
                " and exists (select 1 from agents where status = 'online')"
            )
            return await adopt(connection)

        return adopt_without_orders

    wrap("streamspace_sandbox.streamspace.api.placement:adopt_orphans", make)


def _do_it_again() -> None:
    """The agent wakes a session that it has put to sleep, and puts it to sleep once more."""

    def make(set_state: Any) -> Any:
        async def set_state_twice(commands: Any, order: dict[str, Any], state: str) -> None:
            await set_state(commands, order, state)
            if state == "hibernated":
                for number, again in enumerate(("running", state)):
                    await asyncio.sleep(AGAIN_SECONDS)
                    await set_state(commands, order | {"id": f"{order['id']}-{number}"}, again)

        return set_state_twice

    wrap("streamspace_sandbox.streamspace.agent.commands:Commands._set_state", make)


def _say_asleep_at_once() -> None:
    def make(resolve: Any) -> Any:
        def as_ordered(desired: str, phase: str) -> str:
            status: str = resolve(desired, phase)
            return "Hibernated" if status == "Hibernating" else status

        return as_ordered

    def make_transition(transition: Any) -> Any:
        async def transition_at_once(sessions: Any, session_id: str, kind: str, source: str, _: str, goal: str) -> Any:
            return await transition(sessions, session_id, kind, source, goal, goal)

        return transition_at_once

    wrap("streamspace_sandbox.streamspace.api.sessions:resolve", make)
    wrap("streamspace_sandbox.streamspace.api.sessions:Sessions._transition", make_transition)


register_fault(
    "waiting-order-called-running",
    breaks="3.2-1",
    description="The API does not say that an order waits for an agent",
    api=_say_running,
)
register_fault(
    "waiting-order-lost",
    breaks="3.2-2",
    description="Orders to sleep that were given while no agent was there are forgotten",
    api=_lose_waiting,
)
register_fault(
    "order-carried-out-twice",
    breaks="3.2-3",
    description="The agent puts a session to sleep, wakes it and puts it to sleep again",
    agent=_do_it_again,
)
register_fault(
    "asleep-before-it-is",
    breaks="3.2-4",
    description="The API calls a session Hibernated as soon as that was ordered",
    api=_say_asleep_at_once,
)
