"""Watches that run beside the test: each event is stamped on receipt and recorded.

Readers of one kind of objects, such as a session's pods, share one watch of all objects of the kind. A run keeps it
from one scenario to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from streamspace_acceptance.cluster.changes import Change
from streamspace_acceptance.cluster.connection import ClusterError
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster
from streamspace_acceptance.cluster.objects import Json, Meta
from streamspace_acceptance.cluster.watch_calls import Kind
from streamspace_acceptance.cluster.watcher import Watcher
from streamspace_acceptance.waiting import Recording

__all__ = [
    "Change",
    "Kind",
    "deleted_since",
    "holding_watch",
    "keeping_watches",
    "known_objects",
    "watching",
    "watching_events",
    "watching_states",
]


class _SharedWatches:
    """The watches that run: one for each cluster and kind, while it has a reader or the cluster's are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[Cluster, Kind], Watcher] = {}
        self._kept: set[Cluster] = set()

    @contextmanager
    def reading(self, cluster: Cluster, kind: Kind, labels: Mapping[str, str]) -> Iterator[Recording[Change]]:
        """A recording of the objects with those labels."""
        with self.holding(cluster, kind) as watcher:
            reader = watcher.add(labels)
            try:
                yield reader.recording
            finally:
                watcher.remove(reader)

    @contextmanager
    def holding(self, cluster: Cluster, kind: Kind) -> Iterator[Watcher]:
        """The watch of that kind, which runs meanwhile. One that broke is followed by a new one."""
        key = cluster, kind
        with self._lock:
            watcher = self._running.get(key)
            if watcher is None or not watcher.hold():
                watcher = Watcher(cluster, kind)
                watcher.begin()
                self._running[key] = watcher
                watcher.hold()
        try:
            yield watcher
        finally:
            with self._lock:
                watcher.release()
                is_current = self._running.get(key) is watcher
                is_over = not watcher.is_used and not (is_current and cluster in self._kept)
                if is_over and is_current:
                    del self._running[key]
            if is_over:
                watcher.end()

    @contextmanager
    def keeping(self, cluster: Cluster) -> Iterator[None]:
        """Watches of that cluster, once begun, run until the context ends, so that the next reader needs no new one."""
        self._kept.add(cluster)
        try:
            yield
        finally:
            with self._lock:
                self._kept.discard(cluster)
                keys = [key for key, watcher in self._running.items() if key[0] is cluster and not watcher.is_used]
                unused = [self._running.pop(key) for key in keys]
            for watcher in unused:
                watcher.end()

    def known(self, cluster: Cluster, kind: Kind, *, is_polled: bool = False) -> list[Json] | None:
        """The objects by the watch that runs; None if none runs. `is_polled`: until a change that is expected."""
        with self._lock:
            watcher = self._running.get((cluster, kind))
            return None if watcher is None or watcher.is_broken else watcher.known(is_polled=is_polled)

    def deleted_since(self, cluster: Cluster, kind: Kind, moment: float) -> list[Meta]:
        """The objects that the watch that runs has seen deleted since a moment; none if none runs."""
        with self._lock:
            watcher = self._running.get((cluster, kind))
            return [] if watcher is None or watcher.is_broken else watcher.deleted_since(moment)


_shared = _SharedWatches()
keeping_watches = _shared.keeping
known_objects = _shared.known
deleted_since = _shared.deleted_since


@contextmanager
def watching(cluster: Cluster, kind: Kind, **labels: str) -> Iterator[Recording[Change]]:
    """A recording of what happens to the objects of a kind that carry `labels`, begun when this returns."""
    with _shared.reading(cluster, kind, labels) as recording:
        yield recording


@contextmanager
def holding_watch(cluster: Cluster, kind: Kind) -> Iterator[None]:
    """Runs the watch of a kind meanwhile; without it where this user may not watch the kind."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_shared.holding(cluster, kind))
        except ClusterError as error:
            if error.status != FORBIDDEN:
                raise
        yield


@contextmanager
def watching_events(cluster: Cluster) -> Iterator[Recording[Change]]:
    """The same for all events of the namespace; nothing is recorded where this user may not list events."""
    with ExitStack() as stack:
        try:
            recording = stack.enter_context(watching(cluster, "events"))
        except ClusterError as error:
            if error.status != FORBIDDEN:
                raise
            recording = Recording()
        yield recording


@contextmanager
def watching_states(cluster: Cluster, kind: Kind) -> Iterator[Recording[Change]]:
    """The same for all objects of a kind, of which only that is kept which tells their state."""
    with _read_alone(Watcher(cluster, kind, slim=True)) as recording:
        yield recording


@contextmanager
def _read_alone(watcher: Watcher) -> Iterator[Recording[Change]]:
    watcher.begin()
    try:
        yield watcher.add({}).recording
    finally:
        watcher.end()
