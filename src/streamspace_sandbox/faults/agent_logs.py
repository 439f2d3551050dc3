"""The lines that agents write into their logs: a healthy variant, and a fault."""

import logging
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault, register_variant
from streamspace_sandbox.faults.patching import filter_log, wrap

CHANNEL = "streamspace_sandbox.streamspace.agent.channel"


async def _log_again(acknowledgement_of: Any, channel: Any, sequence: int) -> None:
    await acknowledgement_of(channel, sequence)
    logging.getLogger(CHANNEL).info("Heartbeat sent and acknowledged (%d)", sequence)


register_variant(
    "heartbeats-logged-twice",
    description="The agent logs each heartbeat once more when it is acknowledged",
    agent=wrap(f"{CHANNEL}:AgentChannel._acknowledgement_of", _log_again),
)
register_fault(
    "heartbeats-not-logged",
    breaks="3.3-1",
    description="The agent does not log its heartbeats",
    agent=filter_log(CHANNEL, lambda record: "Heartbeat sent" not in record.msg),
)
