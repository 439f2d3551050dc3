"""One namespace of a Kubernetes cluster: lists, deletion of a pod, exec, logs, its version and identity.

Answers are typed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

from kubernetes import client

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.access import Access
from streamspace_acceptance.cluster.connection import (
    CALL_SECONDS,
    CONNECT_SECONDS,
    ClusterError,
    as_cluster_error,
    ask,
    read,
)
from streamspace_acceptance.cluster.containers import MainContainer, Roles
from streamspace_acceptance.cluster.exec import ExecRefusedError, ExecResult, execute
from streamspace_acceptance.cluster.logs import ContainerLog
from streamspace_acceptance.cluster.main_containers import MainContainers
from streamspace_acceptance.cluster.namespace_calls import NamespaceCalls, items_of
from streamspace_acceptance.cluster.objects import Claim, Json, Pod, SessionObject, selector

__all__ = [
    "CALL_SECONDS",
    "CONNECT_SECONDS",
    "Cluster",
    "ClusterError",
    "ExecRefusedError",
    "ExecResult",
    "load_client",
]

FORBIDDEN = HTTPStatus.FORBIDDEN
LOG_BYTES = 256 * 1024
SLACK_SECONDS = 0.25  # for an exec to say itself that its time is over, which tells more than that no answer came
GROUP, VERSION = "stream.space", "v1alpha1"


def load_client() -> None:
    """Loads what `Cluster` uses of the official client, which takes half a second: best while something else starts."""
    _ = client.CoreV1Api, client.AppsV1Api, client.CustomObjectsApi


class Cluster(NamespaceCalls):
    """The objects of one namespace. `roles` tell which container of a pod is its main one.

    `kubeconfig` and `context` are as in `Access`.
    """

    def __init__(
        self, kubeconfig: Sequence[Path], namespace: str, roles: Roles | None = None, *, context: str | None = None
    ) -> None:
        super().__init__(Access(kubeconfig, context), namespace)
        self._main_containers = MainContainers(
            Roles() if roles is None else roles,
            lambda pod, command, container: self.execute(Pod.of(pod), command, container=container),
        )
        self._core = client.CoreV1Api(self._client)
        self._apps = client.AppsV1Api(self._client)
        self._custom = client.CustomObjectsApi(self._client)

    def pods(self, **labels: str) -> list[Pod]:
        """The pods that carry all of `labels`."""
        return list(self.each_pod(**labels))

    def each_pod(self, **labels: str) -> Iterator[Pod]:
        """The same one by one: where there are thousands, only a part of them is in memory."""
        return self._each_pod(selector(labels))

    def _each_pod(self, wanted: str) -> Iterator[Pod]:
        what = "list pods"
        for raw in self._each_item(what, self._core.list_namespaced_pod, label_selector=wanted):
            with as_cluster_error(what):
                pod = Pod.of(raw)
            yield pod

    def pods_of_any(self, label: str, values: Iterable[str]) -> list[Pod]:
        """The pods whose `label` has one of `values`."""
        return list(self._each_pod(f"{label} in ({','.join(sorted(set(values)))})"))

    def raw_pods(self, **labels: str) -> list[Json]:
        """The same as JSON, for the evidence."""
        return self._items("list pods", self._core.list_namespaced_pod, label_selector=selector(labels))

    def raw_pod(self, name: str) -> Json | None:
        """The pod of that name as JSON; None when there is none."""
        return self._json_or_none(f"get pod {name}", self._core.read_namespaced_pod, name=name)

    def claims(self, **labels: str) -> list[Claim]:
        """The volume claims that carry all of `labels`."""
        what = "list volume claims"
        found = self._items(what, self._core.list_namespaced_persistent_volume_claim, label_selector=selector(labels))
        with as_cluster_error(what):
            return [Claim.of(claim) for claim in found]

    def session_objects(self) -> list[SessionObject]:
        """The sessions that `kubectl get sessions` lists."""
        found = self.raw_sessions()
        with as_cluster_error("list sessions"):
            return [SessionObject.of(session) for session in found]

    def raw_sessions(self) -> list[Json]:
        """The same as JSON, for the evidence."""
        call = self._custom.list_namespaced_custom_object
        return self._items("list sessions", call, group=GROUP, version=VERSION, plural="sessions")

    def session_object(self, name: str) -> SessionObject | None:
        """The session of that name, None when there is none."""
        found = self.raw_session(name)
        with as_cluster_error(f"get session {name}"):
            return None if found is None else SessionObject.of(found)

    def raw_session(self, name: str) -> Json | None:
        """The same as JSON."""
        call = self._custom.get_namespaced_custom_object
        which = {"group": GROUP, "version": VERSION, "plural": "sessions", "name": name}
        return self._json_or_none(f"get session {name}", call, **which)

    def raw_templates(self) -> list[Json] | None:
        """The templates that `kubectl get templates` lists, as JSON; None where Kubernetes knows no such kind."""
        call = self._custom.list_namespaced_custom_object
        which = {"group": GROUP, "version": VERSION, "plural": "templates"}
        found: list[Json] | None = self._or_none(lambda: self._items("list templates", call, **which))
        return found

    def events(self) -> list[Json]:
        """The events of the namespace as JSON, in the order of Kubernetes; none where this user may not list them."""
        return self._or_none(lambda: self._items("list events", self._core.list_namespaced_event), FORBIDDEN) or []

    def raw_nodes(self) -> list[Json]:
        """The cluster's nodes as JSON."""
        what = "list nodes"
        return items_of(what, read(what, self._call(what, lambda: self._core.list_node(**self._options()))))

    def raw_node_metrics(self) -> list[Json] | None:
        """The current usage of the nodes, as `kubectl top nodes` reads it; None where metrics.k8s.io is not served."""
        call = self._custom.list_cluster_custom_object
        which: Json = {"group": "metrics.k8s.io", "version": "v1beta1", "plural": "nodes"}
        found = self._or_none(lambda: self._call("node metrics", lambda: call(**which, **self._options())))
        return None if found is None else items_of("node metrics", read("node metrics", found))

    def raw_secrets(self) -> list[Json]:
        """The namespace's Secrets, whose values no evidence may show; none where Kubernetes does not let one look."""
        try:
            return self._items("list secrets", self._core.list_namespaced_secret)
        except ClusterError as error:
            if error.status == FORBIDDEN:
                return []
            raise

    def delete_pod(self, name: str, uid: str) -> None:
        """Deletes the pod of that name provided that it is still the one with that uid."""
        options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid))
        self._json(f"delete pod {name}", self._core.delete_namespaced_pod, name=name, body=options)

    def deployment(self, name: str) -> Json | None:
        """A Deployment as JSON; None when there is none, or when Kubernetes does not let one look."""
        what, call = f"get deployment {name}", self._apps.read_namespaced_deployment
        return self._or_none(lambda: self._json(what, call, name=name), HTTPStatus.NOT_FOUND, FORBIDDEN)

    def stateful_set(self, name: str) -> Json | None:
        """The same of a StatefulSet."""
        what, call = f"get statefulset {name}", self._apps.read_namespaced_stateful_set
        return self._or_none(lambda: self._json(what, call, name=name), HTTPStatus.NOT_FOUND, FORBIDDEN)

    def replicas(self, deployment: str) -> int:
        """How many pods a Deployment is to have."""
        what = f"get deployment {deployment}"
        found = self._json(what, self._apps.read_namespaced_deployment, name=deployment)
        with as_cluster_error(what):
            return int(found["spec"]["replicas"])

    def scale(self, deployment: str, replicas: int) -> None:
        """Sets how many pods a Deployment is to have, as `kubectl scale` does."""
        what, body = f"scale deployment {deployment}", {"spec": {"replicas": replicas}}
        self._json(what, self._apps.patch_namespaced_deployment_scale, name=deployment, body=body)

    def allocatable(self) -> list[dict[str, str]] | None:
        """The allocatable resources of each node, as quantities by resource; None where Kubernetes denies access.

        A node that takes no new pods is not among them.
        """
        try:
            found = self.raw_nodes()
        except ClusterError as error:
            if error.status == FORBIDDEN:
                return None
            raise
        with as_cluster_error("list nodes"):
            nodes = [node for node in found if not (node.get("spec") or {}).get("unschedulable")]
            return [dict(node["status"]["allocatable"]) for node in nodes]

    def main_container(self, pod: Json) -> MainContainer:
        """The container of a pod that is meant: a session's desktop, the program of the API or an agent."""
        return self._main_containers.of(pod)

    def log(self, pod: Pod) -> ContainerLog:
        """The log of a pod's main container."""
        return ContainerLog(self, pod.meta.name, self.main_container(pod.object).name)

    def logs(self, pod: str, container: str, *, since_seconds: int, tail_lines: int = 200) -> str:
        """The end of what a container logged in the last `since_seconds`."""
        call, what = self._core.read_namespaced_pod_log, f"logs of {pod}"
        options = {"container": container, "since_seconds": since_seconds, "tail_lines": tail_lines}
        return self._bytes(what, call, name=pod, **options).decode("utf-8", "replace")

    def first_lines(self, pod: Pod) -> str:
        """How the log of a pod's main container begins, its first 256 KiB.

        Empty while it has not begun to log, and where this user may not read logs.
        """
        call, what = self._core.read_namespaced_pod_log, f"logs of {pod.meta.name}"
        options = {"container": self.main_container(pod.object).name, "limit_bytes": LOG_BYTES}
        none_to_read = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, FORBIDDEN)
        raw = self._or_none(lambda: self._bytes(what, call, name=pod.meta.name, **options), *none_to_read)
        return "" if raw is None else bytes(raw).decode("utf-8", "replace")

    def config_map(self, name: str) -> dict[str, str]:
        """The data of a ConfigMap; empty when there is none."""
        what = f"get configmap {name}"
        found = self._json_or_none(what, self._core.read_namespaced_config_map, name=name)
        with as_cluster_error(what):
            return {} if found is None else dict(found.get("data") or {})

    def context(self) -> tuple[str, str]:
        """The name of the kubeconfig's context, `in-cluster` for a service account, and the URL of its server."""
        return self._access.context, self._access.server

    def namespace_uid(self) -> str:
        """The identity of the namespace, which no other of any cluster has."""
        what = f"get namespace {self.namespace}"
        found = read(what, self._call(what, lambda: self._core.read_namespace(self.namespace, **self._options())))
        with as_cluster_error(what):
            return str(found["metadata"]["uid"])

    def has_namespace(self) -> bool:
        """Whether the namespace exists."""
        return self._or_none(self.namespace_uid) is not None

    def version(self) -> str:
        """The version that Kubernetes gives for itself, `v1.32.0`; `unknown` where it does not say."""
        call = client.VersionApi(self._client).get_code
        found = self._or_none(lambda: self._call("version", lambda: call(**self._options())))
        if found is None:
            return "unknown"
        with as_cluster_error("version"):
            return str(read("version", found)["gitVersion"])

    def execute(
        self, pod: Pod, command: Sequence[str], *, container: str | None = None, seconds: float = CALL_SECONDS
    ) -> ExecResult:
        """Runs `command` in a container of the pod, the main one by default; done in `seconds` or ClusterError."""
        what = f"exec in pod {pod.meta.name}"
        called = container or self.main_container(pod.object).name
        deadline = waiting.now() + seconds
        run = partial(execute, namespace=self.namespace, pod=pod, command=command, container=called, deadline=deadline)
        return ask(what, lambda: run(self.new_client()), seconds + SLACK_SECONDS)
