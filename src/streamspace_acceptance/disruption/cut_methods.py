"""The parts that all methods of cutting a pod's network share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecRefusedError, ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Wait, poll

DENIED = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
"""The answers of Kubernetes to a request that is forbidden or unknown to it."""
_NOT_STARTED = (126, 127)
_NO_SUCH_RULE = 1
"""How `iptables -C` ends where there is no such rule."""
_NOT_PERMITTED = (3, 4)  # as iptables ends: no such table or module, a problem of resources or permission
_SAYS_SO = (
    *("permission denied", "operation not permitted", "not found", "no such file"),
    *("iptables who?", "insmod", "not supported"),  # a kernel without them, as that of a sandbox for containers
)


class MethodUnavailable(Exception):
    """This method cannot be used, for a reason that says nothing about the product; another one may work."""


class CutMethod(Protocol):
    """One method of cutting a pod off, as a disruption. `apply` raises MethodUnavailable where it cannot be used."""

    @property
    def name(self) -> str: ...

    @property
    def is_certain(self) -> bool:
        """Whether it cuts on every cluster network. Asked when a heartbeat came through."""

    def record(self) -> dict[str, Any]: ...

    def apply(self) -> None: ...

    def revert(self) -> None: ...


class Iptables:
    """One rule of iptables, added and removed by commands in one container of a pod."""

    def __init__(self, cluster: Cluster, pod: Pod, rule: Sequence[str], container: str | None = None) -> None:
        self._cluster = cluster
        self._pod = pod
        self._rule = rule
        self._container = container

    def add(self) -> None:
        """Adds the rule. MethodUnavailable when the container has no iptables or may not use it, else ClusterError."""
        try:
            done = self._run("-A")
        except ExecRefusedError as error:
            raise MethodUnavailable(str(error)) from error
        except ClusterError as error:
            if error.status in DENIED:
                raise MethodUnavailable(str(error)) from error
            raise
        if done.code != 0:
            reason = f"iptables in pod {self._pod.meta.name} ended with {done.code}: {_words(done)}"
            raise MethodUnavailable(reason) if _is_closed(done) else ClusterError(reason)

    def has_met_packets(self) -> bool:
        """Whether the rule has dropped anything by its own count; True where that cannot be read.

        The agent may reach the API by another port than the rule's: behind a Service's port, or through a mesh's proxy.
        """
        try:
            listing = self._cluster.execute(
                self._pod, ["iptables", "-w", "-nvxL", self._rule[0]], container=self._container
            ).stdout
        except ClusterError:
            return True
        mark = self._rule[self._rule.index("--comment") + 1]
        counts = [line.split()[0] for line in listing.splitlines() if mark in line.split()]
        return counts != ["0"]

    def check_held(self) -> None:
        """ClusterError when the rule is gone from its pod: somebody else has removed it, as a firewall that reloads.

        A container that cannot be asked, since it is started again, says nothing: the rule outlives it.
        """
        try:
            is_gone = self._run("-C").code == _NO_SUCH_RULE and find(self._cluster, self._pod.meta.uid) is not None
        except ClusterError:
            return
        if is_gone:
            raise ClusterError(
                f"somebody removed the rule of iptables with which the suite had cut off pod {self._pod.meta.name}"
            )

    def remove(self) -> None:
        """Remove the rule, if it exists; ClusterError when it stays.

        The rule outlives a container that ends without its connection, so the next start of that is waited for.
        """
        try:
            self._remove()
        except ClusterError as error:
            pod = find(self._cluster, self._pod.meta.uid)
            if pod is None or (pod.running and isinstance(error, ExecRefusedError)):
                return  # no iptables there, so it put no rule in
            if pod.running:
                raise
            self._await_container(error)
            with suppress(ExecRefusedError):
                self._remove()

    def _remove(self) -> None:
        removed = self._run("-D")
        # Removed or not there: both end with the check finding nothing.
        left = removed if _is_closed(removed) else self._run("-C")
        if left.code == 0:
            raise ClusterError(f"pod {self._pod.meta.name} stays cut off: {_words(removed)}")

    def _await_container(self, error: ClusterError) -> None:
        name, uid = self._pod.meta.name, self._pod.meta.uid
        try:
            poll(
                Wait(f"pod {name}", "its containers run", Budgets(1.0).named("helper")),
                lambda: find(self._cluster, uid),
                met=lambda pod: pod is None or pod.running,
                says=lambda pod: "gone" if pod is None else pod.describe(),
                likely=lambda _: "its container ends without its connection",
            )
        except Unmet as unmet:  # of the cluster or an agent, whose network this is about
            raise ClusterError(f"pod {name} may stay cut off: {unmet.actual}; {error}") from error

    def _run(self, how: str) -> ExecResult:
        return self._cluster.execute(self._pod, ["iptables", "-w", how, *self._rule], container=self._container)


def rule(port: int, mark: str) -> list[str]:
    """Drops what a pod sends to a TCP port. Its comment is unique, so that the revert removes no other rule."""
    return ["OUTPUT", "-p", "tcp", "--dport", str(port), "-m", "comment", "--comment", mark, "-j", "DROP"]


def find(cluster: Cluster, uid: str) -> Pod | None:
    """The pod of that uid; None when it is deleted, and with it everything that was done to it."""
    return next((pod for pod in cluster.pods() if pod.meta.uid == uid), None)


def _is_closed(done: ExecResult) -> bool:
    output = _words(done).lower()
    return done.code in _NOT_STARTED or (done.code in _NOT_PERMITTED and any(refusal in output for refusal in _SAYS_SO))


def _words(done: ExecResult) -> str:
    return " ".join((done.stderr or done.stdout).split())[:300]
