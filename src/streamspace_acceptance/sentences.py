"""behave's decorators with types, and the types that sentences share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import behave

from streamspace_acceptance.budgets import Duration, Milliseconds, Seconds

Step = TypeVar("Step", bound=Callable[..., None])


def given(sentence: str) -> Callable[[Step], Step]:
    """A state that a scenario begins with."""
    return _registered(behave.given(sentence))


def when(sentence: str) -> Callable[[Step], Step]:
    """The one event of a scenario."""
    return _registered(behave.when(sentence))


def then(sentence: str) -> Callable[[Step], Step]:
    """One claim that a scenario judges."""
    return _registered(behave.then(sentence), judges=True)


def _registered(register: Any, *, judges: bool = False) -> Callable[[Step], Step]:
    """Registers a step whose failure is looked at once more with all that the scenario knows (`World.reconsider`).

    One that `judges` applies only where the product has a counterpart, and its words may be the criterion.
    """

    def decorate(step: Step) -> Step:
        @wraps(step)
        def checked(context: Any, *arguments: Any, **options: Any) -> None:
            world = getattr(context, "world", None)
            try:
                if judges and world is not None:
                    world.check_counterpart(context.scenario)
                step(context, *arguments, **options)
                if judges and world is not None:
                    world.check_words(context.scenario)
            except Exception as error:
                failure = error if world is None else world.reconsider(error)
                if failure is error:
                    raise
                raise failure from error

        return cast("Step", register(checked))

    return decorate


class Resources(dict[str, str]):
    """CPU and memory as a sentence states them: `500m CPU and 1Gi memory`, as Kubernetes quantities."""


def _type(name: str, pattern: str, convert: Callable[[str], object]) -> None:
    """A type by which step definitions take a part of a sentence: `within {limit:Seconds}`."""

    def converted(text: str) -> object:
        return convert(text)

    cast("Any", converted).pattern = pattern
    behave.register_type(**{name: converted})


_SECONDS = {"seconds": 1, "s": 1, "minutes": 60, "minute": 60, "min": 60, "hours": 3600, "hour": 3600, "h": 3600}


def _duration(text: str) -> Duration:
    figure, unit = text.split(" ")
    return Duration(float(figure) * _SECONDS[unit])


def _resources(text: str) -> Resources:
    cpu, memory = text.removesuffix(" memory").split(" CPU and ")
    return Resources(cpu=cpu, memory=memory)


_type("Duration", rf"\d+(?:\.\d+)? (?:{'|'.join(_SECONDS)})\b", _duration)
_type("Seconds", r"\d+(?:\.\d+)? s\b", lambda text: Seconds(text.removesuffix(" s")))
_type("Milliseconds", r"\d+(?:\.\d+)? ms\b", lambda text: Milliseconds(text.removesuffix(" ms")))
_type("Resources", r"\d+m? CPU and \d+[KMGT]i memory", _resources)
_type("Input", r"mouse|keyboard", str)
