"""What is read out of objects and texts: selectors, quantities, ages, paths, the word for a pod, schemas."""

from decimal import Decimal
from typing import Any

import pytest
from kubernetes import client

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.printing import human_duration, json_path
from streamspace_sandbox.kubernetes.machinery.quantities import is_quantity, parse_quantity
from streamspace_sandbox.kubernetes.machinery.resources import BUILTIN, NODES, PODS, Resource
from streamspace_sandbox.kubernetes.machinery.schema import apply_defaults, prune, violations
from streamspace_sandbox.kubernetes.machinery.selectors import (
    field_selector,
    label_selector,
    matches_selector,
    selector_text,
)
from streamspace_sandbox.kubernetes.printers.pod_status import restarts, status_text
from streamspace_sandbox.kubernetes.registry import builtin_types

LABELS = {"app": "web", "tier": "desktop", "stream.space/user": "testuser"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app=web", True),
        ("app==web,tier!=api", True),
        ("app!=web", False),
        ("app in (web, api),tier notin (x,y)", True),
        ("app in (api)", False),
        ("stream.space/user=testuser", True),
        ("app", True),
        ("!app", False),
        ("!nothing", True),
        ("nothing!=x", True),
        ("nothing notin (x)", True),
        ("", True),
    ],
)
def test_label_selectors(text: str, expected: bool) -> None:
    assert label_selector(text)({"metadata": {"labels": LABELS}}) is expected


@pytest.mark.parametrize("text", ["a b", "a in x", "=x", "a=b=c", "a=!", "a>5"])
def test_bad_label_selectors(text: str) -> None:
    with pytest.raises(ApiError):
        label_selector(text)


@pytest.mark.parametrize(
    ("resource", "text", "expected"),
    [
        (PODS, "status.phase=Running,spec.nodeName!=node-2", True),
        (PODS, "status.phase!=Running", False),
        (PODS, "status.podIP=", True),
        (NODES, "spec.unschedulable=false", True),
    ],
)
def test_field_selectors(resource: Resource, text: str, expected: bool) -> None:
    obj = {"metadata": {"name": "a"}, "spec": {"nodeName": "node-1"}, "status": {"phase": "Running"}}
    assert field_selector(resource, text)(obj) is expected


def test_selector_objects() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["desktop"]},
            {"key": "x", "operator": "DoesNotExist"},
        ],
    }
    assert matches_selector(selector, LABELS)
    assert not matches_selector(selector, {**LABELS, "x": "y"})
    assert not matches_selector(None, LABELS)
    assert label_selector(selector_text(selector))({"metadata": {"labels": LABELS}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("250m", "0.25"), ("512Mi", str(512 << 20)), ("1.5", "1.5"), ("2e3", "2000"), ("1k", "1000"), ("12n", "12e-9")],
)
def test_quantities(text: str, expected: str) -> None:
    assert parse_quantity(text) == Decimal(expected)


@pytest.mark.parametrize("text", ["", "plenty", "1 Gi", "1GB", "--1", True, "1e"])
def test_what_is_no_quantity(text: Any) -> None:
    assert not is_quantity(text)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (119, "119s"),
        (150, "2m30s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 300, "3h5m"),
        (30 * 3600, "30h"),
        (3 * 86400, "3d"),
        (100 * 86400, "100d"),
        (3 * 365 * 86400, "3y"),
    ],
)
def test_ages(seconds: int, expected: str) -> None:
    assert human_duration(seconds) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.user", ["u"]),
        ("{.status.conditions[?(@.type=='Ready')].status}", ["True"]),
        (".spec.list[1]", ["b"]),
        (".spec.list[*]", ["a", "b"]),
        (".metadata.annotations['stream.space/x']", ["y"]),
        (".metadata.annotations.stream\\.space", []),
        (".spec.none", []),
    ],
)
def test_json_paths(path: str, expected: list[Any]) -> None:
    obj = {
        "metadata": {"annotations": {"stream.space/x": "y"}},
        "spec": {"user": "u", "list": ["a", "b"]},
        "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }
    assert json_path(obj, path) == expected


def _pod(*states: dict[str, Any], phase: str = "Running", deleted: bool = False) -> dict[str, Any]:
    statuses = [{"name": str(n), "ready": "running" in state, "state": state} for n, state in enumerate(states)]
    metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {}
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "containerStatuses": statuses}}


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (_pod(phase="Pending"), "Pending"),
        (_pod({"waiting": {"reason": "ContainerCreating"}}, phase="Pending"), "ContainerCreating"),
        (_pod({"running": {}}), "Running"),
        (_pod({"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff"),
        (_pod({"terminated": {"exitCode": 0, "reason": "Completed"}}, phase="Succeeded"), "Completed"),
        (_pod({"terminated": {"exitCode": 7}}, phase="Failed"), "ExitCode:7"),
        (_pod({"terminated": {"exitCode": 137, "signal": 9}}, phase="Failed"), "Signal:9"),
        (_pod({"running": {}}, deleted=True), "Terminating"),
    ],
)
def test_status_text_of_a_pod(pod: dict[str, Any], expected: str) -> None:
    assert status_text(pod) == expected


