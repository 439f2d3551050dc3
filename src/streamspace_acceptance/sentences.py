"""behave's decorators with types, and the types that sentences share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import behave

from streamspace_acceptance.budgets import Milliseconds, Seconds

Step = TypeVar("Step", bound=Callable[..., None])


def given(sentence: str) -> Callable[[Step], Step]:
    """A state that a scenario begins with."""
    return cast("Callable[[Step], Step]", behave.given(sentence))


def when(sentence: str) -> Callable[[Step], Step]:
    """The one event of a scenario."""
    return cast("Callable[[Step], Step]", behave.when(sentence))


def then(sentence: str) -> Callable[[Step], Step]:
    """One claim that a scenario judges."""
    return cast("Callable[[Step], Step]", behave.then(sentence))


class Resources(dict[str, str]):
    """CPU and memory as a sentence states them: `500m CPU and 1Gi memory`, as Kubernetes quantities."""


def _type(name: str, pattern: str, convert: Callable[[str], object]) -> None:
    """A type by which step definitions take a part of a sentence: `within {limit:Seconds}`."""

    def converted(text: str) -> object:
        return convert(text)

    cast("Any", converted).pattern = pattern
    behave.register_type(**{name: converted})


def _resources(text: str) -> Resources:
    cpu, memory = text.removesuffix(" memory").split(" CPU and ")
    return Resources(cpu=cpu, memory=memory)


_type("Seconds", r"\d+(?:\.\d+)? s\b", lambda text: Seconds(text.removesuffix(" s")))
_type("Milliseconds", r"\d+(?:\.\d+)? ms\b", lambda text: Milliseconds(text.removesuffix(" ms")))
_type("Resources", r"\d+m? CPU and \d+[KMGT]i memory", _resources)
