"""The objects of the cluster, in memory, with the rules of the Kubernetes API for changing them.

Methods are synchronous and belong to one event loop, so that a list followed by `watch(since=version)` has no gap.
Objects handed out are shared: treat them as immutable and change them through `mutate` or `update`.
"""

import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from streamspace_sandbox.kubernetes.machinery.errors import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    not_found,
)
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import (
    CUSTOMRESOURCEDEFINITIONS,
    NAMESPACES,
    PODS,
    Key,
    Obj,
    Registry,
    Resource,
)
from streamspace_sandbox.kubernetes.machinery.selectors import selector
from streamspace_sandbox.kubernetes.registry import managed_fields, strategies
from streamspace_sandbox.kubernetes.registry.custom_resources import CustomResources
from streamspace_sandbox.kubernetes.registry.ephemeral_containers import with_ephemeral_containers
from streamspace_sandbox.kubernetes.registry.watch_feed import Event, EventType, Feed, Subscription

Place = tuple[str, str]
"""(namespace, name); the namespace is "" for cluster-wide kinds."""

Subresource = Literal["status", "ephemeralcontainers"] | None
INITIAL_NAMESPACES = ("default", "kube-system", "kube-public")
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SERVER_METADATA = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
FOREGROUND_FINALIZER = "foregroundDeletion"
"""Held by an object that is deleted with propagation "Foreground", until its dependents are gone."""


