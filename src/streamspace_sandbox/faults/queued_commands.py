"""Faults of test 3.2: a command that is sent while no agent is connected."""

import asyncio
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap

SESSIONS = "streamspace_sandbox.streamspace.api.sessions"
ADOPT_ORPHANS = "streamspace_sandbox.streamspace.api.placement:adopt_orphans"
SET_STATE = "streamspace_sandbox.streamspace.agent.commands:CommandRunner.set_state"
REPEAT_SECONDS = 1.0
AGAIN_SECONDS = 2.5
LATE_SECONDS = 14.0
"""More than the plan's 120 s at the default time scale."""


async def _answer_running(command_answer: Any, *arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await command_answer(*arguments)
    answer["command"]["status"] = "running"
    return answer


def _adopt_without(kind: str) -> Patch:
    """Commands of that kind that wait for an agent do not move to the one that adopts their sessions."""

    async def adopt_orphans(original: Any, connection: Any) -> Any:
        await connection.execute(
            "update commands set status = 'failed' where kind = $1 and status = 'queued'"
            " and agent_id in (select agent_id from agents where status <> 'online')"
            " and exists (select 1 from agents where status = 'online')",
            kind,
        )
        return await original(connection)

    return wrap(ADOPT_ORPHANS, adopt_orphans)


def _adopt_one(direction: int) -> Patch:
    """Of all commands to hibernate that wait for an agent, the first (1) or the last (-1) is carried out."""

    async def adopt_orphans(original: Any, connection: Any) -> Any:
        await connection.execute(
            "with waiting as (select id, sequence from commands where kind = 'hibernate' and status = 'queued'"
            " and agent_id in (select agent_id from agents where status <> 'online'))"
            " update commands set status = 'failed' where exists (select 1 from agents where status = 'online')"
            " and id in (select id from waiting)"
            " and id <> (select id from waiting order by sequence * $1::bigint limit 1)",
            direction,
        )
        return await original(connection)

    return wrap(ADOPT_ORPHANS, adopt_orphans)


def _forget_requests(orphans: str) -> str:
    """Take over only the sessions that have had an agent before."""
    return orphans.replace("left join", "join")


def _hibernate_again(after: float) -> Patch:
    """A while after a hibernation was done, a pod is there again, and as long after that it is hibernated again."""

    async def hibernate(set_state: Any, runner: Any, command: dict[str, Any], state: str) -> None:
        await set_state(runner, command, state)
        if state == "hibernated":
            for number, repeated in enumerate(("running", state)):
                await asyncio.sleep(after)
                await set_state(runner, command | {"id": f"{command['id']}-{number}"}, repeated)

    return wrap(SET_STATE, hibernate)


async def _hibernate_late(set_state: Any, runner: Any, command: dict[str, Any], state: str) -> None:
    if state == "hibernated":
        await asyncio.sleep(LATE_SECONDS)
    await set_state(runner, command, state)


async def _forget_hibernation(set_state: Any, runner: Any, command: dict[str, Any], state: str) -> None:
    """The command is done for the API, and nothing of it reaches Kubernetes."""
    if state != "hibernated":
        await set_state(runner, command, state)


async def _restart_first(set_state: Any, runner: Any, command: dict[str, Any], state: str) -> None:
    tracking = runner._tracking
    for pod in tracking.pods_of(command["session"]["name"]) if state == "hibernated" else ():
        await tracking.client.delete(tracking.collections.pods, pod["metadata"]["name"])
        await asyncio.sleep(REPEAT_SECONDS)
    await set_state(runner, command, state)


def _resolve_waking_early(resolve: Any, desired: str, phase: str) -> str:
    status: str = resolve(desired, phase)
    return "Running" if status == "Waking" else status


async def _skip_waking(transition: Any, *arguments: Any) -> Any:
    *first, passing, goal = arguments
    return await transition(*first, goal if passing == "Waking" else passing, goal)


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
    api=_adopt_without("hibernate"),
)
register_fault(
    "queue-keeps-newest-command",
    breaks="3.2-2",
    description="Of several commands that wait for an agent, the newest alone is carried out",
    api=_adopt_one(-1),
)
register_fault(
    "queue-keeps-oldest-command",
    breaks="3.2-2",
    description="Of several commands that wait for an agent, the oldest alone is carried out",
    api=_adopt_one(1),
)
register_fault(
    "queued-command-carried-out-late",
    breaks="3.2-2",
    description=f"The agent carries out a hibernation {LATE_SECONDS:g} s after it has the command",
    agent=wrap(SET_STATE, _hibernate_late),
)
register_fault(
    "queued-command-only-acknowledged",
    breaks="3.2-2",
    description="The agent says that a hibernation is done, and does nothing",
    agent=wrap(SET_STATE, _forget_hibernation),
)
register_fault(
    "session-requested-meanwhile-forgotten",
    breaks="3.2-2",
    description="No agent takes over a session that was requested while none was online",
    api=Patch("streamspace_sandbox.streamspace.api.placement:ORPHANS", _forget_requests),
)
register_fault(
    "queued-waking-lost",
    breaks="3.2-2",
    description="Queued wake commands do not move to the agent that adopts the session",
    api=_adopt_without("wake"),
)
register_fault(
    "restarted-before-it-is-hibernated",
    breaks="3.2-3",
    description="The agent replaces a session's pod before it hibernates the session",
    agent=wrap(SET_STATE, _restart_first),
)
register_fault(
    "command-carried-out-again-later",
    breaks="3.2-3",
    description=f"The agent hibernates a session once more {2 * AGAIN_SECONDS:g} s after it was done",
    agent=_hibernate_again(AGAIN_SECONDS),
)
register_fault(
    "command-carried-out-twice",
    breaks="3.2-3",
    description="The agent hibernates a session, wakes it and hibernates it again",
    agent=_hibernate_again(REPEAT_SECONDS),
)
register_fault(
    "hibernated-too-soon",
    breaks="3.2-4",
    description="The API reports a session as Hibernated as soon as it accepts the command",
    api=[wrap(f"{SESSIONS}:resolve", _resolve_early), wrap(f"{SESSIONS}:Sessions.transition", _skip_transition)],
)
register_fault(
    "woken-too-soon",
    breaks="3.2-4",
    description="The API reports a session as Running as soon as it accepts the command to wake it",
    api=[wrap(f"{SESSIONS}:resolve", _resolve_waking_early), wrap(f"{SESSIONS}:Sessions.transition", _skip_waking)],
)
