"""Putting a node together for an instance."""

from collections.abc import Mapping
from pathlib import Path

from streamspace_sandbox.host.network_bridge import address
from streamspace_sandbox.host.rootless import is_rootless
from streamspace_sandbox.kubernetes.kubelet import directories, host_capacity
from streamspace_sandbox.kubernetes.kubelet.exit_codes import Exits
from streamspace_sandbox.kubernetes.kubelet.images import Images
from streamspace_sandbox.kubernetes.kubelet.inotify import Inotify
from streamspace_sandbox.kubernetes.kubelet.kubelet import Kubelet
from streamspace_sandbox.kubernetes.kubelet.network import PodNetworks
from streamspace_sandbox.kubernetes.kubelet.network_policies import PolicyEnforcement
from streamspace_sandbox.kubernetes.kubelet.podman import Podman
from streamspace_sandbox.kubernetes.kubelet.reaper import Reaper
from streamspace_sandbox.kubernetes.kubelet.rootless_containers import RootlessPodman
from streamspace_sandbox.kubernetes.kubelet.services import Services
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store


def make_kubelet(
    store: Store,
    recorder: Recorder,
    directory: Path,
    images: Images,
    *,
    runroot: Path,
    cgroup: str,
    number: int,
    account: Mapping[str, bytes],
    api_port: int,
    time_scale: float,
) -> Kubelet:
    """The kubelet of the instance in `directory`, whose bridge has `number`; its nodes are registered.

    podman mounts containers below `runroot`, a path of at most 50 characters. `account` holds
    the files of the service account but for the namespace (`token`, `ca.crt`).
    """
    host_ip = address(number, 1)
    make_podman = RootlessPodman if is_rootless() else Podman
    podman = make_podman(directory / "podman", runroot, cgroup)
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
        policies=PolicyEnforcement(store),
        reaper=Reaper(podman),
        pods=pods,
        logs=logs,
        host_ip=host_ip,
        account=account,
        variables={"KUBERNETES_SERVICE_HOST": host_ip, "KUBERNETES_SERVICE_PORT": str(api_port)},
        directories=directories.find(images.directories),
        find_image=images.find,
        time_scale=time_scale,
    )
    host_capacity.register(store, host_ip, images.listed)
    return Kubelet(services)
