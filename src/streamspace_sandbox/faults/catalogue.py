"""The list of planted faults. Listing them imports every module that registers one."""

import difflib
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
    "template_bodies",
    "neighbours",
    "agents",
    "agent_logs",
    "reconnection",
    "queued_commands",
    "balance",
    "load",
    "resource_use",
    "streaming",
    "surroundings",
    "log_surroundings",
    "replaced_pods",
    "operators",
    "rights",
    "session_rights",
    "other_desktops",
)
_faults: dict[str, "Fault"] = {}
_variants: dict[str, "Variant"] = {}


class UnknownFaultError(Exception):
    """No fault has that name; the message lists the existing ones."""


@dataclass(frozen=True)
class Fault:
    """One defect of the product.

    `breaks` is the criterion that must turn red; for a fault `beyond_the_plan`, about which there is none, it is a Then
    sentence. `patches` maps a component ("kubernetes", "api", "agent") to the patches that are applied when its process
    starts. Where the criterion is a matter of degree, a `tolerable` fault
    stays just inside the limit, and no criterion may turn red.
    """

    name: str
    breaks: str
    description: str
    patches: Mapping[str, tuple[Patch, ...]]
    tolerable: bool = False
    beyond_the_plan: bool = False


@dataclass(frozen=True)
class Variant:
    """A healthy product in other surroundings: nothing that the product does is wrong, but much looks different."""

    name: str
    description: str
    patches: Mapping[str, tuple[Patch, ...]]


def register_variant(name: str, *, description: str, **patches: Patch | Iterable[Patch]) -> None:
    """Add a variant to the catalogue; the other keyword arguments are its patches by component."""
    _require_unused(name)
    _variants[name] = Variant(name, description, _by_component(patches))


def _require_unused(name: str) -> None:
    if name in _faults or name in _variants:
        raise ValueError(f"two faults or variants have the name {name}")


def _by_component(patches: Mapping[str, Patch | Iterable[Patch]]) -> dict[str, tuple[Patch, ...]]:
    return {component: (given,) if isinstance(given, Patch) else tuple(given) for component, given in patches.items()}


def register_fault(
    name: str,
    *,
    breaks: str,
    description: str,
    tolerable: bool = False,
    beyond_the_plan: bool = False,
    **patches: Patch | Iterable[Patch],
) -> None:
    """Add a fault to the catalogue; the other keyword arguments are its patches by component."""
    _require_unused(name)
    _faults[name] = Fault(name, breaks, description, _by_component(patches), tolerable, beyond_the_plan)


def faults() -> list[Fault]:
    """All faults, in the order of the plan."""
    for module in _MODULES:
        import_module(f"streamspace_sandbox.faults.{module}")
    return list(_faults.values())


def variants() -> list[Variant]:
    """All healthy variants."""
    faults()
    return list(_variants.values())


def find(name: str) -> Fault | Variant:
    """The fault or variant with that name. Raises UnknownFaultError."""
    by_name: dict[str, Fault | Variant] = {fault.name: fault for fault in faults()}
    by_name |= {variant.name: variant for variant in variants()}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=3)
        meant = f" like it are {', '.join(near)};" if near else ""
        raise UnknownFaultError(f"there is no fault {name!r};{meant} `streamspace-sandbox up --list-faults` lists all")
    return by_name[name]
