"""Deployments: a ReplicaSet for each version of the pod template, and the rollout from one to the next."""

import hashlib

import orjson

from streamspace_sandbox.kubernetes.controllers import rollout
from streamspace_sandbox.kubernetes.controllers.ownership import controller_of, owned, owner_reference
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS, PODS, REPLICASETS, Obj
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Event, Store

COMPONENT = "deployment-controller"
HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
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
        sets = owned(self._store, REPLICASETS, deployment)
        label = template_hash(deployment["spec"]["template"])
        new = next((each for each in sets if each["metadata"]["labels"].get(HASH_LABEL) == label), None)
        old = [each for each in sets if each is not new]
        if new is None or _revision(new) < max(map(_revision, sets)):
            new = self._make_current(deployment, new, label, 1 + max(map(_revision, sets), default=0))
        self._record_revision(deployment, new)
        if not deployment["spec"].get("paused"):
            self._step(deployment, new, old)
        self._forget_old(deployment, old)
        self._write_status(self._store.get(DEPLOYMENTS, *key), name_of(new))

    def _make_current(self, deployment: Obj, replicaset: Obj | None, label: str, revision: int) -> Obj:
        """The ReplicaSet of the present template, made or, after a rollback, renumbered."""
        if replicaset is not None:

            def renumber(obj: Obj) -> None:
                obj["metadata"].setdefault("annotations", {})[REVISION] = str(revision)

            return self._store.mutate(REPLICASETS, namespace_of(replicaset), name_of(replicaset), renumber)
        template = clone(deployment["spec"]["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[HASH_LABEL] = label
        selector = clone(deployment["spec"]["selector"])
        selector.setdefault("matchLabels", {})[HASH_LABEL] = label
        metadata = {
            "name": f"{name_of(deployment)}-{label}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": {REVISION: str(revision)},
            "ownerReferences": [owner_reference(deployment)],
        }
        spec = {"replicas": 0, "selector": selector, "template": template}
        return self._store.create(REPLICASETS, {"metadata": metadata, "spec": spec})

    def _record_revision(self, deployment: Obj, new: Obj) -> None:
        def record(obj: Obj) -> None:
            obj["metadata"].setdefault("annotations", {})[REVISION] = str(_revision(new))

        self._store.mutate(DEPLOYMENTS, namespace_of(deployment), name_of(deployment), record)

    def _step(self, deployment: Obj, new: Obj, old: list[Obj]) -> None:
        desired = deployment["spec"].get("replicas", 1)
        strategy = deployment["spec"].get("strategy") or {}
        sets = {name_of(each): each for each in (new, *old)}
        if strategy.get("type") == "Recreate":
            ending = sum(len(owned(self._store, PODS, each)) for each in old)
            changes = rollout.recreate_step(desired, _set(new), [_set(each) for each in old], ending)
        else:
            limits = rollout.bounds(strategy.get("rollingUpdate") or {}, desired)
            changes = rollout.rolling_step(desired, _set(new), [_set(each) for each in old], limits)
        for name, replicas in changes.items():
            self._scale(deployment, sets[name], replicas)

    def _scale(self, deployment: Obj, replicaset: Obj, replicas: int) -> None:
        before = replicaset["spec"].get("replicas", 1)
        self._store.mutate(
            REPLICASETS,
            namespace_of(replicaset),
            name_of(replicaset),
            lambda obj: obj["spec"].update(replicas=replicas),
        )
        direction = "up" if replicas > before else "down"
        message = f"Scaled {direction} replica set {name_of(replicaset)} from {before} to {replicas}"
        self._recorder.normal(deployment, "ScalingReplicaSet", message, component=COMPONENT)

    def _forget_old(self, deployment: Obj, old: list[Obj]) -> None:
        """Keep as many empty old ReplicaSets as the Deployment wants to be able to go back to."""
        empty = [each for each in old if not each["spec"].get("replicas") and not each["status"].get("replicas")]
        surplus = len(empty) - deployment["spec"].get("revisionHistoryLimit", 10)
        for replicaset in sorted(empty, key=_revision)[: max(0, surplus)]:
            self._store.delete(REPLICASETS, namespace_of(replicaset), name_of(replicaset))

    def _write_status(self, deployment: Obj, new_name: str) -> None:
        sets = owned(self._store, REPLICASETS, deployment)
        new = next(each for each in sets if name_of(each) == new_name)
        counts = {
            "replicas": _total(sets, "replicas"),
            "updatedReplicas": _total([new], "replicas"),
            "readyReplicas": _total(sets, "readyReplicas"),
            "availableReplicas": _total(sets, "availableReplicas"),
        }
        desired = deployment["spec"].get("replicas", 1)
        counts["unavailableReplicas"] = max(0, max(desired, counts["replicas"]) - counts["availableReplicas"])
        status: Obj = {name: count for name, count in counts.items() if count}
        status["observedGeneration"] = deployment["metadata"]["generation"]
        status["conditions"] = _conditions(deployment, new_name, counts, desired)
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


def _revision(replicaset: Obj) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION, 0))


def _set(replicaset: Obj) -> rollout.Set:
    available = replicaset["status"].get("availableReplicas", 0)
    return rollout.Set(name_of(replicaset), replicaset["spec"].get("replicas", 1), available)


def _total(sets: list[Obj], field: str) -> int:
    return sum(each["status"].get(field, 0) for each in sets)


def _conditions(deployment: Obj, new_name: str, counts: dict[str, int], desired: int) -> list[Obj]:
    strategy = deployment["spec"].get("strategy") or {}
    unavailable = 0
    if strategy.get("type") != "Recreate":
        unavailable = rollout.bounds(strategy.get("rollingUpdate") or {}, desired).unavailable
    available = counts["availableReplicas"] >= desired - unavailable
    complete = counts["updatedReplicas"] == counts["replicas"] == counts["availableReplicas"] == desired
    availability = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    if not available:
        availability = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    progress = ("True", "ReplicaSetUpdated", f'ReplicaSet "{new_name}" is progressing.')
    if complete:
        progress = ("True", "NewReplicaSetAvailable", f'ReplicaSet "{new_name}" has successfully progressed.')
    return [_condition(deployment, "Available", *availability), _condition(deployment, "Progressing", *progress)]


def _condition(deployment: Obj, kind: str, status: str, reason: str, message: str) -> Obj:
    """The condition with its times: the last change of its status, and of anything in it."""
    present = deployment["status"].get("conditions") or []
    before: Obj = next((each for each in present if each["type"] == kind), {})
    condition = {"type": kind, "status": status, "reason": reason, "message": message}
    if {**before, **condition} == before:
        return before
    since = before.get("lastTransitionTime") if before.get("status") == status else None
    return condition | {"lastTransitionTime": since or timestamp(), "lastUpdateTime": timestamp()}
