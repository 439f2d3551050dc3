"""Patches of one attribute of a module or class. A patch whose target has moved is an error, never a no-op."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


class PatchTargetError(Exception):
    """The code that a fault patches is not where the fault looks for it."""


@dataclass(frozen=True)
class Patch:
    """Sets `target`, written `package.module:attribute` or `package.module:Class.method`, to `make(original)`."""

    target: str
    make: Callable[[Any], Any]

    def apply(self) -> None:
        """Raises PatchTargetError."""
        owner, name = self.find()
        setattr(owner, name, self.make(getattr(owner, name)))

    def find(self) -> tuple[Any, str]:
        """The object that has the attribute, and the attribute's name. Raises PatchTargetError."""
        module_name, _, path = self.target.partition(":")
        owner: Any = import_module(module_name)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent, None)
        if not hasattr(owner, name):
            raise PatchTargetError(f"{self.target} does not exist")
        return owner, name


def replace(target: str, value: Any) -> Patch:
    """`target` becomes `value`."""
    return Patch(target, lambda _original: value)


def wrap(target: str, wrapper: Callable[..., Any]) -> Patch:
    """Calls of `target` go to `wrapper`, which gets the original function and then the call's arguments."""

    def make(original: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            return wrapper(original, *arguments, **options)

        return call

    return Patch(target, make)


def filter_log(module: str, passes: Callable[[logging.LogRecord], bool]) -> Patch:
    """`module` logs only the records that `passes` accepts; it may also change them."""

    def make(log: logging.Logger) -> logging.Logger:
        log.addFilter(passes)
        return log

    return Patch(f"{module}:log", make)
