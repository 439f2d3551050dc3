"""Watches: one line of JSON for each change, as soon as it happens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.request import Target, flag, number, resource_version
from streamspace_sandbox.kubernetes.apiserver.responses import wants_table
from streamspace_sandbox.kubernetes.apiserver.streaming import StreamAnswer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import name_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.machinery.selectors import Predicate, selector
from streamspace_sandbox.kubernetes.printers import tables
from streamspace_sandbox.kubernetes.registry.store import Store
from streamspace_sandbox.kubernetes.registry.watch_feed import Event, EventType, Subscription

LONGEST_WATCH_SECONDS = 3600
BOOKMARK_SECONDS = 30.0

Encode = Callable[[EventType, Obj], bytes]


@dataclass(frozen=True)
class Selection:
    """The objects that a watch shows, and the encoding of their changes."""

    resource: Resource
    matches: Predicate | None
    encode: Encode | None
    """None for plain JSON, whose lines all watchers share."""

    def line(self, event: Event) -> bytes | None:
        """The change as this watch shows it; None when the watch does not show the object.

        An object that starts to match is ADDED, one that no longer does is DELETED.
        """
        kind = event.type if self.matches is None else self._seen_as(event, self.matches)
        if kind is None:
            return None
        if kind == event.type and self.encode is None:
            return event.line
        return self.render(kind, event.object)

    def _seen_as(self, event: Event, matches: Predicate) -> EventType | None:
        before = event.previous is not None and matches(event.previous)
        after = event.type != "DELETED" and matches(event.object)
        if before:
            return "MODIFIED" if after else "DELETED"
        return "ADDED" if after else None

    def render(self, kind: EventType, obj: Obj) -> bytes:
        if self.encode is not None:
            return self.encode(kind, obj)
        return _line(kind, obj)

    def bookmark(self, version: int, *, initial_end: bool = False) -> bytes:
        metadata: Obj = {"resourceVersion": str(version), "creationTimestamp": None}
        if initial_end:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj = {"kind": self.resource.kind, "apiVersion": self.resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", obj)


def _line(kind: str, obj: Obj) -> bytes:
    return orjson.dumps({"type": kind, "object": obj}, option=orjson.OPT_APPEND_NEWLINE)


def _encoder(request: Request, target: Target, store: Store) -> Encode | None:
    """The encoding of changes for this client. Only the first table has column definitions."""
    if not wants_table(request):
        return None
    include = request.query_params.get("includeObject", "Metadata")
    headed = False

    def encode(kind: EventType, obj: Obj) -> bytes:
        nonlocal headed
        version = obj["metadata"]["resourceVersion"]
        made = tables.table(target.resource, [obj], store.custom, include=include, version=version)
        if headed:
            made = {**made, "columnDefinitions": None}
        headed = True
        return _line(kind, made)

    return encode


def _named(target: Target) -> Predicate | None:
    if target.name is None:
        return None
    return lambda obj: name_of(obj) == target.name


def watch_answer(request: Request, target: Target, store: Store) -> Response:
    """The stream of changes that the query asks for. Raises `ApiError` 400, and 504 for a version of the future."""
    query = request.query_params
    terms = [
        term
        for term in (selector(target.resource, query.get("labelSelector"), query.get("fieldSelector")), _named(target))
        if term is not None
    ]
    matches = (lambda obj: all(term(obj) for term in terms)) if terms else None
    selection = Selection(target.resource, matches, _encoder(request, target, store))
    seconds = number(query, "timeoutSeconds") or LONGEST_WATCH_SECONDS
    since = resource_version(query)
    if since is not None and since > store.version:
        raise ApiError(504, "Timeout", f"Too large resource version: {since}, current: {store.version}")
    # A client that names no version first gets the present objects.
    start = None if flag(query, "sendInitialEvents") else since or None
    watch = _Watch(store, target.namespace, selection, start, flag(query, "allowWatchBookmarks"))
    return StreamAnswer(watch.chunks(min(seconds, LONGEST_WATCH_SECONDS)), "application/json")


@dataclass(frozen=True)
class _Watch:
    """The changes after version `start`, or the present objects as ADDED and then all changes."""

    store: Store
    namespace: str | None
    selection: Selection
    start: int | None
    bookmarks: bool

    async def chunks(self, seconds: float) -> AsyncIterator[bytes]:
        """Lines until the time is over; an ERROR line ends a watch that fell too far behind."""
        try:
            # Subscribe and list in one step of the event loop, so that no change falls in between.
            subscription = self.store.watch(self.selection.resource, self.namespace, since=self.start)
            try:
                if self.start is None and (present := self._present()):
                    yield present
                async for chunk in self._changes(subscription, seconds):
                    yield chunk
            finally:
                subscription.close()
        except ApiError as error:
            yield _line("ERROR", error.status())

    def _present(self) -> bytes:
        items, version = self.store.list(self.selection.resource, self.namespace)
        matches = self.selection.matches
        lines = [self.selection.render("ADDED", obj) for obj in items if matches is None or matches(obj)]
        if self.bookmarks:
            lines.append(self.selection.bookmark(version, initial_end=True))
        return b"".join(lines)

    async def _changes(self, subscription: Subscription, seconds: float) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0 and not subscription.ended:
            try:
                async with asyncio.timeout(min(left, BOOKMARK_SECONDS)):
                    await subscription.wait()
            except TimeoutError:
                if self.bookmarks:
                    yield self.selection.bookmark(self.store.version)
                continue
            lines = [line for event in subscription.take() if (line := self.selection.line(event)) is not None]
            if lines:
                yield b"".join(lines)
