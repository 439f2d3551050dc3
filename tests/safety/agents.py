"""The agents' Deployment, changed so that an agent cannot be cut off in one way or another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kubernetes import client

if TYPE_CHECKING:
    from tests.safety.conftest import Place

AGENT = "streamspace-k8s-agent"
NO_SUCH_IMAGE = {"STREAMSPACE_NETADMIN_IMAGE": "none/such:1"}
NOT_PERMITTED: Mapping[str, object] = {"securityContext": {"capabilities": None}}
# Debian keeps iptables in /usr/sbin.
NO_IPTABLES: Mapping[str, object] = {"env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin:/bin"}]}


class Agents:
    """The agents' Deployment, changed only when it has to be."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._is: Mapping[str, object] = {}
        self._before: client.V1Deployment | None = None

    def become(self, wanted: Mapping[str, object]) -> None:
        if wanted == self._is:
            return
        if self._before is not None:
            restore(self._place, self._before)
            self._before = None
        if wanted:
            self._before = change_agent(self._place, wanted)
        self._is = wanted


def change_agent(place: Place, container: Mapping[str, object]) -> client.V1Deployment:
    """Rolls the agents' Deployment out with its container changed; the Deployment as it was."""
    apps = client.AppsV1Api(place.client())
    before = apps.read_namespaced_deployment(AGENT, place.cluster.namespace)
    changed = {"spec": {"template": {"spec": {"containers": [{"name": "agent", **container}]}}}}
    kind = "application/strategic-merge-patch+json"
    apps.patch_namespaced_deployment(AGENT, place.cluster.namespace, changed, _content_type=kind)
    await_rollout(apps, place)
    return before


def restore(place: Place, before: client.V1Deployment) -> None:
    apps = client.AppsV1Api(place.client())
    before.metadata.resource_version = None
    apps.replace_namespaced_deployment(AGENT, place.cluster.namespace, before)
    await_rollout(apps, place)


def await_rollout(apps: client.AppsV1Api, place: Place) -> None:
    """Until the new agent is the only one and Ready."""
    deadline = time.monotonic() + 60
    while True:
        found = apps.read_namespaced_deployment(AGENT, place.cluster.namespace)
        status, seen = found.status, found.status.observed_generation == found.metadata.generation
        pods = place.cluster.pods(app=AGENT)
        if seen and status.updated_replicas == status.ready_replicas == 1 and len(pods) == 1:
            return
        assert time.monotonic() < deadline, f"the agent was not rolled out: {status}"
        time.sleep(0.1)
