"""The work queue of a controller: keys of objects to reconcile, each once, one after the other."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors

Key = TypeVar("Key")


class WorkQueue(Generic[Key]):
    """Calls `work` once for each added key, after the change that added it is complete.

    Work never runs inside the call that makes a change, so every watch sees all changes in their order.
    """

    def __init__(self, work: Callable[[Key], None]) -> None:
        self._work = work
        self._waiting: dict[Key, None] = {}

    def add(self, key: Key) -> None:
        if key not in self._waiting:
            self._waiting[key] = None
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        key = next(iter(self._waiting))
        del self._waiting[key]
        # The object may be deleted while its key waits; the deletion adds the keys of other objects to reconcile.
        with ignore_api_errors(404):
            self._work(key)
