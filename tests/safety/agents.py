"""The agents' Deployment, changed so that an agent cannot be cut off in one way or another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from kubernetes import client

if TYPE_CHECKING:
    from tests.support.place import Place

AGENT = "streamspace-k8s-agent"
NO_SUCH_IMAGE = {"STREAMSPACE_NETADMIN_IMAGE": "none/such:1"}
NOT_PERMITTED: Mapping[str, object] = {"securityContext": {"capabilities": None}}
# Debian keeps iptables in /usr/sbin.
NO_IPTABLES: Mapping[str, object] = {"env": [{"name": "PATH", "value": "/usr/local/bin:/usr/bin:/bin"}]}


class Agents:
    """The agents' Deployment, changed only when it has to be."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._apps = client.AppsV1Api(place.client())
        self._before = cast("Any", self._apps.read_namespaced_deployment(AGENT, place.cluster.namespace))
        self._before.metadata.resource_version = None
        self._is: Mapping[str, object] | None = {}

    def become(self, wanted: Mapping[str, object]) -> None:
        """Rolls the Deployment out with its container changed as `wanted`, or as it was before all changes."""
        if wanted == self._is:
            return
        self._is = None  # unknown, should anything go wrong on the way
        self._apps.replace_namespaced_deployment(AGENT, self._place.cluster.namespace, self._before)
        await_rollout(self._apps, self._place)
        if wanted:
            change_agent(self._place, wanted)
        self._is = wanted


def change_agent(place: Place, container: Mapping[str, object]) -> None:
    """Rolls the agents' Deployment out with its container changed."""
    apps = client.AppsV1Api(place.client())
    changed = {"spec": {"template": {"spec": {"containers": [{"name": "agent", **container}]}}}}
    kind = "application/strategic-merge-patch+json"
    apps.patch_namespaced_deployment(AGENT, place.cluster.namespace, changed, _content_type=kind)
    await_rollout(apps, place)


def await_rollout(apps: client.AppsV1Api, place: Place) -> None:
    """Until the new agent is the only one and Ready."""
    deadline = time.monotonic() + 60
    while True:
        found: Any = apps.read_namespaced_deployment(AGENT, place.cluster.namespace)
        status, seen = found.status, found.status.observed_generation == found.metadata.generation
        pods = place.cluster.pods(app=AGENT)
        if seen and status.updated_replicas == status.ready_replicas == 1 and len(pods) == 1:
            return
        assert time.monotonic() < deadline, f"the agent was not rolled out: {status}"
        time.sleep(0.1)


def scale(place: Place, replicas: int) -> None:
    """So many agents from now on; nothing is waited for."""
    apps = client.AppsV1Api(place.client())
    apps.patch_namespaced_deployment_scale(AGENT, place.cluster.namespace, {"spec": {"replicas": replicas}})
