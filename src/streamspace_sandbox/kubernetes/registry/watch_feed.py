"""Feeds of changes: subscribers get each change of stored objects, in order and without a gap."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import orjson

from streamspace_sandbox.kubernetes.machinery.errors import gone
from streamspace_sandbox.kubernetes.machinery.resources import Obj

EventType = Literal["ADDED", "MODIFIED", "DELETED"]
MAX_BACKLOG = 50_000
"""The number of events that a subscriber may lag behind; beyond it, it must list again."""


@dataclass(frozen=True)
class Event:
    """One change. `previous` is the object before it (None when it was added)."""

    type: EventType
    object: Obj
    previous: Obj | None
    version: int

    @cached_property
    def line(self) -> bytes:
        """The change as one line of a JSON watch; encoded once for all watchers."""
        return orjson.dumps({"type": self.type, "object": self.object}, option=orjson.OPT_APPEND_NEWLINE)


class Subscription:
    """The changes of one kind from a moment on: an async iterator, or calls of `callback` as they happen.

    Iteration ends after `close()`, and raises `ApiError` 410 when the subscriber fell too far behind.
    """

    def __init__(self, feed: Feed, namespace: str | None, callback: Callable[[Event], None] | None) -> None:
        self._feed = feed
        self._namespace = namespace
        self._callback = callback
        self._backlog: deque[Event] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._closed = False
        self._overrun = False

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        await self.wait()
        if not self._backlog:
            self._raise_if_overrun()
            raise StopAsyncIteration
        return self._backlog.popleft()

    @property
    def ended(self) -> bool:
        """Whether nothing is left to take and nothing more will come."""
        return self._closed and not self._backlog

    async def wait(self) -> None:
        """Until something can be taken, or nothing more will come."""
        while not self._backlog and not self._closed:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival

    def take(self) -> list[Event]:
        """Everything that has arrived, at once. Raises `ApiError` 410 after an overrun."""
        self._raise_if_overrun()
        events = list(self._backlog)
        self._backlog.clear()
        return events

    def _raise_if_overrun(self) -> None:
        if self._overrun:
            raise gone("the watcher fell too far behind; list again")

    def close(self) -> None:
        self._closed = True
        self._feed.subscriptions.discard(self)
        self._wake()

    def offer(self, event: Event) -> None:
        """Called by the feed for each change of the kind."""
        if self._namespace is not None and event.object["metadata"].get("namespace") != self._namespace:
            return
        if self._callback is not None:
            self._callback(event)
            return
        if len(self._backlog) >= MAX_BACKLOG:
            self._backlog.clear()
            self._overrun = True
            self.close()
            return
        self._backlog.append(event)
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


class Feed:
    """All changes of one kind: the latest ones, from which a watch can start, and the present subscribers."""

    def __init__(self, keep: int) -> None:
        self.subscriptions: set[Subscription] = set()
        self._history: deque[Event] = deque(maxlen=keep)
        self._forgotten = 0

    def publish(self, event: Event) -> None:
        if len(self._history) == self._history.maxlen:
            self._forgotten = self._history[0].version
        self._history.append(event)
        for subscription in tuple(self.subscriptions):
            subscription.offer(event)

    def subscribe(
        self, namespace: str | None, since: int | None, callback: Callable[[Event], None] | None
    ) -> Subscription:
        """From now on, or from just after version `since`. Raises `ApiError` 410 when that is no longer kept."""
        if since is not None and since < self._forgotten:
            raise gone(f"too old resource version: {since} ({self._forgotten})")
        subscription = Subscription(self, namespace, callback)
        if since is not None:
            for event in self._history:
                if event.version > since:
                    subscription.offer(event)
        self.subscriptions.add(subscription)
        return subscription
