"""Watching all kinds of object at once, those included that come to be served later."""

from collections.abc import Callable

from streamspace_sandbox.kubernetes.machinery.resources import CUSTOMRESOURCEDEFINITIONS, EVENTS, METRICS, Key, Resource
from streamspace_sandbox.kubernetes.registry.store import Event, Store

Callback = Callable[[Resource, Event], None]


class Everything:
    """Calls back at each change of any object but the events, which nobody owns."""

    def __init__(self, store: Store, callback: Callback) -> None:
        self._store = store
        self._callback = callback
        self._watched: set[Key] = set()
        store.watch(CUSTOMRESOURCEDEFINITIONS, callback=lambda _: self._follow_new())
        self._follow_new()

    def _follow_new(self) -> None:
        for resource in self._store.resources:
            if resource.key not in self._watched and resource not in METRICS and resource != EVENTS:
                self._watched.add(resource.key)
                self._follow(resource)

    def _follow(self, resource: Resource) -> None:
        def changed(event: Event) -> None:
            self._callback(resource, event)

        for obj in self._store.list(resource)[0]:
            self._callback(resource, Event("ADDED", obj, None, self._store.version))
        self._store.watch(resource, callback=changed)
