"""A pod cut off by iptables in an ephemeral container beside it: for pods that have no iptables or may not use it.

Kubernetes never removes an ephemeral container. So the container ends on a signal, and by itself after an hour;
commands in it add and remove the rule.
"""

from __future__ import annotations

import secrets
from typing import Any

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecRefusedError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.writes import ClusterWrites, EphemeralContainerState
from streamspace_acceptance.disruption.cut_methods import DENIED, Iptables, MethodUnavailable, find, rule
from streamspace_acceptance.disruption.iptables_cut import identity
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Wait, poll

LASTS_SECONDS = 3600
_RUNS_UNTIL_ENDED = f"trap 'exit 0' TERM; sleep {LASTS_SECONDS} & wait"
_HOPELESS = ("ErrImage", "ImagePullBackOff", "InvalidImageName", "CreateContainer", "RunContainerError")


class EphemeralContainerCut:
    """Packets from a pod to a TCP port are dropped by an ephemeral container with NET_ADMIN while it lasts."""

    def __init__(self, cluster: Cluster, pod: Pod, port: int, mark: str, image: str) -> None:
        self._cluster = cluster
        self._pod = pod
        self._record = {
            "kind": "cut",
            "by": "helper",
            **identity(pod),
            "rule": rule(port, mark),
            "container": mark,
            "image": image,
        }
        self._over = False

    @property
    def name(self) -> str:
        """For the report."""
        image = self._record["image"]
        return f"network of pod {self._pod.meta.name} cut by iptables in an ephemeral container ({image})"

    @property
    def is_certain(self) -> bool:
        """Whether its rule has met packets."""
        container = str(self._record["container"])
        return Iptables(self._cluster, self._pod, self._record["rule"], container).has_met_packets()

    def record(self) -> dict[str, Any]:
        """The pod, the container in it and the rule."""
        return self._record

    def apply(self) -> None:
        """Starts the container and adds the rule; MethodUnavailable where one of them is refused."""
        container = str(self._record["container"])
        _start(self._cluster, self._pod, container, str(self._record["image"]))
        Iptables(self._cluster, self._pod, self._record["rule"], container).add()

    def check_held(self) -> None:
        """ClusterError when somebody else has removed the rule."""
        Iptables(self._cluster, self._pod, self._record["rule"], str(self._record["container"])).check_held()

    def revert(self) -> None:
        """Removes the rule and ends the container; ClusterError when the rule stays."""
        if not self._over:
            revert(self._cluster, self._record)
            self._over = True


def revert(cluster: Cluster, record: dict[str, Any]) -> None:
    """Reverts exactly what was recorded. Where the container has ended, the rule may be there all the same: another
    one looks. One that is about to run is waited for: it would run after this.
    """
    pod = find(cluster, record["uid"])
    there = None if pod is None else ClusterWrites(cluster).added(pod, record["container"])
    if pod is None or there is None:
        return
    if not (there.running or there.ended):
        if not _comes_to_run(cluster, pod, record["container"], record["image"]):
            return  # the rule comes after the container's start
        there = EphemeralContainerState(True, False, "")
    container = record["container"]
    if there.ended:
        container = f"{container}-{secrets.token_hex(2)}"
        try:
            _start(cluster, pod, container, record["image"])
        except MethodUnavailable as error:
            raise ClusterError(f"pod {pod.meta.name} may still be cut off, and cannot be looked at: {error}") from error
    Iptables(cluster, pod, record["rule"], container).remove()
    _end(cluster, pod, container)


def _start(cluster: Cluster, pod: Pod, name: str, image: str) -> None:
    writes = ClusterWrites(cluster)
    spec = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", _RUNS_UNTIL_ENDED],
        "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}, "runAsUser": 0, "runAsNonRoot": False},
    }
    try:
        writes.add_container(pod, spec)
    except ClusterError as error:
        if error.status in DENIED:
            raise MethodUnavailable(str(error)) from error
        raise
    try:
        _await_running(writes, pod, name, image)
    except Unmet as unmet:  # of the cluster, not of the product
        raise MethodUnavailable(f"the ephemeral container does not run: {unmet.actual}") from unmet


def _comes_to_run(cluster: Cluster, pod: Pod, name: str, image: object) -> bool:
    try:
        _await_running(ClusterWrites(cluster), pod, name, image)
    except Unmet:
        return False
    return True


def _await_running(writes: ClusterWrites, pod: Pod, name: str, image: object) -> None:
    poll(
        Wait(f"ephemeral container {name}", "running", Budgets(1.0).named("helper")),
        lambda: writes.added(pod, name) or EphemeralContainerState(False, True, ""),
        met=lambda state: state.running,
        says=EphemeralContainerState.describe,
        likely=lambda _: f"the cluster does not let image {image} run",
        impossible=_hopeless,
    )


def _hopeless(added: EphemeralContainerState) -> str | None:
    return added.describe() if added.ended or added.waiting.startswith(_HOPELESS) else None


def _end(cluster: Cluster, pod: Pod, container: str) -> None:
    """Ends the container. It may end before its answer arrives, which is as good."""
    try:
        cluster.execute(pod, ["sh", "-c", "kill -TERM 1"], container=container)
    except ClusterError as error:
        there = ClusterWrites(cluster).added(pod, container)
        if not isinstance(error, ExecRefusedError) and there is not None and there.running:
            raise
