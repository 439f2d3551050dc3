"""The columns that `kubectl get` shows of the built-in kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.kubernetes.machinery.objects import dig, name_of
from streamspace_sandbox.kubernetes.machinery.printing import NONE, UNKNOWN, age, age_of, listed, pairs
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.selectors import selector_text
from streamspace_sandbox.kubernetes.printers.pod_status import ready_count, restarts, status_text


@dataclass(frozen=True)
class Column:
    """One column: its title and the cell for an object. Priority 1 is shown by `-o wide` only."""

    name: str
    cell: Callable[[Obj], Any]
    description: str = ""
    type: str = "string"
    priority: int = 0


def _at(path: str, otherwise: Any = NONE) -> Callable[[Obj], Any]:
    def cell(obj: Obj) -> Any:
        value = dig(obj, path)
        return otherwise if value in (None, "") else value

    return cell


def _wide(name: str, cell: Callable[[Obj], Any]) -> Column:
    return Column(name, cell, priority=1)


def _size(*fields: str) -> Callable[[Obj], int]:
    return lambda obj: sum(len(obj.get(field) or {}) for field in fields)


def _containers(field: str) -> Callable[[Obj], str]:
    return lambda obj: listed(c.get(field, "") for c in dig(obj, "spec.template.spec.containers") or [])


def _selector(obj: Obj) -> str:
    return selector_text(dig(obj, "spec.selector")) or NONE


def _deployment_ready(obj: Obj) -> str:
    return f"{dig(obj, 'status.readyReplicas') or 0}/{dig(obj, 'spec.replicas') or 0}"


def _node_status(node: Obj) -> str:
    conditions = dig(node, "status.conditions") or []
    ready = next((c["status"] for c in conditions if c["type"] == "Ready"), "Unknown")
    text = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    return f"{text},SchedulingDisabled" if dig(node, "spec.unschedulable") else text


def _node_roles(node: Obj) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels") or {}
    return listed(sorted(label.removeprefix(prefix) for label in labels if label.startswith(prefix)))


def _node_address(kind: str) -> Callable[[Obj], str]:
    def cell(node: Obj) -> str:
        addresses = dig(node, "status.addresses") or []
        return next((str(a["address"]) for a in addresses if a["type"] == kind), NONE)

    return cell


def _service_ports(service: Obj) -> str:
    ports = dig(service, "spec.ports") or []
    return listed(
        f"{p['port']}{':' + str(p['nodePort']) if p.get('nodePort') else ''}/{p.get('protocol', 'TCP')}" for p in ports
    )


def _external_ip(service: Obj) -> str:
    if dig(service, "spec.type") == "ExternalName":
        return str(dig(service, "spec.externalName"))
    fixed = dig(service, "spec.externalIPs") or []
    if dig(service, "spec.type") != "LoadBalancer":
        return listed(fixed)
    entry_points = dig(service, "status.loadBalancer.ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname") for entry in entry_points]
    return ",".join([*addresses, *fixed]) or "<pending>"


_ACCESS = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _access_modes(path: str) -> Callable[[Obj], str]:
    return lambda obj: ",".join(_ACCESS.get(mode, mode) for mode in dig(obj, path) or [])


def _claim_status(claim: Obj) -> str:
    return "Terminating" if "deletionTimestamp" in claim["metadata"] else str(dig(claim, "status.phase") or "Pending")


def _event_seen(event: Obj) -> str:
    return age(dig(event, "series.lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime"))


def _event_object(event: Obj) -> str:
    involved = event["involvedObject"]
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


def _event_source(event: Obj) -> str:
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    return f"{component}, {source['host']}" if source.get("host") else component


_AGE = Column("Age", age_of)
_WORKLOAD = (
    _wide("Containers", _containers("name")),
    _wide("Images", _containers("image")),
    _wide("Selector", _selector),
)

BUILTIN_COLUMNS: Mapping[str, Sequence[Column]] = {
    "namespaces": (Column("Status", _at("status.phase", "")), _AGE),
    "nodes": (
        Column("Status", _node_status),
        Column("Roles", _node_roles),
        _AGE,
        Column("Version", _at("status.nodeInfo.kubeletVersion", "")),
        _wide("Internal-IP", _node_address("InternalIP")),
        _wide("External-IP", _node_address("ExternalIP")),
        _wide("OS-Image", _at("status.nodeInfo.osImage", UNKNOWN)),
        _wide("Kernel-Version", _at("status.nodeInfo.kernelVersion", UNKNOWN)),
        _wide("Container-Runtime", _at("status.nodeInfo.containerRuntimeVersion", UNKNOWN)),
    ),
    "pods": (
        Column("Ready", ready_count),
        Column("Status", status_text),
        Column("Restarts", restarts),
        _AGE,
        _wide("IP", _at("status.podIP")),
        _wide("Node", _at("spec.nodeName")),
    ),
    "services": (
        Column("Type", _at("spec.type")),
        Column("Cluster-IP", _at("spec.clusterIP")),
        Column("External-IP", _external_ip),
        Column("Port(s)", _service_ports),
        _AGE,
        _wide("Selector", lambda service: pairs(dig(service, "spec.selector"))),
    ),
    "configmaps": (Column("Data", _size("data", "binaryData"), type="integer"), _AGE),
    "secrets": (Column("Type", _at("type")), Column("Data", _size("data"), type="integer"), _AGE),
    "persistentvolumeclaims": (
        Column("Status", _claim_status),
        Column("Volume", _at("spec.volumeName", "")),
        Column("Capacity", _at("status.capacity.storage", "")),
        Column("Access Modes", _access_modes("status.accessModes")),
        Column("StorageClass", _at("spec.storageClassName", "")),
        Column("VolumeAttributesClass", _at("spec.volumeAttributesClassName", "<unset>")),
        _AGE,
        _wide("VolumeMode", _at("spec.volumeMode", "Filesystem")),
    ),
    "events": (
        Column("Last Seen", _event_seen),
        Column("Type", _at("type", "")),
        Column("Reason", _at("reason", "")),
        Column("Object", _event_object),
        _wide("Subobject", _at("involvedObject.fieldPath", "")),
        _wide("Source", _event_source),
        Column("Message", lambda event: str(event.get("message", "")).strip()),
        _wide("First Seen", lambda event: age(event.get("firstTimestamp") or event.get("eventTime"))),
        _wide("Count", lambda event: event.get("count") or 1),
        _wide("Name", name_of),
    ),
    "deployments": (
        Column("Ready", _deployment_ready),
        Column("Up-to-date", _at("status.updatedReplicas", 0), type="integer"),
        Column("Available", _at("status.availableReplicas", 0), type="integer"),
        _AGE,
        *_WORKLOAD,
    ),
    "replicasets": (
        Column("Desired", _at("spec.replicas", 0), type="integer"),
        Column("Current", _at("status.replicas", 0), type="integer"),
        Column("Ready", _at("status.readyReplicas", 0), type="integer"),
        _AGE,
        *_WORKLOAD,
    ),
    "networkpolicies": (
        Column("Pod-Selector", lambda policy: selector_text(dig(policy, "spec.podSelector")) or NONE),
        _AGE,
    ),
}
