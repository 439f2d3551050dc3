"""How a Deployment's replicas are spread over its old and new ReplicaSets at the next step of a rollout."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Set:
    """A ReplicaSet: how many pods it is to have, and how many of them are available."""

    name: str
    replicas: int
    available: int


@dataclass(frozen=True)
class Bounds:
    """How far a rolling update may go beyond and below the wanted number of pods."""

    surge: int
    unavailable: int


def bounds(strategy: dict[str, object], desired: int) -> Bounds:
    """From `maxSurge` and `maxUnavailable`, numbers or percentages: surge rounds up, unavailability down."""
    surge = _count(strategy.get("maxSurge", "25%"), desired, math.ceil)
    unavailable = _count(strategy.get("maxUnavailable", "25%"), desired, math.floor)
    return Bounds(surge, unavailable if surge or unavailable else 1)


def _count(value: object, desired: int, rounded: Callable[[float], int]) -> int:
    text = str(value)
    return rounded(desired * int(text[:-1]) / 100) if text.endswith("%") else int(text)


def rolling_step(desired: int, new: Set, old: Sequence[Set], limits: Bounds) -> dict[str, int]:
    """Replicas that ReplicaSets are to have now, by name; those that stay as they are may be missing."""
    changes: dict[str, int] = {}
    total = new.replicas + sum(each.replicas for each in old)
    if new.replicas > desired:
        changes[new.name] = desired
    elif new.replicas < desired:
        room = desired + limits.surge - total
        if room > 0:
            changes[new.name] = min(desired, new.replicas + room)
    return changes | _shrink(desired, new, old, limits)


def _shrink(desired: int, new: Set, old: Sequence[Set], limits: Bounds) -> dict[str, int]:
    """Old pods that may go: first those that serve nobody, then as many others as availability allows."""
    total = new.replicas + sum(each.replicas for each in old)
    least = desired - limits.unavailable
    spare = total - least - (new.replicas - new.available)
    left = {each.name: each.replicas for each in old}
    for each in old:
        broken = min(each.replicas - each.available, max(spare, 0))
        left[each.name] -= broken
        spare -= broken
    spare = new.available + sum(each.available for each in old) - least
    for each in old:
        going = min(left[each.name], each.available, max(spare, 0))
        left[each.name] -= going
        spare -= going
    return {each.name: left[each.name] for each in old if left[each.name] != each.replicas}


def recreate_step(desired: int, new: Set, old: Sequence[Set], old_pods: int) -> dict[str, int]:
    """All old pods go before the first new one comes; `old_pods` counts those that still end."""
    if any(each.replicas for each in old):
        return {each.name: 0 for each in old if each.replicas}
    return {new.name: desired} if not old_pods and new.replicas != desired else {}
