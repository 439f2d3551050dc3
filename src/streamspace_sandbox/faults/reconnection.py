"""Faults of an agent that has reconnected: what it does with commands, and what the API logs of it."""

import logging
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, filter_log, wrap

CHANNEL = "streamspace_sandbox.streamspace.agent.channel:AgentChannel"
API_LOG = "streamspace_sandbox.streamspace.api.agents"


def _idle_once_reconnected() -> list[Patch]:
    """An agent whose connection was lost starts no further session, and says that it did."""
    lost = list[Any]()

    def connection_lost(original: Any, channel: Any, reason: str) -> None:
        lost.extend([channel] if channel.connected else [])
        original(channel, reason)

    async def create(original: Any, runner: Any, command: Any) -> None:
        if not lost:
            await original(runner, command)

    runner = "streamspace_sandbox.streamspace.agent.commands:CommandRunner"
    return [wrap(f"{CHANNEL}.connection_lost", connection_lost), wrap(f"{runner}.create", create)]


def _mute_once_reconnected() -> list[Patch]:
    """An agent whose connection was lost carries commands out, and reports nothing of its sessions any more."""
    lost = list[Any]()

    def connection_lost(original: Any, channel: Any, reason: str) -> None:
        lost.extend([channel] if channel.connected else [])
        original(channel, reason)

    def send(original: Any, channel: Any, message: dict[str, Any]) -> None:
        if not lost:
            original(channel, message)

    return [wrap(f"{CHANNEL}.connection_lost", connection_lost), wrap(f"{CHANNEL}.send", send)]


def _log_the_loss_on_return() -> Patch:
    kept = list[logging.LogRecord]()

    def passes(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "status online -> offline" in message and record not in kept:
            kept.append(record)
            return False
        if "status offline -> online" in message and kept:
            log = logging.getLogger(record.name)
            log.handle(kept[0])
            kept.clear()
        return True

    return filter_log(API_LOG, passes)


register_fault(
    "idle-once-reconnected",
    breaks="3.1-3",
    description="An agent that has reconnected sends heartbeats, and starts no session any more",
    agent=_idle_once_reconnected(),
)
register_fault(
    "mute-once-reconnected",
    breaks="3.1-3",
    description="An agent that has reconnected starts sessions, and does not report that they run",
    agent=_mute_once_reconnected(),
)
register_fault(
    "loss-logged-on-return",
    breaks="3.3-4",
    description="The API logs that an agent went offline only when it is back",
    api=_log_the_loss_on_return(),
)
