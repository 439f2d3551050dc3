"""Emptying the homes of sessions, as a fault of the storage below would."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.patching import wrap


def wipe_homes(*, when: Callable[[Any], bool]) -> None:
    """Empty the claims of a session's pod as it is created, if `when` says so of its ReplicaSet."""

    def make(create_pod: Any) -> Any:
        def create_on_empty_volumes(controller: Any, replicaset: Any) -> Any:
            if "session" in replicaset["metadata"]["labels"] and when(replicaset):
                for directory in _claimed(controller._store, replicaset):
                    _empty(directory)
            return create_pod(controller, replicaset)

        return create_on_empty_volumes

    wrap("streamspace_sandbox.kubernetes.controllers.replicasets:ReplicaSetController._create_pod", make)


def _claimed(store: Any, replicaset: Any) -> list[Path]:
    """The directories of the claims that the ReplicaSet's pods mount, of those that are bound already."""
    from streamspace_sandbox.kubernetes.machinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES  # noqa: PLC0415

    namespace = replicaset["metadata"]["namespace"]
    volumes = replicaset["spec"]["template"]["spec"].get("volumes") or []
    names = {each["persistentVolumeClaim"]["claimName"] for each in volumes if "persistentVolumeClaim" in each}
    claims = [each for each in store.list(PERSISTENTVOLUMECLAIMS, namespace)[0] if each["metadata"]["name"] in names]
    bound = {each["spec"]["volumeName"] for each in claims if each["spec"].get("volumeName")}
    found = [each for each in store.list(PERSISTENTVOLUMES)[0] if each["metadata"]["name"] in bound]
    return [Path(each["spec"]["hostPath"]["path"]) for each in found]


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
