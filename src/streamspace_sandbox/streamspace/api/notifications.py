"""Events between the processes of the API, over a Redis channel.

Session changes wake requests that wait for one; the other events are for the processes with agents' connections.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import orjson
import redis.exceptions

from streamspace_sandbox.streamspace.api.redis_client import Redis

log = logging.getLogger("streamspace.api")

CHANNEL = "streamspace:events"
RETRY_SECONDS = 0.3

Event: TypeAlias = dict[str, Any]
Listener: TypeAlias = Callable[[Event], None]


class EventBus:
    """Events are small dicts with a "type": "session" {id}, "templates", "assigned" {agentId}, "offline" {agentId},
    "connected" {agentId, connectionId} and, after Redis was unreachable, "resumed".

    Listeners are called in the order of arrival and must not block.
    """

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._listeners: list[Listener] = []
        self.following = asyncio.Event()

    async def publish(self, kind: str, **details: str) -> None:
        await self._client.publish(CHANNEL, orjson.dumps({"type": kind, **details}))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every event from now on; returns the function that ends this."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def run(self) -> None:
        while True:
            try:
                await self._follow()
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError) as error:
                self.following.clear()
                log.warning("events: Redis is unreachable: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            self.following.set()
            # Listeners may have missed events while Redis was unreachable.
            self._deliver({"type": "resumed"})
            async for message in pubsub.listen():
                if message["type"] == "message":
                    self._deliver(orjson.loads(message["data"]))

    def _deliver(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)
