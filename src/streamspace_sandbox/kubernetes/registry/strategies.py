"""The preparation of an object before it is stored: defaults, validation, and fields that may not change."""

from collections.abc import Iterator

from streamspace_sandbox.kubernetes.machinery import schema
from streamspace_sandbox.kubernetes.machinery.errors import Cause, bad_request, invalid
from streamspace_sandbox.kubernetes.machinery.objects import dig
from streamspace_sandbox.kubernetes.machinery.resources import CUSTOMRESOURCEDEFINITIONS, NODES, PODS, Obj, Resource
from streamspace_sandbox.kubernetes.registry import (
    builtin_types,
    custom_resources,
    defaults,
    ephemeral_containers,
    validation,
)
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources

_FIXED_FIELDS = {
    "deployments": ("spec.selector",),
    "replicasets": ("spec.selector",),
    "persistentvolumeclaims": ("spec.accessModes", "spec.storageClassName", "spec.selector", "spec.volumeMode"),
    "secrets": ("type",),
    "rolebindings": ("roleRef",),
    "clusterrolebindings": ("roleRef",),
    "storageclasses": ("provisioner", "parameters", "reclaimPolicy"),
    "customresourcedefinitions": ("spec.group", "spec.scope", "spec.names.plural", "spec.names.kind"),
}
_POD_CHANGEABLE = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates")
_INITIAL_PHASE = {"pods": "Pending", "persistentvolumeclaims": "Pending", "namespaces": "Active"}


def prepare_create(resource: Resource, new: Obj, custom: CustomResources) -> None:
    """Complete and check a new object, in place. Raises `ApiError` 400 (wrong types) and 422."""
    _fill_and_check(resource, new, custom)
    if resource == PODS and new["spec"].get("ephemeralContainers"):
        raise invalid(resource, new["metadata"]["name"], [ephemeral_containers.NOT_AT_CREATION])
    if not resource.has_status or resource == NODES:
        # Only a kubelet sets the status at creation: that of its node.
        return
    new.pop("status", None)
    if resource == CUSTOMRESOURCEDEFINITIONS:
        new["status"] = custom_resources.established(new)
    elif not resource.custom:
        phase = _INITIAL_PHASE.get(resource.plural)
        new["status"] = {"phase": phase} if phase else {}


def prepare_update(resource: Resource, new: Obj, current: Obj, custom: CustomResources, *, part: str | None) -> None:
    """Complete and check a changed object, in place. Raises `ApiError` 400 (wrong types) and 422."""
    if part == "status" and not resource.custom:
        return
    _fill_and_check(resource, new, custom)
    if part == "ephemeralcontainers":
        causes = list(ephemeral_containers.violations(new, current))
    else:
        causes = list(_forbidden_changes(resource, new, current))
    if causes:
        raise invalid(resource, new["metadata"]["name"], causes)


def _fill_and_check(resource: Resource, new: Obj, custom: CustomResources) -> None:
    name = new["metadata"].get("name") or new["metadata"].get("generateName") or ""
    form = custom.schema(resource) if resource.custom else builtin_types.schema_of(resource)
    if resource.custom:
        schema.prune(form, new)
        schema.apply_defaults(form, new)
    causes = schema.violations(form, new)
    if mistyped := [cause for cause in causes if cause.reason == schema.TYPE_INVALID and not resource.custom]:
        message = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        raise bad_request(message + mistyped[0].sentence)
    if not causes:
        causes = list(validation.metadata_violations(resource, new))
    if not causes and not resource.custom:
        if fill := defaults.FILL.get(resource.plural):
            fill(new)
        if rules := validation.KIND_RULES.get(resource.plural):
            causes = list(rules(new))
    if causes:
        raise invalid(resource, name, causes)


def _forbidden_changes(resource: Resource, new: Obj, current: Obj) -> Iterator[Cause]:
    if resource == PODS:
        yield from _forbidden_pod_changes(new, current)
    if resource.plural in ("secrets", "configmaps") and current.get("immutable"):
        for field in ("data", "binaryData"):
            if new.get(field) != current.get(field):
                yield Cause(field, "Forbidden: field is immutable when `immutable` is set", "FieldValueForbidden")
    if resource.custom:
        return
    for path in _FIXED_FIELDS.get(resource.plural, ()):
        if dig(current, path) is not None and dig(new, path) != dig(current, path):
            yield Cause(path, f"Invalid value: {dig(new, path)}: field is immutable")


def _forbidden_pod_changes(new: Obj, current: Obj) -> Iterator[Cause]:
    if _fixed_pod_spec(new["spec"], current["spec"]) != _fixed_pod_spec(current["spec"], current["spec"]):
        changeable = "`spec.containers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations`"
        message = f"Forbidden: pod updates may not change fields other than {changeable}"
        yield Cause("spec", message, "FieldValueForbidden")


def _fixed_pod_spec(spec: Obj, current: Obj) -> Obj:
    """The part of a pod's spec that may not change; its node may be set once."""
    fixed = {key: value for key, value in spec.items() if key not in _POD_CHANGEABLE}
    if not current.get("nodeName"):
        fixed.pop("nodeName", None)
    fixed["containers"] = [{**container, "image": ""} for container in spec.get("containers", [])]
    return fixed