def test_restarts_tell_when() -> None:
    status = {"restartCount": 2, "lastState": {"terminated": {"finishedAt": "2020-01-01T00:00:00Z"}}}
    assert restarts({"status": {"containerStatuses": [status]}}).startswith("2 (")


def test_a_schema_prunes_fills_and_judges() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "object", "properties": {"c": {"type": "integer", "default": 5}}},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "n": {"type": "string", "nullable": True},
            "either": {"x-kubernetes-int-or-string": True},
            "long": {"type": "string", "maxLength": 2},
        },
    }
    value = {"b": {"x": 1}, "open": {"y": 1}, "z": 1, "n": None, "either": "25%", "long": "abc"}
    assert sorted(prune(schema, value)) == ["b.x", "z"]
    apply_defaults(schema, value)
    assert value["b"] == {"c": 5}
    assert value["open"] == {"y": 1}
    assert {cause.field: cause.reason for cause in violations(schema, value)} == {
        "a": "FieldValueRequired",
        "long": "FieldValueTooLong",
    }


def _known_fields(model: str) -> set[str]:
    return set(getattr(client, model).attribute_map.values())


@pytest.mark.parametrize("name", sorted(builtin_types._FIELDS_OF))
def test_the_table_of_types_knows_every_field_that_the_official_client_knows(name: str) -> None:
    """An unknown field is an error for kubectl apply, so the table must not fall behind."""
    models = {
        "Event": "CoreV1Event",
        "EndpointPort": "CoreV1EndpointPort",
        "Subject": "RbacV1Subject",
        "ClaimVolumeSource": "V1PersistentVolumeClaimVolumeSource",
        "FieldRef": "V1ObjectFieldSelector",
        "KeyRef": "V1SecretKeySelector",
        "EnvSource": "V1SecretEnvSource",
        "CustomResourceNames": "V1CustomResourceDefinitionNames",
        "CustomResourceVersion": "V1CustomResourceDefinitionVersion",
        "PrinterColumn": "V1CustomResourceColumnDefinition",
        "RollingUpdate": "V1RollingUpdateDeployment",
    }
    model = models.get(name, f"V1{name}")
    assert hasattr(client, model), f"no model of the official client is known for {name}"
    table = set(builtin_types._named(name)["properties"])
    # The table of volumes leaves out sources that no node here could mount.
    assert _known_fields(model) - table - {"apiVersion", "kind"} <= UNSUPPORTED.get(name, set())


UNSUPPORTED = {
    "Volume": {
        "awsElasticBlockStore", "azureDisk", "azureFile", "cinder", "fc", "flexVolume", "flocker",
        "gcePersistentDisk", "gitRepo", "glusterfs", "photonPersistentDisk", "portworxVolume", "quobyte",
        "scaleIO", "storageos", "vsphereVolume",
    },
}  # fmt: skip
UNSUPPORTED["PersistentVolumeSpec"] = UNSUPPORTED["Volume"] | {"cephfs", "iscsi", "rbd"}


def test_every_builtin_kind_has_its_fields_in_the_table() -> None:
    assert {resource.kind for resource in BUILTIN} <= set(builtin_types._FIELDS_OF)
