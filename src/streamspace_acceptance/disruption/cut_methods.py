"""The parts that all methods of cutting a pod's network share."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Protocol

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecRefusedError, ExecResult
from streamspace_acceptance.cluster.objects import Pod

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
_NOT_PERMITTED = (3, 4)  # as iptables ends: no such table or module, a problem of resources or permission
_SAYS_SO = ("permission denied", "operation not permitted", "not found", "no such file")


class MethodUnavailable(Exception):
    """This method cannot be used, for a reason that says nothing about the product; another one may work."""


class CutMethod(Protocol):
    """One method of cutting a pod off, as a disruption. `apply` raises MethodUnavailable where it cannot be used."""

    @property
    def name(self) -> str: ...

    @property
    def is_certain(self) -> bool:
        """Whether it cuts for certain once applied, whatever network the cluster has."""

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

    def remove(self) -> None:
        """Removes the rule, if it is there; ClusterError when it stays."""
        try:
            removed = self._run("-D")
            # Removed or not there: both end with the check finding nothing.
            left = removed if _is_closed(removed) else self._run("-C")
        except ExecRefusedError:
            return  # no iptables there, so it put no rule in
        if left.code == 0:
            raise ClusterError(f"pod {self._pod.meta.name} stays cut off: {_words(removed)}")

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
