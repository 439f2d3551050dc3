"""Emptying the homes of sessions, as a defect of the storage would."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.kubernetes.machinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, REPLICASETS

SESSION_LABEL = "session"


def wipe_homes(*, when: Callable[[Any], bool]) -> Patch:
    """Empty the claims of a session's pod as it is created, if `when` is true of its ReplicaSet."""

    def create(original: Any, store: Any, resource: Any, obj: Any, **options: Any) -> Any:
        metadata = obj["metadata"]
        if resource.plural == "pods" and SESSION_LABEL in (metadata.get("labels") or {}):
            [owner] = metadata["ownerReferences"]
            if when(store.get(REPLICASETS, metadata["namespace"], owner["name"])):
                for directory in _claimed_directories(store, metadata["namespace"], obj["spec"]):
                    _empty(directory)
        return original(store, resource, obj, **options)

    return wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", create)


def on_claims(act: Callable[[Any, Path], None], *, when: Callable[[Any], bool] = lambda _replicaset: True) -> Patch:
    """Before a session's pod is created, `act` on the pod and each directory of its claims.

    `when`: only if that is true of the pod's ReplicaSet.
    """

    def create(original: Any, store: Any, resource: Any, obj: Any, **options: Any) -> Any:
        metadata = obj["metadata"]
        if resource.plural == "pods" and SESSION_LABEL in (metadata.get("labels") or {}):
            [owner] = metadata["ownerReferences"]
            applies = when(store.get(REPLICASETS, metadata["namespace"], owner["name"]))
            for directory in _claimed_directories(store, metadata["namespace"], obj["spec"]) if applies else ():
                act(obj, directory)
        return original(store, resource, obj, **options)

    return wrap("streamspace_sandbox.kubernetes.registry.store:Store.create", create)


def _claimed_directories(store: Any, namespace: str, pod_spec: Any) -> list[Path]:
    """The directories of the bound claims that the pod mounts."""
    names = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod_spec.get("volumes") or []
        if "persistentVolumeClaim" in volume
    }
    claims = [claim for claim in store.list(PERSISTENTVOLUMECLAIMS, namespace)[0] if claim["metadata"]["name"] in names]
    bound = {claim["spec"]["volumeName"] for claim in claims if claim["spec"].get("volumeName")}
    volumes = [volume for volume in store.list(PERSISTENTVOLUMES)[0] if volume["metadata"]["name"] in bound]
    return [Path(volume["spec"]["hostPath"]["path"]) for volume in volumes]


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
