"""The time of each agent's last heartbeat, in Redis: a sorted set of agent ids by seconds since the epoch."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from streamspace_sandbox.streamspace.api.redis_client import Redis

KEY = "streamspace:presence"


@dataclass(frozen=True)
class Presence:
    redis: Redis

    async def beat(self, agent_id: str) -> None:
        await self.redis.zadd(KEY, {agent_id: time.time()})

    async def last(self, agents: Iterable[str]) -> dict[str, float]:
        """Seconds since the epoch, for those of `agents` that sent a heartbeat."""
        wanted = list(agents)
        if not wanted:
            return {}
        scores = await self.redis.zmscore(KEY, wanted)
        return {agent: float(score) for agent, score in zip(wanted, scores, strict=True) if score is not None}

    async def forget(self, agents: Iterable[str]) -> None:
        if forgotten := list(agents):
            await self.redis.zrem(KEY, *forgotten)
