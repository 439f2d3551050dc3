"""Emptying the homes of sessions, as a defect of the storage would."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.kubernetes.machinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, REPLICASETS

SESSION_LABEL = "session"


def wipe_homes(*, when: Callable[[Any], bool]) -> Patch:
    """Empty the claims of a session's pod as it is created, if `when` is true of its ReplicaSet."""
    return on_claims(_empty, when=when)


def is_replacing(replicaset: Any) -> bool:
    """Whether a pod is created in the place of a lost one, and not for a session that starts or wakes."""
    return bool(replicaset["status"].get("replicas"))


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


def empty_files(_pod: Any, directory: Path) -> None:
    """Leave the text files in the directory, with nothing in them."""
    for path in directory.rglob("*.txt"):
        if path.is_file() and not path.is_symlink():
            os.truncate(path, 0)


def empty_files_from_the_second_time(pod: Any, directory: Path) -> None:
    """The same each time but the first, which leaves a mark beside the directory."""
    mark = directory.parent / f"{directory.name}.seen"
    if mark.exists():
        empty_files(pod, directory)
    mark.touch()


def _empty(_pod: Any, directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
