"""Putting a node together for an instance."""

from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.kubernetes.node import images, machines, places
from streamspace_sandbox.kubernetes.node.events import Recorder
from streamspace_sandbox.kubernetes.node.exits import Exits
from streamspace_sandbox.kubernetes.node.inotify import Inotify
from streamspace_sandbox.kubernetes.node.kubelet import Kubelet
from streamspace_sandbox.kubernetes.node.network import PodNetworks
from streamspace_sandbox.kubernetes.node.podman import Podman
from streamspace_sandbox.kubernetes.node.policies import Enforcement
from streamspace_sandbox.kubernetes.node.reaper import Reaper
from streamspace_sandbox.kubernetes.node.services import Services
from streamspace_sandbox.kubernetes.store import Store
from streamspace_sandbox.lifecycle.bridge import address
from streamspace_sandbox.lifecycle.instance import runroot

LISTED_IMAGES = (
    "streamspace-api:local",
    "streamspace-k8s-agent:local",
    "postgres:18",
    "valkey:9",
    "streamspace/firefox:latest",
    "nicolaka/netshoot:latest",
)


def make_kubelet(
    store: Store,
    recorder: Recorder,
    directory: Path,
    *,
    cgroup: str,
    number: int,
    account: Mapping[str, bytes],
    api_port: int,
    time_scale: float,
) -> Kubelet:
    """The kubelet of the instance in `directory`, whose bridge has `number`; its nodes are registered.

    `account` holds the files of the service account but for the namespace (`token`, `ca.crt`).
    """
    host_ip = address(number, 1)
    podman = Podman(directory / "podman", runroot(number), cgroup)
    inotify = Inotify()
    pods, logs = directory / "pods", directory / "logs"
    for path in (pods, logs):
        path.mkdir(exist_ok=True)
    services = Services(
        store=store,
        recorder=recorder,
        podman=podman,
        exits=Exits(podman, inotify),
        inotify=inotify,
        networks=PodNetworks(directory / "networks", number),
        policies=Enforcement(store, host_ip),
        reaper=Reaper(podman),
        pods=pods,
        logs=logs,
        host_ip=host_ip,
        account=account,
        variables={"KUBERNETES_SERVICE_HOST": host_ip, "KUBERNETES_SERVICE_PORT": str(api_port)},
        places=places.find(images.needed_places()),
        time_scale=time_scale,
    )
    machines.register(store, host_ip, LISTED_IMAGES)
    return Kubelet(services)
