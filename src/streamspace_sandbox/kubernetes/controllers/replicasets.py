"""ReplicaSets: as many pods as they ask for; a deleted pod is replaced at once."""

from streamspace_sandbox.kubernetes.controllers.ownership import controller_of, owned, owner_reference
from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of, parse_timestamp
from streamspace_sandbox.kubernetes.machinery.resources import PODS, REPLICASETS, Obj
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Event, Store

COMPONENT = "replicaset-controller"


class ReplicaSetController:
    """Creates and deletes the pods of ReplicaSets."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._queue: WorkQueue[tuple[str, str]] = WorkQueue(self._reconcile)
        store.watch(REPLICASETS, callback=self._replicaset_changed)
        store.watch(PODS, callback=self._pod_changed)

    def _replicaset_changed(self, event: Event) -> None:
        if event.type != "DELETED":
            self._queue.add((namespace_of(event.object), name_of(event.object)))

    def _pod_changed(self, event: Event) -> None:
        owner = controller_of(event.object)
        if owner is not None and owner["kind"] == "ReplicaSet":
            self._queue.add((namespace_of(event.object), owner["name"]))

    def _reconcile(self, key: tuple[str, str]) -> None:
        replicaset = self._store.get(REPLICASETS, *key)
        pods = [pod for pod in owned(self._store, PODS, replicaset) if is_active(pod)]
        if "deletionTimestamp" not in replicaset["metadata"]:
            wanted = replicaset["spec"].get("replicas", 1)
            for _ in range(wanted - len(pods)):
                if not self._create_pod(replicaset):
                    break
            for pod in sorted(pods, key=_deletion_order)[: max(0, len(pods) - wanted)]:
                self._delete_pod(replicaset, pod)
            pods = [pod for pod in owned(self._store, PODS, replicaset) if is_active(pod)]
        self._write_status(replicaset, pods)

    def _create_pod(self, replicaset: Obj) -> bool:
        template = clone(replicaset["spec"]["template"])
        metadata = {
            "generateName": f"{name_of(replicaset)}-",
            "namespace": namespace_of(replicaset),
            "labels": template.get("metadata", {}).get("labels") or {},
            "annotations": template.get("metadata", {}).get("annotations") or {},
            "ownerReferences": [owner_reference(replicaset)],
        }
        try:
            pod = self._store.create(PODS, {"metadata": metadata, "spec": template["spec"]})
        except ApiError as error:
            self._recorder.warning(replicaset, "FailedCreate", f"Error creating: {error.message}", component=COMPONENT)
            return False
        self._recorder.normal(replicaset, "SuccessfulCreate", f"Created pod: {name_of(pod)}", component=COMPONENT)
        return True

    def _delete_pod(self, replicaset: Obj, pod: Obj) -> None:
        self._store.delete(PODS, namespace_of(pod), name_of(pod), uid=pod["metadata"]["uid"])
        self._recorder.normal(replicaset, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", component=COMPONENT)

    def _write_status(self, replicaset: Obj, pods: list[Obj]) -> None:
        ready = sum(is_ready(pod) for pod in pods)
        status = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": replicaset["metadata"]["generation"],
        }
        place = namespace_of(replicaset), name_of(replicaset)
        self._store.mutate(REPLICASETS, *place, lambda obj: obj.update(status=status), subresource="status")


def is_active(pod: Obj) -> bool:
    """Whether the pod has neither ended nor been deleted."""
    return "deletionTimestamp" not in pod["metadata"] and pod["status"].get("phase") not in ("Succeeded", "Failed")


def is_ready(pod: Obj) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _deletion_order(pod: Obj) -> tuple[bool, bool, bool, float]:
    """The order of deletion: pods without a node first, then those not running, not ready, young."""
    running = pod["status"].get("phase") == "Running"
    born = parse_timestamp(pod["metadata"]["creationTimestamp"]).timestamp()
    return bool(pod["spec"].get("nodeName")), running, is_ready(pod), -born
