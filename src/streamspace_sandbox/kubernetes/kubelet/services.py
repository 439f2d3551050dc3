"""The services that all pods of a node share."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.directories import SharedDirectories
from streamspace_sandbox.kubernetes.kubelet.exit_codes import Exits
from streamspace_sandbox.kubernetes.kubelet.images import Image
from streamspace_sandbox.kubernetes.kubelet.inotify import Inotify
from streamspace_sandbox.kubernetes.kubelet.network import PodNetworks
from streamspace_sandbox.kubernetes.kubelet.network_policies import PolicyEnforcement
from streamspace_sandbox.kubernetes.kubelet.podman import Podman
from streamspace_sandbox.kubernetes.kubelet.reaper import Reaper
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store

STARTS_AT_ONCE = 4
"""Concurrent container starts; more would only make each of them slower."""


@dataclass
class Services:
    """`account` are the files of the service account, `variables` the environment that every container gets.

    Back-offs of the node run by the clock of the instance: `time_scale` times as long as in Kubernetes.
    """

    store: Store
    recorder: Recorder
    podman: Podman
    exits: Exits
    inotify: Inotify
    networks: PodNetworks
    policies: PolicyEnforcement
    reaper: Reaper
    pods: Path
    logs: Path
    host_ip: str
    account: Mapping[str, bytes]
    variables: Mapping[str, str]
    directories: SharedDirectories
    find_image: Callable[[str], Image]
    time_scale: float
    starts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STARTS_AT_ONCE))
