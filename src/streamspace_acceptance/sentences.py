"""behave's decorators with types, and the types that sentences share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import behave

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


def budget(text: str) -> str:
    """A budget by its name in the plan: `within the {budget:Budget} budget`."""
    return text


cast("Any", budget).pattern = r"startup|restart|hibernation"
behave.register_type(Budget=budget)


def input_kind(text: str) -> str:
    """A kind of input: `the {kind:Input} input lag`."""
    return text


cast("Any", input_kind).pattern = r"mouse|keyboard"
behave.register_type(Input=input_kind)
