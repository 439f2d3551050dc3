"""The readiness of the cluster, the namespace and the components in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from streamspace_acceptance.cluster.connection import as_cluster_error, read
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod, is_of_a_job
from streamspace_acceptance.waiting import Wait, keep, poll

STEADY_SECONDS = 0.25
"""From one look at what has to last to the next."""
# Where a cluster does not report its readiness, its version suffices.
_KEPT_BACK = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class ClusterStatus:
    """Whether the cluster answers: its version, or the trouble with it."""

    version: str | None
    trouble: str | None


def cluster_standing(cluster: Cluster) -> ClusterStatus:
    """Whether the API server reports that it is ready, and its version. Raises nothing."""
    try:
        readiness = _readiness(cluster)
        if readiness not in (None, "ok"):
            return ClusterStatus(None, f"its readiness is {readiness!r}")
        found = read("version", cluster.raw("/version"))
        with as_cluster_error("version"):
            return ClusterStatus(str(found["gitVersion"]), None)
    except ClusterError as error:
        return ClusterStatus(None, str(error))


def _readiness(cluster: Cluster) -> str | None:
    try:
        return " ".join(cluster.raw("/readyz").decode("utf-8", "replace").split())[:200]
    except ClusterError as error:
        if error.status in _KEPT_BACK:
            return None
        raise


def namespace_state(cluster: Cluster) -> str | None:
    """The phase of the namespace, `Active` if all is well; None when it is not there."""
    what = f"get namespace {cluster.namespace}"
    try:
        found = read(what, cluster.raw(f"/api/v1/namespaces/{cluster.namespace}"))
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    with as_cluster_error(what):
        if found["metadata"].get("deletionTimestamp"):
            return "Terminating"
        return str((found.get("status") or {}).get("phase", "without a phase"))


@dataclass(frozen=True)
class Component:
    """A part of StreamSpace with its pods, those on their way out left aside."""

    name: str
    label: str
    pods: tuple[Pod, ...]

    @property
    def ready(self) -> bool:
        """Whether it has a pod, and each of its pods is Ready."""
        return bool(self.pods) and all(pod.ready for pod in self.pods)

    def describe(self) -> str:
        """For a timeline: `Redis: pod streamspace-redis-1 Running 1/1`."""
        return f"{self.name}: {self.state}"

    @property
    def state(self) -> str:
        """`pod streamspace-redis-1 Running 1/1`."""
        return ", ".join(pod.describe() for pod in self.pods) or f"no pod with {self.label}"


Labels = Mapping[str, tuple[str, str]]
"""By the name of a component, the key and the value of its pods' label."""


def pods_with(cluster: Cluster, labels: Collection[tuple[str, str]]) -> list[Pod]:
    """The pods that have one of those labels, key and value, each once."""
    keys = {key: {value for other, value in labels if other == key} for key, _ in labels}
    found = (pod for key, values in keys.items() for pod in cluster.pods_of_any(key, values))
    return list({pod.meta.name: pod for pod in found}.values())


def components(cluster: Cluster, labels: Labels) -> list[Component]:
    """Each component, by its name and the label of its pods."""
    found = pods_with(cluster, labels.values())
    pods = [pod for pod in found if pod.stays and not is_of_a_job(pod.object)]  # a backup's end by themselves
    return [
        Component(name, f"{key}={value}", tuple(pod for pod in pods if pod.meta.labels.get(key) == value))
        for name, (key, value) in labels.items()
    ]


def wait_for_components(cluster: Cluster, labels: Labels, wait: Wait) -> list[Component]:
    """The components as soon as all are ready; Unmet when they are not in time."""

    def nobody(waited: list[Component]) -> str | None:
        """That other pods run, but none is a component's by its label: no later look will find one."""
        if any(component.pods for component in waited):
            return None
        running = [pod.meta.name for pod in cluster.pods() if pod.ready]
        if not running:
            return None
        keys = " or ".join(sorted({key for key, _ in labels.values()}))
        return f"no pod has the label {keys} of a component while {len(running)} pods are Ready ({running[0]})"

    return poll(
        wait,
        lambda: components(cluster, labels),
        impossible=nobody,
        met=lambda waited: all(component.ready for component in waited),
        says=_whether_ready,
        likely=lambda waited: (
            f"see the pods and events of {', '.join(component.name for component in waited if not component.ready)}"
        ),
    )


def watch_components(cluster: Cluster, labels: Labels, ready: Sequence[Component], wait: Wait) -> None:
    """Watches for the whole budget; Unmet as soon as a pod that was ready is not so any more.

    One that another one replaces, or that comes beside it, is a rollout's or an autoscaler's matter.
    """
    were = {pod.meta.uid for component in ready for pod in component.pods}

    def fallen(watched: list[Component]) -> str | None:
        pods = [pod for component in watched for pod in component.pods]
        found = [pod.describe() for pod in pods if pod.meta.uid in were and not pod.ready]
        found += [component.describe() for component in watched if not any(pod.ready for pod in component.pods)]
        return "; ".join(found) or None

    keep(
        wait,
        lambda: components(cluster, labels),
        broken=fallen,
        says=_whether_ready,
        likely="a pod's readiness does not last: its server ends, or its probe fails now and then; see its events",
        every=STEADY_SECONDS,
    )


def _whether_ready(watched: Sequence[Component]) -> str:
    return " · ".join(component.describe() for component in watched if not component.ready) or "all ready"
