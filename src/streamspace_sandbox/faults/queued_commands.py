"""Faults of test 3.2: a command that is sent while no agent is connected."""

import asyncio
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap

SESSIONS = "streamspace_sandbox.streamspace.api.sessions"
REPEAT_SECONDS = 1.0


async def _answer_running(command_answer: Any, *arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await command_answer(*arguments)
    answer["command"]["status"] = "running"
    return answer


async def _adopt_without_commands(adopt_orphans: Any, connection: Any) -> Any:
    await connection.execute(
        "update commands set status = 'failed' where kind = 'hibernate' and status = 'queued'"
        " and agent_id in (select agent_id from agents where status <> 'online')"
        " and exists (select 1 from agents where status = 'online')"
    )
    return await adopt_orphans(connection)


async def _hibernate_twice(set_state: Any, runner: Any, command: dict[str, Any], state: str) -> None:
    await set_state(runner, command, state)
    if state == "hibernated":
        for number, repeated in enumerate(("running", state)):
            await asyncio.sleep(REPEAT_SECONDS)
            await set_state(runner, command | {"id": f"{command['id']}-{number}"}, repeated)


def _resolve_early(resolve: Any, desired: str, phase: str) -> str:
    status: str = resolve(desired, phase)
    return "Hibernated" if status == "Hibernating" else status


async def _skip_transition(transition: Any, *arguments: Any) -> Any:
    *first, _passing, goal = arguments
    return await transition(*first, goal, goal)


register_fault(
    "queued-command-called-running",
    breaks="3.2-1",
    description="The API reports a queued command as running",
    api=wrap(f"{SESSIONS}:Sessions.command_answer", _answer_running),
)
register_fault(
    "queued-command-lost",
    breaks="3.2-2",
    description="Queued hibernate commands do not move to the agent that adopts the session",
    api=wrap("streamspace_sandbox.streamspace.api.placement:adopt_orphans", _adopt_without_commands),
)
register_fault(
    "command-carried-out-twice",
    breaks="3.2-3",
    description="The agent hibernates a session, wakes it and hibernates it again",
    agent=wrap("streamspace_sandbox.streamspace.agent.commands:CommandRunner.set_state", _hibernate_twice),
)
register_fault(
    "hibernated-too-soon",
    breaks="3.2-4",
    description="The API reports a session as Hibernated as soon as it accepts the command",
    api=[wrap(f"{SESSIONS}:resolve", _resolve_early), wrap(f"{SESSIONS}:Sessions.transition", _skip_transition)],
)
