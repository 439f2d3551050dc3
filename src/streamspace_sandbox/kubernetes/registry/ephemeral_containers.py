"""Ephemeral containers: what may be added to a pod that runs, and how the pod looks then. They are never taken away."""

from collections.abc import Iterator

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.validation import container_violations

PATH = "spec.ephemeralContainers"
NOT_AT_CREATION = Cause(PATH, "Forbidden: cannot be set on create", "FieldValueForbidden")
NOT_FOR_THEM = ("ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle")


def with_ephemeral_containers(current: Obj, wanted: Obj) -> Obj:
    """`current` with the ephemeral containers of `wanted` and nothing else of it."""
    listed = (wanted.get("spec") or {}).get("ephemeralContainers") or []
    if listed:
        current["spec"]["ephemeralContainers"] = listed
    else:
        current["spec"].pop("ephemeralContainers", None)
    return current


def violations(new: Obj, current: Obj) -> Iterator[Cause]:
    """What is wrong with the ephemeral containers that a write leads to."""
    spec = new["spec"]
    listed: list[Obj] = spec.get("ephemeralContainers") or []
    there: list[Obj] = current["spec"].get("ephemeralContainers") or []
    if listed[: len(there)] != there:
        why = "Forbidden: existing ephemeral containers may not be changed or removed"
        yield Cause(PATH, why, "FieldValueForbidden")
    ordinary = [each["name"] for kind in ("initContainers", "containers") for each in spec.get(kind) or []]
    volumes = frozenset(each["name"] for each in spec.get("volumes") or [])
    for index, container in enumerate(listed):
        path = f"{PATH}[{index}]"
        yield from container_violations(container, path, volumes)
        if container["name"] in [*ordinary, *(each["name"] for each in listed[:index])]:
            yield Cause(f"{path}.name", f'Duplicate value: "{container["name"]}"', "FieldValueDuplicate")
        for field in NOT_FOR_THEM:
            if container.get(field):
                yield Cause(
                    f"{path}.{field}", "Forbidden: cannot be set for an Ephemeral Container", "FieldValueForbidden"
                )
        if (container.get("resources") or {}).get("limits") or (container.get("resources") or {}).get("requests"):
            yield Cause(
                f"{path}.resources", "Forbidden: cannot be set for an Ephemeral Container", "FieldValueForbidden"
            )
        target = container.get("targetContainerName")
        if target and target not in ordinary:
            yield Cause(f"{path}.targetContainerName", f'Not found: "{target}"', "FieldValueNotFound")
