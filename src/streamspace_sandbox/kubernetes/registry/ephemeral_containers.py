"""Ephemeral containers: how they are added to a running pod. They are never changed or removed."""

from collections.abc import Iterator

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.validation import container_violations

PATH = "spec.ephemeralContainers"
NOT_AT_CREATION = Cause(PATH, "Forbidden: cannot be set on create", "FieldValueForbidden")
_FORBIDDEN_FIELDS = ("ports", "readinessProbe", "resources")


def with_ephemeral_containers(current: Obj, wanted: Obj) -> Obj:
    """`current` with the ephemeral containers of `wanted` and nothing else of it."""
    containers = (wanted.get("spec") or {}).get("ephemeralContainers") or []
    if containers:
        current["spec"]["ephemeralContainers"] = containers
    else:
        current["spec"].pop("ephemeralContainers", None)
    return current


def violations(new: Obj, current: Obj) -> Iterator[Cause]:
    """The violations of the ephemeral containers that a write leads to."""
    spec = new["spec"]
    containers: list[Obj] = spec.get("ephemeralContainers") or []
    present: list[Obj] = current["spec"].get("ephemeralContainers") or []
    if containers[: len(present)] != present:
        why = "Forbidden: existing ephemeral containers may not be changed or removed"
        yield Cause(PATH, why, "FieldValueForbidden")
    taken = {container["name"] for container in [*spec["containers"], *(spec.get("initContainers") or [])]}
    volumes = frozenset(volume["name"] for volume in spec.get("volumes") or [])
    for index, container in enumerate(containers):
        path = f"{PATH}[{index}]"
        yield from container_violations(container, path, volumes)
        if container["name"] in taken:
            yield Cause(f"{path}.name", f'Duplicate value: "{container["name"]}"', "FieldValueDuplicate")
        taken.add(container["name"])
        for field in _FORBIDDEN_FIELDS:
            if container.get(field):
                why = "Forbidden: cannot be set for an Ephemeral Container"
                yield Cause(f"{path}.{field}", why, "FieldValueForbidden")
