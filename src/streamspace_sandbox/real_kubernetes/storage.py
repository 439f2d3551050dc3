"""Gives claims directories of this machine, and Services of type LoadBalancer the node's address."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from streamspace_sandbox.streamspace.kube.client import UNREACHABLE, Collection, KubeClient, KubeError

log = logging.getLogger(__name__)

CLAIMS = Collection("v1", "persistentvolumeclaims")
VOLUMES = Collection("v1", "persistentvolumes")
SERVICES = Collection("v1", "services")
CHOSEN_NODE = "volume.kubernetes.io/selected-node"
CLASSES = ("standard", "immediate")
"""The first one waits until a pod is scheduled, as on k3s and kind."""
RELIST_SECONDS = 0.5
NOT_FOUND, CONFLICT = 404, 409


async def provide_volumes(client: KubeClient, directory: Path) -> None:
    """For ever: a volume for each pending claim, and its removal when the claim is deleted."""
    async for event, claim in _changes(client, CLAIMS):
        name = f"pv-{claim['metadata']['uid']}"
        if event == "DELETED":
            await client.delete(VOLUMES, name)
            await asyncio.to_thread(shutil.rmtree, directory / name, ignore_errors=True)
        elif _waits(claim):
            await _provide(client, claim, name, directory / name)


async def give_addresses(client: KubeClient, address: str) -> None:
    """For ever: the node's address for each Service of type LoadBalancer."""
    async for event, service in _changes(client, SERVICES):
        status = service.get("status", {}).get("loadBalancer", {})
        if event == "DELETED" or service["spec"].get("type") != "LoadBalancer" or status.get("ingress"):
            continue
        ports = [{"port": port["port"], "protocol": port.get("protocol", "TCP")} for port in service["spec"]["ports"]]
        body = {"status": {"loadBalancer": {"ingress": [{"ip": address, "ports": ports}]}}}
        where = Collection("v1", "services", service["metadata"]["namespace"])
        await client.patch(where, service["metadata"]["name"], body, subresource="status")


def _waits(claim: dict[str, Any]) -> bool:
    kind = claim["spec"].get("storageClassName")
    if claim.get("status", {}).get("phase") != "Pending" or kind not in CLASSES:
        return False
    return kind == "immediate" or CHOSEN_NODE in (claim["metadata"].get("annotations") or {})


async def _provide(client: KubeClient, claim: dict[str, Any], name: str, directory: Path) -> None:
    metadata, spec = claim["metadata"], claim["spec"]
    await asyncio.to_thread(_make_directory, directory)
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "storageClassName": spec["storageClassName"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": str(directory)},
            "claimRef": {key: metadata[key] for key in ("namespace", "name", "uid")},
        },
    }
    try:
        await client.create(VOLUMES, volume)
    except KubeError as error:
        if error.code != CONFLICT:
            raise


def _make_directory(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    # Kubernetes does not change the owner of such a directory, and the pods have users of their own.
    directory.chmod(0o777)


async def _changes(client: KubeClient, collection: Collection) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """(type, object) of everything there is and of every change; listed anew when a watch ends."""
    while True:
        try:
            answer = await client.list(collection)
            for item in answer["items"]:
                yield "ADDED", item
            async for event in client.watch(collection, since=answer["metadata"]["resourceVersion"]):
                if event["type"] != "BOOKMARK":
                    yield event["type"], event["object"]
        except (KubeError, *UNREACHABLE) as error:
            log.warning("%s: %s", collection.plural, error or type(error).__name__)
        await asyncio.sleep(RELIST_SECONDS)
