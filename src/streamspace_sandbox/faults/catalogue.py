"""The list of planted faults. Importing it imports every module that plants one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

_MODULES = (
    "environment",
    "creation",
    "startup",
    "resources",
    "desktop",
    "interaction",
    "persistence",
    "concurrency",
    "hibernation",
    "templates",
    "agents",
    "queued_commands",
    "balance",
)
_faults: dict[str, "Fault"] = {}


class UnknownFault(Exception):
    """No fault has that name; the message lists those that there are."""


@dataclass(frozen=True)
class Fault:
    """One way of being broken.

    `breaks` is the criterion that must turn red, `patches` maps a component ("kubernetes", "api", "agent") to the
    function that breaks it when its process starts. Where the criterion is a matter of degree, a fault that is
    `tolerable` stays just inside its limit, and nothing may turn red.
    """

    name: str
    breaks: str
    description: str
    patches: Mapping[str, Callable[[], None]]
    tolerable: bool = False


def register_fault(
    name: str, *, breaks: str, description: str, tolerable: bool = False, **patches: Callable[[], None]
) -> None:
    """Add a fault to the catalogue; the keyword arguments are its patches by component."""
    if name in _faults:
        raise ValueError(f"two faults are called {name}")
    _faults[name] = Fault(name, breaks, description, patches, tolerable)


def faults() -> list[Fault]:
    """All faults, in the order of the plan."""
    for module in _MODULES:
        import_module(f"streamspace_sandbox.faults.{module}")
    return list(_faults.values())


def find(name: str) -> Fault:
    """The fault called `name`. Raises UnknownFault."""
    known = {fault.name: fault for fault in faults()}
    if name not in known:
        raise UnknownFault(f"there is no fault {name!r}; the faults are: {', '.join(known)}")
    return known[name]
