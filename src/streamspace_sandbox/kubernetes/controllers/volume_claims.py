"""PersistentVolumeClaims: each is bound at once to a volume of its own, which is a directory of this machine."""

import asyncio
import shutil
from pathlib import Path

from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import dig, name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import (
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    STORAGECLASSES,
    Obj,
)
from streamspace_sandbox.kubernetes.registry.store import Event, Store

STORAGE_CLASS = "standard"


class ClaimController:
    """Makes volumes in `directory` and deletes them with their claims, once no pod has them mounted."""

    def __init__(self, store: Store, directory: Path) -> None:
        self._store = store
        self._directory = directory
        self._queue: WorkQueue[tuple[str, str]] = WorkQueue(self._bind)
        self._abandoned: dict[str, Obj] = {}
        directory.mkdir(exist_ok=True)
        store.create(
            STORAGECLASSES,
            {
                "metadata": {
                    "name": STORAGE_CLASS,
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "streamspace-sandbox/directory",
            },
        )
        store.watch(PERSISTENTVOLUMECLAIMS, callback=self._claim_changed)
        store.watch(PODS, callback=self._pod_changed)

    def _claim_changed(self, event: Event) -> None:
        if event.type == "DELETED" and event.object["spec"].get("volumeName"):
            self._abandoned[event.object["metadata"]["uid"]] = event.object
            asyncio.get_running_loop().call_soon(self._remove_abandoned)
        elif event.type == "ADDED":
            self._queue.add((namespace_of(event.object), name_of(event.object)))

    def _pod_changed(self, event: Event) -> None:
        if event.type == "DELETED" and self._abandoned:
            asyncio.get_running_loop().call_soon(self._remove_abandoned)

    def _bind(self, key: tuple[str, str]) -> None:
        claim = self._store.get(PERSISTENTVOLUMECLAIMS, *key)
        uid = claim["metadata"]["uid"]
        volume_name = f"pvc-{uid}"
        directory = self._directory / volume_name
        directory.mkdir()
        capacity = {"storage": claim["spec"]["resources"]["requests"]["storage"]}
        modes = claim["spec"]["accessModes"]
        reference = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": key[0],
            "name": key[1],
            "uid": uid,
        }
        spec = {
            "capacity": capacity,
            "accessModes": modes,
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": claim["spec"].get("storageClassName") or STORAGE_CLASS,
            "hostPath": {"path": str(directory), "type": ""},
            "claimRef": reference,
        }
        volume = self._store.create(PERSISTENTVOLUMES, {"metadata": {"name": volume_name}, "spec": spec})
        self._store.update(PERSISTENTVOLUMES, {**volume, "status": {"phase": "Bound"}}, subresource="status")

        def bound(obj: Obj) -> None:
            obj["spec"]["volumeName"] = volume_name
            obj["spec"].setdefault("storageClassName", STORAGE_CLASS)

        def status(obj: Obj) -> None:
            obj["status"] = {"phase": "Bound", "accessModes": modes, "capacity": capacity}

        self._store.mutate(PERSISTENTVOLUMECLAIMS, *key, bound)
        self._store.mutate(PERSISTENTVOLUMECLAIMS, *key, status, subresource="status")

    def _remove_abandoned(self) -> None:
        for uid, claim in list(self._abandoned.items()):
            if not self._is_mounted(claim):
                del self._abandoned[uid]
                with ignore_api_errors(404):
                    self._store.delete(PERSISTENTVOLUMES, None, claim["spec"]["volumeName"])
                loop = asyncio.get_running_loop()
                loop.run_in_executor(None, shutil.rmtree, self._directory / claim["spec"]["volumeName"])

    def _is_mounted(self, claim: Obj) -> bool:
        """Whether a pod that was bound before the claim was deleted still mounts it."""
        return any(
            dig(volume, "persistentVolumeClaim.claimName") == name_of(claim) and pod["spec"].get("nodeName")
            for pod in self._store.list(PODS, namespace_of(claim))[0]
            for volume in pod["spec"].get("volumes") or []
        )
