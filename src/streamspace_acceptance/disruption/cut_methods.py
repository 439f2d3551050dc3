"""What the ways of cutting a pod's network have in common, whatever each of them takes."""

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
"""What Kubernetes answers where somebody may not do a thing, or where it does not know it."""
_NOT_STARTED = (126, 127)
_NOT_PERMITTED = (3, 4)  # as iptables ends: no such table or module, a problem of resources or permission
_SAYS_SO = ("permission denied", "operation not permitted", "not found", "no such file")


class MethodUnavailable(Exception):
    """This way is closed, for a reason that says nothing about the product: the next one may be open."""


class CutMethod(Protocol):
    """One way of cutting a pod off, as a disruption. `apply` raises NotPossible where the way is closed."""

    @property
    def name(self) -> str: ...

    @property
    def is_certain(self) -> bool:
        """Whether it cuts for certain once it is applied, whatever network the cluster has."""

    def record(self) -> dict[str, Any]: ...

    def apply(self) -> None: ...

    def revert(self) -> None: ...


class Iptables:
    """One rule of iptables, put in and taken out by commands in one container of a pod."""

    def __init__(self, cluster: Cluster, pod: Pod, rule: Sequence[str], container: str | None = None) -> None:
        self._cluster = cluster
        self._pod = pod
        self._rule = rule
        self._container = container

    def add(self) -> None:
        """Puts the rule in. NotPossible when the container has no iptables or may not use it, else ClusterError."""
        try:
            done = self._run("-A")
        except ExecRefusedError as error:
            raise MethodUnavailable(str(error)) from error
        except ClusterError as error:
            if error.status in DENIED:
                raise MethodUnavailable(str(error)) from error
            raise
        if done.code != 0:
            said = f"iptables in pod {self._pod.meta.name} ended with {done.code}: {_words(done)}"
            raise MethodUnavailable(said) if _is_closed(done) else ClusterError(said)

    def remove(self) -> None:
        """Takes the rule out, if it is in; ClusterError when it stays."""
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
    """Drops what a pod sends to a TCP port. The comment is its own, so that the undo takes this rule and no other."""
    return ["OUTPUT", "-p", "tcp", "--dport", str(port), "-m", "comment", "--comment", mark, "-j", "DROP"]


def find(cluster: Cluster, uid: str) -> Pod | None:
    """The pod of that uid; None when it is gone, and all that was done to it with it."""
    return next((each for each in cluster.pods() if each.meta.uid == uid), None)


def _is_closed(done: ExecResult) -> bool:
    said = _words(done).lower()
    return done.code in _NOT_STARTED or (done.code in _NOT_PERMITTED and any(each in said for each in _SAYS_SO))


def _words(done: ExecResult) -> str:
    return " ".join((done.stderr or done.stdout).split())[:300]
