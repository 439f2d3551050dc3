"""The rights that the suite needs in the namespace, checked before a run creates anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kubernetes import client

from streamspace_acceptance.clock import now
from streamspace_acceptance.cluster.kubernetes import GROUP, Cluster, ClusterError

CONFIG_MAP = "streamspace-config"
"""The ConfigMap in which a StreamSpace describes itself."""
ROLES = "deploy/rbac"
"""The folder of the files that grant these rights."""
FILE, FILE_OF_PHASE_3 = "streamspace-acceptance.yaml", "streamspace-acceptance-phase3.yaml"
FILE_OF_PHASE_4 = "streamspace-acceptance-phase4.yaml"


@dataclass(frozen=True)
class Right:
    """One thing that the suite does with one kind of object, in its namespace or in the `whole_cluster`.

    `name` is that of the one object which it is about; a Role may grant the right for that alone.
    """

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    whole_cluster: bool = False
    name: str = field(default="", compare=False)

    def __str__(self) -> str:
        group = f".{self.group}" if self.group else ""
        everywhere = " of the whole cluster" if self.whole_cluster else ""
        return f"{self.verb} {self.resource}{f'/{self.subresource}' if self.subresource else ''}{group}{everywhere}"


def _rights(
    resource: str, *verbs: str, group: str = "", subresource: str = "", whole_cluster: bool = False
) -> tuple[Right, ...]:
    return tuple(Right(verb, resource, group, subresource, whole_cluster) for verb in verbs)


ALWAYS = (
    *_rights("namespaces", "get"),
    *(replace(right, name=CONFIG_MAP) for right in _rights("configmaps", "get")),
    *_rights("pods", "get", "list", "watch", "delete"),
    *_rights("pods", "get", "create", subresource="exec"),
    *_rights("persistentvolumeclaims", "list"),
    *_rights("deployments", "get", group="apps"),
    *_rights("sessions", "get", "list", group=GROUP),
    *_rights("templates", "list", group=GROUP),
)
"""FILE grants these."""
TELLING = (*_rights("pods", "get", subresource="log"), *_rights("events", "list", "watch"))
"""FILE grants these too. A run without them leaves what needs a log UNPROVEN, and tells less of a failure's cause."""
WATCHING = _rights("sessions", "watch", group=GROUP)
"""FILE grants this too. A run without it takes the moments of sessions from the API's list."""
FOLLOWING = _rights("persistentvolumeclaims", "watch")
"""FILE grants this too. A run without it lists the claims after each removal of sessions."""
OF_STATEFUL_SETS = _rights("statefulsets", "get", group="apps")
"""FILE grants this too. Without it, changes that the cluster makes of a StatefulSet's pods count as the product's."""
FORWARDING = _rights("pods", "get", "create", subresource="portforward")
"""FILE grants these too; only a run that reaches the API through Kubernetes needs them."""
SCALING = _rights("deployments", "patch", group="apps", subresource="scale")
DISRUPTIVE = (
    *SCALING,
    *_rights("pods", "patch"),
    *_rights("pods", "patch", subresource="ephemeralcontainers"),
    *_rights("networkpolicies", "create", "delete", group="networking.k8s.io"),
)
"""FILE_OF_PHASE_3 grants these."""
MEASURING = (
    *_rights("nodes", "list", whole_cluster=True),
    *_rights("pods", "list", whole_cluster=True),
)
"""FILE_OF_PHASE_4 grants these: how much the nodes can hold, and what the pods on them request."""


def of_object(rights: Iterable[Right], name: str) -> list[Right]:
    """Those rights for the object of that name."""
    return [replace(right, name=name) for right in rights]


def missing(cluster: Cluster, rights: Iterable[Right]) -> list[Right]:
    """Those that Kubernetes denies; none where it does not answer such questions. Raises ClusterError."""
    call = client.AuthorizationV1Api(cluster.new_client()).create_self_subject_access_review
    return [right for right in rights if not _allowed(cluster, call, right)]


def _allowed(cluster: Cluster, call: Callable[..., object], right: Right) -> bool:
    attributes = {
        "namespace": "" if right.whole_cluster else cluster.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "name": cluster.namespace if right.resource == "namespaces" else right.name,
    }
    try:
        status = cluster.review(call, {"spec": {"resourceAttributes": attributes}}).get("status") or {}
    except ClusterError as error:
        if error.status is None:
            raise
        return True  # the calls themselves will show it
    return status.get("allowed") is not False


class ReviewProbe:
    """Asks again and again for a review of one right: a mutating call that every user may make, and changes nothing."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._client: Any = None

    def seconds_or_error(self) -> float | ClusterError:
        """How long the answer took, or why there was none."""
        try:
            self._client = self._client or client.AuthorizationV1Api(self._cluster.new_client())
            attributes = {"namespace": self._cluster.namespace, "verb": "get", "resource": "pods"}
            began = now()
            self._cluster.review(
                self._client.create_self_subject_access_review, {"spec": {"resourceAttributes": attributes}}
            )
        except ClusterError as error:
            return error
        return now() - began


def sentence(denied: Sequence[Right], namespace: str, file: str) -> str:
    """All missing rights, and the file that grants them."""
    where = "" if all(right.whole_cluster for right in denied) else f" in namespace {namespace}"
    return (
        f"The suite's user in Kubernetes may not do this{where}: {', '.join(map(str, denied))}. "
        f"Apply {ROLES}/{file} with this user as its subject."
    )


def unmeasured(cluster: Cluster) -> str:
    """The same for what measuring the nodes needs, after Kubernetes refused to list them. Raises ClusterError."""
    return sentence(missing(cluster, MEASURING), cluster.namespace, FILE_OF_PHASE_4)
