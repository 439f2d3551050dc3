"""Who set the number of a workload's pods, as `managedFields` tells it. Other fields are not tracked."""

from contextvars import ContextVar

from streamspace_sandbox.kubernetes.machinery.objects import dig, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource

MANAGER: ContextVar[str] = ContextVar("manager", default="kube-controller-manager")
"""The field manager of the request that is served; without one, a controller writes."""
_TRACKED = "f:spec", "f:replicas"


def note(resource: Resource, new: Obj, current: Obj) -> None:
    """Note in `new` who changes `spec.replicas`, if that changes."""
    if dig(new, "spec.replicas") == dig(current, "spec.replicas") or resource.custom:
        return
    others = [entry for entry in new["metadata"].get("managedFields") or [] if not _tracks(entry)]
    entry = {
        "manager": MANAGER.get(),
        "operation": "Update",
        "apiVersion": resource.api_version,
        "time": timestamp(),
        "fieldsType": "FieldsV1",
        "fieldsV1": {_TRACKED[0]: {_TRACKED[1]: {}}},
    }
    new["metadata"]["managedFields"] = [*others, entry]


def manager_of(field_manager: str | None, user_agent: str) -> str:
    """As Kubernetes names the manager of a request: as the client asks, else by its user agent up to a slash."""
    return field_manager or user_agent.partition("/")[0][:128] or "unknown"


def _tracks(entry: Obj) -> bool:
    return _TRACKED[1] in (entry.get("fieldsV1") or {}).get(_TRACKED[0], {})
