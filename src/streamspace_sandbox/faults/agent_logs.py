"""The heartbeats of agents, and the lines that they log about them: healthy variants, and a fault."""

import asyncio
import itertools
import logging
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault, register_variant
from streamspace_sandbox.faults.patching import filter_log, wrap

CHANNEL = "streamspace_sandbox.streamspace.agent.channel"
SHARES = (0.02, 0.2, 0.11, 0.17)
"""The jitter, in intervals, of one heartbeat after the other: an eighth on the mean."""


async def _log_again(acknowledgement_of: Any, channel: Any, sequence: int) -> None:
    await acknowledgement_of(channel, sequence)
    logging.getLogger(CHANNEL).info("Heartbeat sent and acknowledged (%d)", sequence)


class _Varied:
    """A connection on which each heartbeat comes up to a fifth of the interval later than it was due."""

    def __init__(self, websocket: Any, interval: float) -> None:
        self._websocket, self._interval = websocket, interval
        self._due = asyncio.get_running_loop().time()
        self._shares = itertools.cycle(SHARES)

    async def send_str(self, text: str) -> None:
        self._due += self._interval * (1 + next(self._shares))
        await asyncio.sleep(self._due - asyncio.get_running_loop().time())
        await self._websocket.send_str(text)


async def _vary(send_heartbeats: Any, channel: Any, websocket: Any, interval: float) -> None:
    await send_heartbeats(channel, _Varied(websocket, interval), interval)


register_variant(
    "heartbeats-vary",
    description="The agent waits up to a fifth longer before each heartbeat, as schedulers with jitter do",
    agent=wrap(f"{CHANNEL}:AgentChannel.send_heartbeats", _vary),
)
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
