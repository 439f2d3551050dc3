"""Replacing one attribute of a module or class, loudly: a patch whose target has moved is an error, never a no-op."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


class PatchMissed(Exception):
    """The code that a fault wants to break is not where the fault looks for it."""


def replace(target: str, value: Any) -> None:
    """Set `target`, written `package.module:attribute` or `package.module:Class.method`, to `value`."""
    owner, name = _find(target)
    setattr(owner, name, value)


def wrap(target: str, make: Callable[[Any], Any]) -> None:
    """Replace `target` by what `make` returns when it is given the original."""
    owner, name = _find(target)
    setattr(owner, name, make(getattr(owner, name)))


def _find(target: str) -> tuple[Any, str]:
    module_name, _, path = target.partition(":")
    owner: Any = import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent, None)
    if not hasattr(owner, name):
        raise PatchMissed(f"there is no {target} to break")
    return owner, name
