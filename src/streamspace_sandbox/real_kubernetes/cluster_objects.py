"""The objects that a new cluster gets: storage classes and the metrics API."""

from typing import Any

from streamspace_sandbox.real_kubernetes.files import METRICS_PORT
from streamspace_sandbox.streamspace.kube.client import Collection, KubeClient

PROVISIONER = "streamspace-sandbox/directory"


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
