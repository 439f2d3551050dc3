"""Namespaces: each gets its default service account, and loses its contents when it is deleted."""

from collections.abc import Iterable

from streamspace_sandbox.kubernetes.controllers.all_kinds import watch_all_kinds
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import (
    EVENTS,
    METRICS,
    NAMESPACES,
    PODS,
    SERVICEACCOUNTS,
    Resource,
)
from streamspace_sandbox.kubernetes.registry.store import Event, Store


class NamespaceController:
    """Empties and removes namespaces that are being deleted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ending: set[str] = set()
        self._queue: WorkQueue[str] = WorkQueue(self._reconcile)
        watch_all_kinds(store, self._changed)

    def _changed(self, resource: Resource, event: Event) -> None:
        if resource == NAMESPACES and event.type != "DELETED":
            self._queue.add(name_of(event.object))
        elif event.type == "DELETED" and namespace_of(event.object) in self._ending:
            self._queue.add(namespace_of(event.object))

    def _reconcile(self, name: str) -> None:
        namespace = self._store.get(NAMESPACES, None, name)
        if "deletionTimestamp" not in namespace["metadata"]:
            with ignore_api_errors(409):
                self._store.create(SERVICEACCOUNTS, {"metadata": {"name": "default", "namespace": name}})
            return
        self._ending.add(name)
        # Pods end before the objects that they may use.
        if not self._empty(name, [PODS]) or not self._empty(name, self._kinds()):
            return
        for event in self._store.list(EVENTS, name)[0]:
            self._store.delete(EVENTS, name, name_of(event))
        self._ending.discard(name)
        self._store.remove(NAMESPACES, None, name, uid=namespace["metadata"]["uid"])

    def _empty(self, name: str, kinds: Iterable[Resource]) -> bool:
        """Delete the objects of these kinds. Whether none is left."""
        for resource in kinds:
            for obj in self._store.list(resource, name)[0]:
                # Another deletion may have removed it already.
                with ignore_api_errors(404):
                    self._store.delete(resource, name, name_of(obj))
        return not any(self._store.list(resource, name)[0] for resource in kinds)

    def _kinds(self) -> list[Resource]:
        """All but events, which tell of the others' end."""
        left_out = (*METRICS, EVENTS)
        return [resource for resource in self._store.resources if resource.namespaced and resource not in left_out]
