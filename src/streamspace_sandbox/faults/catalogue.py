"""The list of planted faults. Listing them imports every module that registers one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module

from streamspace_sandbox.faults.patching import Patch

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
    "load",
    "resource_use",
    "streaming",
)
_faults: dict[str, "Fault"] = {}


class UnknownFaultError(Exception):
    """No fault has that name; the message lists the existing ones."""


@dataclass(frozen=True)
class Fault:
    """One defect of the product.

    `breaks` is the criterion that must turn red. `patches` maps a component ("kubernetes", "api", "agent") to the
    patches that are applied when its process starts. Where the criterion is a matter of degree, a `tolerable` fault
    stays just inside the limit, and no criterion may turn red.
    """

    name: str
    breaks: str
    description: str
    patches: Mapping[str, tuple[Patch, ...]]
    tolerable: bool = False


def register_fault(
    name: str, *, breaks: str, description: str, tolerable: bool = False, **patches: Patch | Iterable[Patch]
) -> None:
    """Add a fault to the catalogue; the other keyword arguments are its patches by component."""
    if name in _faults:
        raise ValueError(f"two faults have the name {name}")
    by_component = {
        component: (given,) if isinstance(given, Patch) else tuple(given) for component, given in patches.items()
    }
    _faults[name] = Fault(name, breaks, description, by_component, tolerable)


def faults() -> list[Fault]:
    """All faults, in the order of the plan."""
    for module in _MODULES:
        import_module(f"streamspace_sandbox.faults.{module}")
    return list(_faults.values())


def find(name: str) -> Fault:
    """The fault with that name. Raises UnknownFaultError."""
    by_name = {fault.name: fault for fault in faults()}
    if name not in by_name:
        raise UnknownFaultError(f"there is no fault {name!r}; the faults are: {', '.join(by_name)}")
    return by_name[name]