class Store:
    """All objects of all kinds. `history` is how many changes of each kind a watch can start behind."""

    def __init__(self, *, history: int = 4096) -> None:
        self.resources = Registry()
        self._objects: defaultdict[Key, dict[Place, Obj]] = defaultdict(dict)
        self._feeds: defaultdict[Key, Feed] = defaultdict(lambda: Feed(history))
        self._version = 0
        self.custom = CustomResources(self.resources, self.purge)
        self.watch(CUSTOMRESOURCEDEFINITIONS, callback=self.custom.follow)
        for name in INITIAL_NAMESPACES:
            self.create(NAMESPACES, {"metadata": {"name": name}})

    @property
    def version(self) -> int:
        """The resourceVersion of the latest change."""
        return self._version

    def get(self, resource: Resource, namespace: str | None, name: str) -> Obj:
        """One object. Raises `ApiError` 404."""
        obj = self._objects[resource.key].get((namespace or "", name))
        if obj is None:
            raise not_found(resource, name)
        return obj

    def list(
        self, resource: Resource, namespace: str | None = None, labels: str | None = None, fields: str | None = None
    ) -> tuple[list[Obj], int]:
        """(objects ordered by namespace and name, resourceVersion). Raises `ApiError` 400 for a bad selector."""
        matches = selector(resource, labels, fields)
        matching = [
            (place, obj)
            for place, obj in self._objects[resource.key].items()
            if (not namespace or place[0] == namespace) and (matches is None or matches(obj))
        ]
        return [obj for _, obj in sorted(matching)], self._version

    def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        since: int | None = None,
        callback: Callable[[Event], None] | None = None,
    ) -> Subscription:
        """Changes from now on, or from just after version `since`, in one namespace or in all.

        Raises `ApiError` 410 when `since` is too old. `callback` is called inside the call that makes a change; it must
        not raise.
        """
        return self._feeds[resource.key].subscribe(namespace or None, since, callback)

    def create(self, resource: Resource, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Add an object. Raises `ApiError` 404 (namespace), 403 (namespace ends), 409 (exists), 422 (not valid)."""
        new = clone(obj)
        metadata = new.setdefault("metadata", {})
        self._check_namespace(resource, metadata)
        self._generate_name(resource, metadata)
        new["apiVersion"], new["kind"] = resource.api_version, resource.kind
        for field in _SERVER_METADATA:
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp()}
        if resource.has_generation:
            metadata["generation"] = 1
        _drop_empty(metadata)
        strategies.prepare_create(resource, new, self.custom)
        place = (namespace_of(new), name_of(new))
        if place in self._objects[resource.key]:
            raise already_exists(resource, name_of(new))
        return new if dry_run else self._commit("ADDED", resource, new, None)

    def update(self, resource: Resource, obj: Obj, *, subresource: Subresource = None, dry_run: bool = False) -> Obj:
        """Replace an object, or only one part of it. A status given without `subresource="status"` is ignored.

        Raises `ApiError` 404, 409 when a resourceVersion or uid is given and is not the present one, and 422.
        An update that changes nothing returns the present object.
        """
        name = name_of(obj)
        current = self.get(resource, namespace_of(obj), name)
        _check_preconditions(resource, name, current, obj["metadata"])
        if subresource == "status":
            new = {**clone(current), "status": clone(obj.get("status") or {})}
        elif subresource == "ephemeralcontainers":
            new = with_ephemeral_containers(clone(current), clone(obj))
        else:
            new = _main_update(resource, current, clone(obj))
            managed_fields.note(resource, new, current)
        strategies.prepare_update(resource, new, current, self.custom, part=subresource)
        if new == current or dry_run:
            return new if dry_run else current
        if resource.has_generation and _without_status(new) != _without_status(current):
            new["metadata"]["generation"] = current["metadata"].get("generation", 0) + 1
        if _is_finished(new):
            return self._drop(resource, new)
        return self._commit("MODIFIED", resource, new, current)

    def mutate(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        change: Callable[[Obj], None],
        *,
        subresource: Subresource = None,
    ) -> Obj:
        """Change a copy in place and store it; nothing happens when `change` changes nothing. Raises as `update`."""
        new = clone(self.get(resource, namespace, name))
        change(new)
        return self.update(resource, new, subresource=subresource)

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        grace_seconds: int | None = None,
        propagation: str = "Background",
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> Obj:
        """Remove an object, or mark it where something has to happen first.

        Pods on a node (until the kubelet calls this again with 0 seconds), namespaces, and objects with finalizers are
        marked. `propagation` "Foreground" adds a finalizer that the garbage collector completes.
        Raises `ApiError` 404, and 409 when `uid` or `version` is given and is not the present one.
        """
        current = self.get(resource, namespace, name)
        _check_preconditions(resource, name, current, {"uid": uid, "resourceVersion": version})
        new = clone(current)
        metadata = new["metadata"]
        grace = _grace_period(resource, current, grace_seconds)
        if propagation == "Foreground":
            metadata["finalizers"] = list(dict.fromkeys([*metadata.get("finalizers", []), FOREGROUND_FINALIZER]))
        if dry_run:
            return new
        if not grace and not metadata.get("finalizers") and resource != NAMESPACES:
            return self._drop(resource, current)
        _mark_deleted(metadata, grace)
        if resource == NAMESPACES:
            new["status"] = {**new.get("status", {}), "phase": "Terminating"}
        return current if new == current else self._commit("MODIFIED", resource, new, current)

    def remove(self, resource: Resource, namespace: str | None, name: str, *, uid: str) -> None:
        """The last step of a deletion: remove the object, unless finalizers still hold it.

        Raises `ApiError` 404 when it does not exist, 409 when another object has its name now.
        """
        current = self.get(resource, namespace, name)
        _check_preconditions(resource, name, current, {"uid": uid})
        if current["metadata"].get("finalizers"):
            new = clone(current)
            _mark_deleted(new["metadata"], 0)
            if new != current:
                self._commit("MODIFIED", resource, new, current)
            return
        self._drop(resource, current)

    def purge(self, resource: Resource) -> None:
        """Remove all objects of a kind at once, whatever their finalizers: the kind itself has been deleted."""
        for obj in tuple(self._objects[resource.key].values()):
            self._drop(resource, obj)

    def _commit(self, kind: EventType, resource: Resource, new: Obj, previous: Obj | None) -> Obj:
        self._version += 1
        new["metadata"]["resourceVersion"] = str(self._version)
        place = (namespace_of(new), name_of(new))
        if kind == "DELETED":
            del self._objects[resource.key][place]
        else:
            self._objects[resource.key][place] = new
        self._feeds[resource.key].publish(Event(kind, new, previous, self._version))
        return new

    def _drop(self, resource: Resource, last: Obj) -> Obj:
        current = self._objects[resource.key][namespace_of(last), name_of(last)]
        return self._commit("DELETED", resource, clone(last), current)

    def _check_namespace(self, resource: Resource, metadata: Obj) -> None:
        """Check that the namespace exists and takes new objects."""
        if not resource.namespaced:
            metadata.pop("namespace", None)
            return
        name = metadata.get("namespace")
        if not name:
            raise bad_request(f"an object of {resource.qualified} must name its namespace")
        namespace = self.get(NAMESPACES, None, name)
        if "deletionTimestamp" in namespace["metadata"]:
            why = f"unable to create new content in namespace {name} because it is being terminated"
            raise forbidden(resource, metadata.get("name") or "", why)

    def _generate_name(self, resource: Resource, metadata: Obj) -> None:
        """Make a free name from `generateName` where no name is given."""
        prefix = metadata.get("generateName")
        taken = self._objects[resource.key]
        while not metadata.get("name") and prefix:
            suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))
            if (metadata.get("namespace") or "", name := prefix[:58] + suffix) not in taken:
                metadata["name"] = name


def _check_preconditions(resource: Resource, name: str, current: Obj, wanted: Obj) -> None:
    present = current["metadata"]
    if wanted.get("uid") and wanted["uid"] != present["uid"]:
        why = f"Precondition failed: UID in precondition: {wanted['uid']}, UID in object meta: {present['uid']}"
        raise conflict(resource, name, why)
    if wanted.get("resourceVersion") not in (None, "", present["resourceVersion"]):
        raise conflict(resource, name)


def _main_update(resource: Resource, current: Obj, new: Obj) -> Obj:
    """The object with what a write to it may change: neither its status nor what the server sets."""
    if resource.has_status:
        new.pop("status", None)
        if "status" in current:
            new["status"] = clone(current["status"])
    new["apiVersion"], new["kind"] = current["apiVersion"], current["kind"]
    metadata = {key: value for key, value in new["metadata"].items() if key not in _SERVER_METADATA}
    metadata |= {key: current["metadata"][key] for key in _SERVER_METADATA if key in current["metadata"]}
    _drop_empty(metadata)
    new["metadata"] = metadata
    return new


def _drop_empty(metadata: Obj) -> None:
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if not metadata.get(field):
            metadata.pop(field, None)


def _without_status(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _is_finished(obj: Obj) -> bool:
    """Marked as deleted, and nothing holds it any longer."""
    metadata = obj["metadata"]
    waiting = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds") or obj["kind"] == "Namespace"
    return "deletionTimestamp" in metadata and not waiting


def _grace_period(resource: Resource, obj: Obj, wanted: int | None) -> int:
    """Seconds that the deletion gives; only pods that run on a node get any."""
    if resource != PODS or not obj["spec"].get("nodeName") or obj["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    usual: int = obj["spec"].get("terminationGracePeriodSeconds", 30)
    grace = usual if wanted is None else max(wanted, 0)
    already: int = obj["metadata"].get("deletionGracePeriodSeconds", grace)
    return min(grace, already)


def _mark_deleted(metadata: Obj, grace: int) -> None:
    if metadata.get("deletionGracePeriodSeconds") == grace:
        return
    metadata["deletionTimestamp"] = timestamp(datetime.now(UTC) + timedelta(seconds=grace))
    metadata["deletionGracePeriodSeconds"] = grace


__all__ = ["ApiError", "Event", "Store", "Subresource", "Subscription"]
