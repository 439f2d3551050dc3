"""Healthy variants: what people and their tools do in a cluster while a run uses the product."""

from typing import Any

from streamspace_sandbox.faults.catalogue import register_variant
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.pod_volumes import SESSION_LABEL
from streamspace_sandbox.faults.support.session_pods import CREATE, is_session, with_session_pods
from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import clone, name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import (
    DEPLOYMENTS,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    Resource,
)
from streamspace_sandbox.kubernetes.registry import managed_fields
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Store

IN_USE_SECONDS = 10.0
"""Real seconds after the creation of a session's pod: its user works in the desktop."""
STARTING_SECONDS = 0.5
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
SNAPSHOT = "snapshot.storage.kubernetes.io/pvc-as-source-protection"
EVICTION = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}

Obj = dict[str, Any]


def _cordon(store: Store, _: Obj) -> None:
    for node in store.list(NODES)[0]:
        store.mutate(NODES, None, name_of(node), lambda obj: obj.setdefault("spec", {}).update(unschedulable=True))


def _evict(store: Store, pod: Obj) -> None:
    """As `kubectl drain` does. A session may have ended meanwhile."""
    place = namespace_of(pod), name_of(pod)
    with ignore_api_errors(404):
        store.mutate(PODS, *place, lambda obj: obj["status"]["conditions"].append(EVICTION), subresource="status")
        store.delete(PODS, *place)


def _scale_down(store: Store, pod: Obj) -> None:
    managed_fields.MANAGER.set("kubectl")
    with ignore_api_errors(404):
        name = pod["metadata"]["labels"][SESSION_LABEL]
        store.mutate(DEPLOYMENTS, namespace_of(pod), name, lambda obj: obj["spec"].update(replicas=0))


def _delete_database(store: Store, pod: Obj) -> None:
    for database in store.list(PODS, namespace_of(pod), "app=streamspace-postgres")[0]:
        store.delete(PODS, namespace_of(database), name_of(database))


def _bind_none(original: Any, controller: Any, key: tuple[str, str]) -> None:
    """As Kubernetes does where no StorageClass is the default one."""
    store = controller._store
    claim = store.get(PERSISTENTVOLUMECLAIMS, *key)
    if is_session(claim):
        Recorder(store).warning(claim, "FailedBinding", NO_CLASS, component="persistentvolume-controller")
    else:
        original(controller, key)


def _hold_claims(original: Any, store: Store, resource: Resource, obj: Obj, **options: Any) -> Any:
    if resource == PERSISTENTVOLUMECLAIMS and is_session(obj):
        obj = clone(obj)
        obj["metadata"]["finalizers"] = [SNAPSHOT]
    return original(store, resource, obj, **options)


register_variant(
    "cordoned-nodes",
    description="All nodes are cordoned before the first session's pod is scheduled",
    kubernetes=with_session_pods(_cordon, number=1),
)
register_variant(
    "sessions-evicted",
    description="Each session's node is drained while its user works",
    kubernetes=with_session_pods(_evict, IN_USE_SECONDS),
)
register_variant(
    "sessions-scaled-down",
    description="Somebody scales each session's Deployment to 0 while its user works",
    kubernetes=with_session_pods(_scale_down, IN_USE_SECONDS),
)
register_variant(
    "database-deleted",
    description="Somebody deletes the database's pod while the first session starts",
    kubernetes=with_session_pods(_delete_database, STARTING_SECONDS, number=1),
)
register_variant(
    "no-storage-class",
    description="No StorageClass is the default one any more, so that the claims of sessions are not bound",
    kubernetes=wrap("streamspace_sandbox.kubernetes.controllers.volume_claims:ClaimController._bind", _bind_none),
)
register_variant(
    "claims-held",
    description="A snapshot holds the volume claims of deleted sessions",
    kubernetes=wrap(CREATE, _hold_claims),
)
