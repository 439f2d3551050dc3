"""The work of a controller: keys of objects that have to be looked at, each once, soon, one after the other."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from streamspace_sandbox.kubernetes.machinery.expected_errors import ignoring

Key = TypeVar("Key")


class WorkQueue(Generic[Key]):
    """Calls `work` once for each key that was added since, after the change that added it is complete.

    Work never runs inside the call that makes a change: whoever watches sees all changes in their order.
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
        # An object may go while it is waited for; its going adds the keys that are concerned.
        with ignoring(404):
            self._work(key)
