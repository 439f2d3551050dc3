"""Violations beyond the structure of an object: names, labels, and the rules of each built-in kind."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.objects import dig
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.machinery.selectors import matches_selector
from streamspace_sandbox.kubernetes.registry import custom_resources
from streamspace_sandbox.kubernetes.registry.network_policy_validation import policy_violations
from streamspace_sandbox.quantities import is_quantity, parse_quantity

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_PODS = re.compile(r"[0-9]+%?")
_ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")

_LABEL_RULE = "must consist of alphanumeric characters, '-', '_' or '.', 63 at most"
_LABEL_NAMED = frozenset({"namespaces", "services"})
_FREELY_NAMED = frozenset({"roles", "rolebindings", "clusterroles", "clusterrolebindings"})
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_UNSUPPORTED_OF_POD = ("affinity", "hostNetwork", "hostPID", "shareProcessNamespace")
_UNSUPPORTED_OF_CONTAINER = ("envFrom", "livenessProbe", "startupProbe", "lifecycle", "targetContainerName")
_VOLUME_SOURCES = ("emptyDir", "persistentVolumeClaim")


def required(path: str, why: str = "") -> Cause:
    return Cause(path, f"Required value{': ' + why if why else ''}", "FieldValueRequired")


def wrong(path: str, value: Any, why: str) -> Cause:
    shown = f'"{value}"' if isinstance(value, str) else value
    return Cause(path, f"Invalid value: {shown}: {why}")


def unsupported(path: str) -> Cause:
    """Refused, so that nobody takes it for honoured."""
    return Cause(path, "Forbidden: not supported by this API server", "FieldValueForbidden")


def _one_of(path: str, value: Any, choices: tuple[str, ...]) -> Iterator[Cause]:
    if value is not None and value not in choices:
        supported = ", ".join(f'"{choice}"' for choice in choices)
        yield Cause(path, f'Unsupported value: "{value}": supported values: {supported}', "FieldValueNotSupported")


def metadata_violations(resource: Resource, obj: Obj) -> Iterator[Cause]:
    """Name, labels and annotations."""
    metadata = obj["metadata"]
    name = metadata.get("name")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif why := _name_complaint(resource, name):
        yield wrong("metadata.name", name, why)
    yield from label_violations(metadata.get("labels"), "metadata.labels")
    for key in metadata.get("annotations") or {}:
        if not _LABEL_KEY.fullmatch(key.lower()):
            yield wrong("metadata.annotations", key, f"name part {_LABEL_RULE}")


def _name_complaint(resource: Resource, name: str) -> str:
    if resource.plural in _FREELY_NAMED and not resource.custom:
        return "" if _PATH_SEGMENT.fullmatch(name) else "may not be '.' or '..' nor contain '/' or '%'"
    if resource.plural in _LABEL_NAMED and not resource.custom:
        rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', 63 at most"
        return "" if _DNS_LABEL.fullmatch(name) else rule
    if len(name) > 253 or not _DNS_SUBDOMAIN.fullmatch(name):
        return (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character (253 characters at most)"
        )
    return ""


def label_violations(labels: Mapping[str, Any] | None, path: str) -> Iterator[Cause]:
    for key, value in (labels or {}).items():
        if not _LABEL_KEY.fullmatch(key):
            yield wrong(path, key, f"name part {_LABEL_RULE}")
        if not _LABEL_VALUE.fullmatch(value):
            yield wrong(path, value, f"a valid label must be an empty string or {_LABEL_RULE}")


def pod_violations(pod: Obj) -> Iterator[Cause]:
    yield from pod_spec_violations(pod["spec"], "spec")


def pod_spec_violations(spec: Obj, path: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    yield from (unsupported(f"{path}.{field}") for field in _UNSUPPORTED_OF_POD if spec.get(field))
    yield from _one_of(f"{path}.restartPolicy", spec.get("restartPolicy"), _RESTART_POLICIES)
    for index, volume in enumerate(spec.get("volumes") or []):
        sources = volume.keys() - {"name", *_VOLUME_SOURCES}
        yield from (unsupported(f"{path}.volumes[{index}].{source}") for source in sorted(sources))
    volumes = [volume["name"] for volume in spec.get("volumes") or []]
    yield from _unique_labels(volumes, f"{path}.volumes")
    containers = spec.get("containers") or []
    yield from _unique_labels([container["name"] for container in containers], f"{path}.containers")
    for index, container in enumerate(containers):
        yield from container_violations(container, f"{path}.containers[{index}]", frozenset(volumes))
    for index, container in enumerate(spec.get("initContainers") or []):
        place = f"{path}.initContainers[{index}]"
        if container.get("restartPolicy") != "Always":
            yield Cause(f"{place}.restartPolicy", "Forbidden: only Always is supported by this API server")
        yield from container_violations(container, place, frozenset(volumes))


def _unique_labels(names: list[str], path: str) -> Iterator[Cause]:
    for index, name in enumerate(names):
        if not _DNS_LABEL.fullmatch(name):
            yield wrong(f"{path}[{index}].name", name, "must be a lowercase RFC 1123 label")
        if name in names[:index]:
            yield Cause(f"{path}[{index}].name", f'Duplicate value: "{name}"', "FieldValueDuplicate")


def container_violations(container: Obj, path: str, volumes: frozenset[str]) -> Iterator[Cause]:
    if not container.get("image"):
        yield required(f"{path}.image")
    elif container["image"] != container["image"].strip():
        yield wrong(f"{path}.image", container["image"], "must not have leading or trailing whitespace")
    yield from _one_of(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), _PULL_POLICIES)
    yield from (unsupported(f"{path}.{field}") for field in _UNSUPPORTED_OF_CONTAINER if container.get(field))
    probe = container.get("readinessProbe") or {}
    yield from (unsupported(f"{path}.readinessProbe.{action}") for action in ("exec", "grpc") if action in probe)
    for index, variable in enumerate(container.get("env") or []):
        if not _ENV_NAME.fullmatch(variable["name"]):
            yield wrong(f"{path}.env[{index}].name", variable["name"], "a valid environment variable name is needed")
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount["name"] not in volumes:
            yield Cause(f"{path}.volumeMounts[{index}].name", f'Not found: "{mount["name"]}"', "FieldValueNotFound")
    for index, port in enumerate(container.get("ports") or []):
        yield from _port_violations(port["containerPort"], f"{path}.ports[{index}].containerPort")
    yield from _resource_violations(container.get("resources") or {}, f"{path}.resources")


def _port_violations(port: Any, path: str) -> Iterator[Cause]:
    if isinstance(port, int) and not 1 <= port <= 65535:
        yield wrong(path, port, "must be between 1 and 65535, inclusive")


def _resource_violations(resources: Obj, path: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, quantities in (("limits", limits), ("requests", requests)):
        for name, value in quantities.items():
            if is_quantity(value) and parse_quantity(value) < 0:
                yield wrong(f"{path}.{field}[{name}]", str(value), "must be greater than or equal to 0")
    for name, value in requests.items():
        comparable = is_quantity(value) and name in limits and is_quantity(limits[name])
        if comparable and parse_quantity(value) > parse_quantity(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield wrong(f"{path}.requests", str(value), why)


def workload_violations(workload: Obj) -> Iterator[Cause]:
    """Deployments and ReplicaSets."""
    spec = workload["spec"]
    if spec.get("replicas", 0) < 0:
        yield wrong("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    template = spec.get("template") or {}
    labels = dig(template, "metadata.labels") or {}
    selector = spec["selector"]
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield wrong("spec.selector", "{}", "empty selector is invalid for deployment")
    elif not matches_selector(selector, labels):
        yield wrong("spec.template.metadata.labels", str(labels), "`selector` does not match template `labels`")
    yield from label_violations(labels, "spec.template.metadata.labels")
    if "spec" not in template:
        yield required("spec.template.spec")
        return
    yield from pod_spec_violations(template["spec"], "spec.template.spec")
    yield from _one_of("spec.template.spec.restartPolicy", template["spec"].get("restartPolicy"), ("Always",))
    yield from _one_of("spec.strategy.type", dig(spec, "strategy.type"), ("Recreate", "RollingUpdate"))
    for name, limit in (dig(spec, "strategy.rollingUpdate") or {}).items():
        if not _PODS.fullmatch(str(limit)):
            yield wrong(f"spec.strategy.rollingUpdate.{name}", limit, "must be a number of pods or a percentage")


def service_violations(service: Obj) -> Iterator[Cause]:
    spec = service["spec"]
    yield from _one_of("spec.type", spec.get("type"), _SERVICE_TYPES)
    ports = spec.get("ports") or []
    if not ports and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    for index, port in enumerate(ports):
        yield from _port_violations(port["port"], f"spec.ports[{index}].port")
        if len(ports) > 1 and not port.get("name"):
            yield required(f"spec.ports[{index}].name")


def claim_violations(claim: Obj) -> Iterator[Cause]:
    spec = claim["spec"]
    if not spec["accessModes"]:
        yield required("spec.accessModes", "at least 1 access mode is required")
    for index, mode in enumerate(spec["accessModes"]):
        yield from _one_of(f"spec.accessModes[{index}]", mode, _ACCESS_MODES)
    storage = dig(spec, "resources.requests.storage")
    if storage is None:
        yield required("spec.resources[storage]")
    elif is_quantity(storage) and parse_quantity(storage) <= 0:
        yield wrong("spec.resources[storage]", str(storage), "must be greater than zero")


KIND_RULES: Mapping[str, Callable[[Obj], Iterator[Cause]]] = {
    "pods": pod_violations,
    "deployments": workload_violations,
    "replicasets": workload_violations,
    "services": service_violations,
    "persistentvolumeclaims": claim_violations,
    "networkpolicies": policy_violations,
    "customresourcedefinitions": custom_resources.definition_violations,
}
