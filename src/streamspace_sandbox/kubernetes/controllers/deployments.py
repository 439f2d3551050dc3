"""Deployments: a ReplicaSet for each version of the pod template, and the change from one to the next.

Deployments keep no revisions.
"""

import hashlib
import math
from collections.abc import Callable, Sequence

import orjson

from streamspace_sandbox.kubernetes.controllers.ownership import controller_of, owned, owner_reference
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.objects import clone, dig, name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS, PODS, REPLICASETS, Obj
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Event, Store

COMPONENT = "deployment-controller"
HASH_LABEL = "pod-template-hash"
_HASH_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class DeploymentController:
    """Creates and scales the ReplicaSets of Deployments."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._queue: WorkQueue[tuple[str, str]] = WorkQueue(self._reconcile)
        store.watch(DEPLOYMENTS, callback=self._deployment_changed)
        store.watch(REPLICASETS, callback=self._replicaset_changed)
        store.watch(PODS, callback=self._pod_changed)

    def _deployment_changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self._queue.add((namespace_of(event.object), name_of(event.object)))

    def _replicaset_changed(self, event: Event) -> None:
        owner = controller_of(event.object)
        if owner is not None and owner["kind"] == "Deployment":
            self._queue.add((namespace_of(event.object), owner["name"]))

    def _pod_changed(self, event: Event) -> None:
        # Only the end of a pod matters by itself: "Recreate" waits for it. The rest shows in the ReplicaSet's status.
        owner = controller_of(event.object)
        if event.type == "DELETED" and owner is not None and owner["kind"] == "ReplicaSet":
            for replicaset in self._store.list(REPLICASETS, namespace_of(event.object))[0]:
                if replicaset["metadata"]["uid"] == owner["uid"]:
                    self._replicaset_changed(Event("MODIFIED", replicaset, None, event.version))

    def _reconcile(self, key: tuple[str, str]) -> None:
        deployment = self._store.get(DEPLOYMENTS, *key)
        if "deletionTimestamp" in deployment["metadata"]:
            return
        label = template_hash(deployment["spec"]["template"])
        sets = owned(self._store, REPLICASETS, deployment)
        current = next(
            (replicaset for replicaset in sets if replicaset["metadata"]["labels"][HASH_LABEL] == label), None
        )
        old = [replicaset for replicaset in sets if replicaset is not current]
        if current is None:
            current = self._create_replicaset(deployment, label)
        self._roll_out(deployment, current, old)
        self._write_status(deployment, name_of(current))

    def _create_replicaset(self, deployment: Obj, label: str) -> Obj:
        template = clone(deployment["spec"]["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[HASH_LABEL] = label
        selector = clone(deployment["spec"]["selector"])
        selector.setdefault("matchLabels", {})[HASH_LABEL] = label
        metadata = {
            "name": f"{name_of(deployment)}-{label}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "ownerReferences": [owner_reference(deployment)],
        }
        spec = {"replicas": 0, "selector": selector, "template": template}
        return self._store.create(REPLICASETS, {"metadata": metadata, "spec": spec})

    def _roll_out(self, deployment: Obj, current: Obj, old: Sequence[Obj]) -> None:
        """Take the next step towards a Deployment whose pods all are of the current template."""
        if deployment["spec"]["strategy"]["type"] == "Recreate":
            self._recreate(deployment, current, old)
        else:
            self._update_rolling(deployment, current, old)

    def _recreate(self, deployment: Obj, current: Obj, old: Sequence[Obj]) -> None:
        for replicaset in old:
            self._scale(deployment, replicaset, 0)
        if not any(owned(self._store, PODS, replicaset) for replicaset in old):
            self._scale(deployment, current, deployment["spec"]["replicas"])

    def _update_rolling(self, deployment: Obj, current: Obj, old: Sequence[Obj]) -> None:
        """At most `maxSurge` pods more than desired, and at most `maxUnavailable` fewer available ones."""
        desired = deployment["spec"]["replicas"]
        surge, unavailable = _rolling_limits(deployment)
        total = sum(replicaset["spec"]["replicas"] for replicaset in (current, *old))
        grown = min(desired, current["spec"]["replicas"] + max(0, desired + surge - total))
        if grown != current["spec"]["replicas"]:
            # The change of the ReplicaSet leads to the next step.
            self._scale(deployment, current, grown)
            return
        # Pods that may end: available ones, and others, of which a ReplicaSet deletes those first.
        spare = sum(map(_available, (current, *old))) - (desired - unavailable)
        unready_spare = spare + sum(map(_unready, old))
        for replicaset in old:
            unready = min(_unready(replicaset), max(0, unready_spare))
            available = min(_available(replicaset), max(0, spare))
            unready_spare, spare = unready_spare - unready, spare - available
            self._scale(deployment, replicaset, replicaset["spec"]["replicas"] - unready - available)

    def _scale(self, deployment: Obj, replicaset: Obj, replicas: int) -> None:
        before = replicaset["spec"]["replicas"]
        if replicas == before:
            return
        self._store.mutate(
            REPLICASETS,
            namespace_of(replicaset),
            name_of(replicaset),
            lambda obj: obj["spec"].update(replicas=replicas),
        )
        direction = "up" if replicas > before else "down"
        message = f"Scaled {direction} replica set {name_of(replicaset)} from {before} to {replicas}"
        self._recorder.normal(deployment, "ScalingReplicaSet", message, component=COMPONENT)

    def _write_status(self, deployment: Obj, current_name: str) -> None:
        sets = owned(self._store, REPLICASETS, deployment)
        current = [replicaset for replicaset in sets if name_of(replicaset) == current_name]
        counts = {
            "replicas": _total(sets, "replicas"),
            "updatedReplicas": _total(current, "replicas"),
            "readyReplicas": _total(sets, "readyReplicas"),
            "availableReplicas": _total(sets, "availableReplicas"),
        }
        desired = deployment["spec"]["replicas"]
        counts["unavailableReplicas"] = max(0, max(desired, counts["replicas"]) - counts["availableReplicas"])
        status: Obj = {name: count for name, count in counts.items() if count}
        status["observedGeneration"] = deployment["metadata"]["generation"]
        status["conditions"] = _conditions(deployment, current_name, counts)
        place = namespace_of(deployment), name_of(deployment)
        self._store.mutate(DEPLOYMENTS, *place, lambda obj: obj.update(status=status), subresource="status")


def template_hash(template: Obj) -> str:
    """A short name of a pod template, equal for equal ones."""
    digest = int.from_bytes(hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).digest()[:8], "big")
    letters = []
    for _ in range(10):
        digest, letter = divmod(digest, len(_HASH_LETTERS))
        letters.append(_HASH_LETTERS[letter])
    return "".join(letters)


def _rolling_limits(deployment: Obj) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) in pods; shares are rounded up and down, and not both may be 0."""
    limits = deployment["spec"]["strategy"]["rollingUpdate"]
    desired = deployment["spec"]["replicas"]
    surge = _pods(limits["maxSurge"], desired, math.ceil)
    unavailable = _pods(limits["maxUnavailable"], desired, math.floor)
    return surge, unavailable or int(not surge)


