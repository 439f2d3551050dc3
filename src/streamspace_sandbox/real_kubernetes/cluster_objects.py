"""The objects that a new cluster gets: kinds of objects, storage classes and the metrics API."""

from collections.abc import Sequence
from typing import Any

from streamspace_sandbox.real_kubernetes.files import METRICS_PORT
from streamspace_sandbox.streamspace.kube.client import Collection, KubeClient, Obj

DEFINITIONS = Collection("apiextensions.k8s.io/v1", "customresourcedefinitions")
PROVISIONER = "streamspace-sandbox/directory"


async def apply_definitions(client: KubeClient, definitions: Sequence[Obj]) -> None:
    """Create them. Raises KubeError.

    The garbage collector looks for new kinds every 30 s only, and does not delete what belongs to an object of a kind
    that it does not know yet. So the kinds are there before it starts.
    """
    for definition in definitions:
        await client.create(DEFINITIONS, definition)


async def are_served(client: KubeClient, definitions: Sequence[Obj]) -> bool:
    """Whether the API server serves all these kinds."""
    made = [await client.find(DEFINITIONS, definition["metadata"]["name"]) for definition in definitions]
    return all(definition is not None and _is_established(definition) for definition in made)


def _is_established(definition: Obj) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []  # both may be null at first
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


async def apply_objects(client: KubeClient, address: str) -> None:
    """Create them. Raises KubeError."""
    for collection, manifest in _objects(address):
        await client.create(collection, manifest)


def _objects(address: str) -> list[tuple[Collection, dict[str, Any]]]:
    classes = Collection("storage.k8s.io/v1", "storageclasses")
    system = "kube-system"
    service = {"name": "metrics-server", "namespace": system}
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return [
        (classes, _storage_class("standard", "WaitForFirstConsumer", default)),
        (classes, _storage_class("immediate", "Immediate", {})),
        (
            Collection("v1", "services", system),
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": service,
                "spec": {"ports": [{"port": 443, "targetPort": METRICS_PORT}]},
            },
        ),
        (
            Collection("discovery.k8s.io/v1", "endpointslices", system),
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {**service, "labels": {"kubernetes.io/service-name": "metrics-server"}},
                "addressType": "IPv4",
                "ports": [{"name": "", "port": METRICS_PORT, "protocol": "TCP"}],
                "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            },
        ),
        (
            Collection("apiregistration.k8s.io/v1", "apiservices"),
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": "v1beta1.metrics.k8s.io"},
                "spec": {
                    "group": "metrics.k8s.io",
                    "version": "v1beta1",
                    "insecureSkipTLSVerify": True,
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                    "service": {**service, "port": 443},
                },
            },
        ),
    ]


def _storage_class(name: str, binding: str, annotations: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotations},
        "provisioner": PROVISIONER,
        "volumeBindingMode": binding,
    }
