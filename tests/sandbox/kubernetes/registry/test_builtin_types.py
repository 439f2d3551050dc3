"""The table of the built-in types, compared with the official client."""

import pytest
from kubernetes import client

from streamspace_sandbox.kubernetes.machinery.resources import BUILTIN
from streamspace_sandbox.kubernetes.registry import builtin_types


def _known_fields(model: str) -> set[str]:
    return set(getattr(client, model).attribute_map.values())


@pytest.mark.parametrize("name", sorted(builtin_types.FIELDS))
def test_table_of_types_has_all_fields_of_the_official_client(name: str) -> None:
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
    table = set(builtin_types.schema_of_type(name)["properties"])
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
    assert {resource.kind for resource in BUILTIN} <= set(builtin_types.FIELDS)
