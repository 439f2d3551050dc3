"""The virtual nodes: three names with a capacity each, behind which all pods run on this one machine."""

import platform
from collections.abc import Iterable

from streamspace_sandbox.kubernetes.machinery.objects import timestamp
from streamspace_sandbox.kubernetes.machinery.resources import NODES, Obj
from streamspace_sandbox.kubernetes.registry.store import Store

NAMES = ("streamspace-node-1", "streamspace-node-2", "streamspace-node-3")
CAPACITY = {"cpu": "8", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi"}
VERSION = "v1.32.0"
_HEALTHY = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def register(store: Store, host_ip: str, images: Iterable[str]) -> None:
    """Add the nodes, Ready from the start."""
    for name in NAMES:
        store.create(NODES, _node(name, host_ip, images))


def _node(name: str, host_ip: str, images: Iterable[str]) -> Obj:
    now = timestamp()
    machine = {"amd64": "amd64", "x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": machine}
    conditions = [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        for kind, (status, reason, message) in _HEALTHY.items()
    ]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"providerID": f"streamspace-sandbox://{name}"},
        "status": {
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": host_ip}, {"type": "Hostname", "address": name}],
            "images": [{"names": [image], "sizeBytes": 0} for image in images],
            "nodeInfo": {
                "kubeletVersion": VERSION,
                "kubeProxyVersion": VERSION,
                "kernelVersion": platform.release(),
                "osImage": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
                "operatingSystem": "linux",
                "architecture": machine,
                "containerRuntimeVersion": "podman",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    }
