"""One watch over all kinds of object, including those that are served later."""

from collections.abc import Callable

from streamspace_sandbox.kubernetes.machinery.resources import CUSTOMRESOURCEDEFINITIONS, EVENTS, METRICS, Key, Resource
from streamspace_sandbox.kubernetes.registry.store import Event, Store

Callback = Callable[[Resource, Event], None]


def watch_all_kinds(store: Store, callback: Callback) -> None:
    """Call `callback` for each object and at each change, except for events, which have no owner."""
    watched: set[Key] = set()

    def watch_new_kinds() -> None:
        for resource in store.resources:
            if resource.key not in watched and resource not in METRICS and resource != EVENTS:
                watched.add(resource.key)
                watch(resource)

    def watch(resource: Resource) -> None:
        for obj in store.list(resource)[0]:
            callback(resource, Event("ADDED", obj, None, store.version))
        store.watch(resource, callback=lambda event: callback(resource, event))

    store.watch(CUSTOMRESOURCEDEFINITIONS, callback=lambda _: watch_new_kinds())
    watch_new_kinds()
