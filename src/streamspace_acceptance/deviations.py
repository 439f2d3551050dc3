"""The differences between a contract profile and the plan, and which of them a run meets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Deviation:
    """One difference: `key` is its place in the profile, `plan` and `product` are the words of both."""

    key: str
    plan: str
    product: str


Listener = Callable[[Deviation], None]
_listeners: list[Listener] = []


def observe(listener: Listener) -> Callable[[], None]:
    """Notifies `listener` of every difference that is met from now on; the function that is returned ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def meet(deviation: Deviation | None) -> None:
    """Notify every listener that the run has met a difference; nothing for None."""
    if deviation is not None:
        for listener in tuple(_listeners):
            listener(deviation)
