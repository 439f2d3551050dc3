"""The garbage collector: it deletes objects whose owners are gone."""

from collections import defaultdict
from typing import NamedTuple

from streamspace_sandbox.kubernetes.controllers.all_kinds import watch_all_kinds
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import FOREGROUND_FINALIZER, Event, Store


class Place(NamedTuple):
    """The place of an object in the store."""

    resource: Resource
    namespace: str
    name: str
    uid: str


class GarbageCollector:
    """Follows who owns whom, by uid."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places: dict[str, Place] = {}
        self._dependents: defaultdict[str, set[str]] = defaultdict(set)
        self._owners: dict[str, frozenset[str]] = {}
        self._queue: WorkQueue[str] = WorkQueue(self._collect)
        watch_all_kinds(store, self._changed)

    def _changed(self, resource: Resource, event: Event) -> None:
        metadata = event.object["metadata"]
        uid = metadata["uid"]
        if event.type == "DELETED":
            self._forget(uid)
            return
        self._places[uid] = Place(resource, namespace_of(event.object), name_of(event.object), uid)
        owners = frozenset(reference["uid"] for reference in metadata.get("ownerReferences") or [])
        if owners != self._owners.get(uid, frozenset()):
            self._set_owners(uid, owners)
        if owners or metadata.get("finalizers"):
            self._queue.add(uid)

    def _set_owners(self, uid: str, owners: frozenset[str]) -> None:
        for owner in self._owners.get(uid, frozenset()) - owners:
            self._dependents[owner].discard(uid)
        for owner in owners:
            self._dependents[owner].add(uid)
        self._owners[uid] = owners

    def _forget(self, uid: str) -> None:
        del self._places[uid]
        owners = self._owners.get(uid, frozenset())
        self._set_owners(uid, frozenset())
        del self._owners[uid]
        # Its dependents may be garbage now; its owners may have waited for it.
        for other in (*self._dependents.pop(uid, ()), *owners):
            self._queue.add(other)

    def _collect(self, uid: str) -> None:
        place = self._places.get(uid)
        if place is None:
            return
        obj = self._store.get(place.resource, place.namespace, place.name)
        metadata = obj["metadata"]
        if "deletionTimestamp" in metadata:
            self._continue_deletion(place, metadata.get("finalizers") or [])
            return
        references = metadata.get("ownerReferences") or []
        if references and not any(reference["uid"] in self._places for reference in references):
            self._store.delete(place.resource, place.namespace, place.name, uid=uid)

    def _continue_deletion(self, place: Place, finalizers: list[str]) -> None:
        """Take the next step of a foreground deletion: dependents first, then the owner."""
        dependents = [self._places[uid] for uid in self._dependents.get(place.uid, ()) if uid in self._places]
        if FOREGROUND_FINALIZER not in finalizers:
            return
        for dependent in dependents:
            with ignore_api_errors(404, 409):
                self._store.delete(*dependent[:3], propagation="Foreground", uid=dependent.uid)
        if not dependents:
            self._remove_finalizer(place)

    def _remove_finalizer(self, place: Place) -> None:
        def remove(obj: Obj) -> None:
            obj["metadata"]["finalizers"].remove(FOREGROUND_FINALIZER)

        self._store.mutate(*place[:3], remove)
