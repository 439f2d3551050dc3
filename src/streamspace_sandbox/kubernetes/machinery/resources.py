"""The kinds of object that the API serves: the built-in ones, and a registry to which custom ones are added."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Obj = dict[str, Any]
"""A Kubernetes object as plain JSON. Objects that came out of the store are shared: copy before changing."""

Key = tuple[str, str]
"""(group, plural): the key under which the objects of a kind are stored."""

ALL_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")
READ_VERBS = ("get", "list")


@dataclass(frozen=True)
class Resource:
    """One kind of object in one API version. `group` is "" for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = False
    has_generation: bool = False
    has_scale: bool = False
    verbs: tuple[str, ...] = ALL_VERBS
    custom: bool = False

    @property
    def key(self) -> Key:
        return self.group, self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The name that messages use, for example `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _core(plural: str, kind: str, *short_names: str, namespaced: bool = True, **more: Any) -> Resource:
    return Resource("", "v1", plural, kind, namespaced, kind.lower(), short_names, **more)


def _grouped(group: str, plural: str, kind: str, *short_names: str, namespaced: bool = True, **more: Any) -> Resource:
    return Resource(group, "v1", plural, kind, namespaced, kind.lower(), short_names, **more)


_ALL = ("all",)

NAMESPACES = _core("namespaces", "Namespace", "ns", namespaced=False, has_status=True)
NODES = _core("nodes", "Node", "no", namespaced=False, has_status=True)
PODS = _core("pods", "Pod", "po", categories=_ALL, has_status=True)
SERVICES = _core("services", "Service", "svc", categories=_ALL, has_status=True)
ENDPOINTS = _core("endpoints", "Endpoints", "ep")
CONFIGMAPS = _core("configmaps", "ConfigMap", "cm")
SECRETS = _core("secrets", "Secret")
SERVICEACCOUNTS = _core("serviceaccounts", "ServiceAccount", "sa")
PERSISTENTVOLUMECLAIMS = _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", has_status=True)
PERSISTENTVOLUMES = _core("persistentvolumes", "PersistentVolume", "pv", namespaced=False, has_status=True)
EVENTS = _core("events", "Event", "ev")
DEPLOYMENTS = _grouped(
    "apps", "deployments", "Deployment", "deploy", categories=_ALL, has_status=True, has_generation=True, has_scale=True
)
REPLICASETS = _grouped(
    "apps", "replicasets", "ReplicaSet", "rs", categories=_ALL, has_status=True, has_generation=True, has_scale=True
)
NETWORKPOLICIES = _grouped("networking.k8s.io", "networkpolicies", "NetworkPolicy", "netpol", has_generation=True)
ROLES = _grouped("rbac.authorization.k8s.io", "roles", "Role")
ROLEBINDINGS = _grouped("rbac.authorization.k8s.io", "rolebindings", "RoleBinding")
CLUSTERROLES = _grouped("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", namespaced=False)
CLUSTERROLEBINDINGS = _grouped(
    "rbac.authorization.k8s.io", "clusterrolebindings", "ClusterRoleBinding", namespaced=False
)
STORAGECLASSES = _grouped("storage.k8s.io", "storageclasses", "StorageClass", "sc", namespaced=False)
CUSTOMRESOURCEDEFINITIONS = _grouped(
    "apiextensions.k8s.io",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "crd",
    "crds",
    namespaced=False,
    has_status=True,
    has_generation=True,
)

BUILTIN: tuple[Resource, ...] = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    ENDPOINTS,
    CONFIGMAPS,
    SECRETS,
    SERVICEACCOUNTS,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    EVENTS,
    DEPLOYMENTS,
    REPLICASETS,
    NETWORKPOLICIES,
    ROLES,
    ROLEBINDINGS,
    CLUSTERROLES,
    CLUSTERROLEBINDINGS,
    STORAGECLASSES,
    CUSTOMRESOURCEDEFINITIONS,
)

NODE_METRICS = Resource("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", False, verbs=READ_VERBS)
POD_METRICS = Resource("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", True, verbs=READ_VERBS)
METRICS = (NODE_METRICS, POD_METRICS)
"""Computed at each request; the store holds no such objects."""


class Registry:
    """Every kind that the API serves at the moment, by path segments or by name."""

    def __init__(self) -> None:
        self._served = {(r.group, r.version, r.plural): r for r in (*BUILTIN, *METRICS)}

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._served.values()))

    def serve(self, resource: Resource) -> None:
        self._served[resource.group, resource.version, resource.plural] = resource

    def withdraw(self, key: Key) -> None:
        """Stop serving a kind."""
        for path in [path for path, resource in self._served.items() if resource.key == key]:
            del self._served[path]

    def at(self, group: str, version: str, plural: str) -> Resource | None:
        return self._served.get((group, version, plural))

    def find(self, plural: str, group: str | None = None) -> Resource:
        """By plural, and by group where the plural alone is ambiguous. Raises LookupError for an unknown one."""
        for resource in self._served.values():
            if resource.plural == plural and group in (None, resource.group):
                return resource
        raise LookupError(f"no resource {plural!r} in group {group!r} is served")
