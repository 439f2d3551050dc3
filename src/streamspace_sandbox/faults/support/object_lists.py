"""Patches of the lists that the API server answers, while its store stays as it is."""

from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap


class _ListingStore:
    """A store whose list of one kind of objects is replaced."""

    def __init__(self, store: Any, plural: str, change: Callable[[list[Any]], list[Any]]) -> None:
        self._store = store
        self._plural = plural
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self, resource: Any, *arguments: Any) -> Any:
        objects, version = self._store.list(resource, *arguments)
        return (self._change(objects) if resource.plural == self._plural else objects), version


def change_list(plural: str, change: Callable[[list[Any]], list[Any]]) -> Patch:
    """Clients that list `plural` get `change` of the objects."""

    def list_changed(list_answer: Any, request: Any, target: Any, store: Any, *rest: Any) -> Any:
        return list_answer(request, target, _ListingStore(store, plural, change), *rest)

    return wrap("streamspace_sandbox.kubernetes.apiserver.app:list_answer", list_changed)