def _pods(limit: int | str, desired: int, rounded: Callable[[float], int]) -> int:
    """`limit` is a number of pods, or a percentage of the desired ones."""
    text = str(limit)
    return rounded(desired * int(text[:-1]) / 100) if text.endswith("%") else int(text)


def _available(replicaset: Obj) -> int:
    """Its status may still count pods that its new size does not include."""
    return min(int(replicaset["status"].get("availableReplicas", 0)), int(replicaset["spec"]["replicas"]))


def _unready(replicaset: Obj) -> int:
    return int(replicaset["spec"]["replicas"]) - _available(replicaset)


def _total(sets: Sequence[Obj], field: str) -> int:
    return sum(replicaset["status"].get(field, 0) for replicaset in sets)


def _conditions(deployment: Obj, current_name: str, counts: dict[str, int]) -> list[Obj]:
    desired = deployment["spec"]["replicas"]
    complete = counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == desired
    availability = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    if counts["availableReplicas"] < desired:
        availability = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    progress = ("True", "ReplicaSetUpdated", f'ReplicaSet "{current_name}" is progressing.')
    if complete:
        progress = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{current_name}" has successfully progressed.')
    return [_condition(deployment, "Available", *availability), _condition(deployment, "Progressing", *progress)]


def _condition(deployment: Obj, kind: str, status: str, reason: str, message: str) -> Obj:
    """The condition with its times: the last change of its status, and of any of its fields."""
    present = dig(deployment, "status.conditions") or []
    before: Obj = next((condition for condition in present if condition["type"] == kind), {})
    condition = {"type": kind, "status": status, "reason": reason, "message": message}
    if {**before, **condition} == before:
        return before
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return condition | {"lastTransitionTime": since or timestamp(), "lastUpdateTime": timestamp()}
