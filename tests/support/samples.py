"""Objects as Kubernetes sends them, and answers as the API does, to be altered by each test."""

from __future__ import annotations

import json
from typing import Any

from streamspace_acceptance.cluster.objects import Claim, Pod, SessionObject
from streamspace_acceptance.product.answers import Answer

Json = dict[str, Any]
SESSION = "testuser-firefox-browser-7f3a"


def answer(
    body: object, status: int = 200, *, content_type: str = "application/json", method: str = "GET", kept: str = ""
) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(method, "http://127.0.0.1:8080/x", status, "", content_type, data, 100.0, 100.1, kept=kept)


def pod_json(
    name: str = f"{SESSION}-5d-x1",
    uid: str = "uid-1",
    *,
    phase: str = "Running",
    ready: bool = True,
    node: str | None = "node-1",
    started: bool = True,
    deleting: bool = False,
    claim: str | None = f"{SESSION}-home",
    mount: str = "/home/user",
    labels: dict[str, str] | None = None,
    version: int = 1,
) -> Json:
    metadata: Json = {
        "name": name,
        "uid": uid,
        "resourceVersion": f"{version}",
        "labels": {"session": SESSION} if labels is None else labels,
    }
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    state: Json = {"running": {}} if started else {"waiting": {"reason": "ContainerCreating"}}
    volume: Json = {"name": "home"} | ({"persistentVolumeClaim": {"claimName": claim}} if claim else {"emptyDir": {}})
    return {
        "metadata": metadata,
        "spec": {
            "nodeName": node,
            "volumes": [volume],
            "containers": [{"name": "desktop", "volumeMounts": [{"name": "home", "mountPath": mount}]}],
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "desktop", "ready": ready, "state": state}],
        },
    }


def pod(**changes: Any) -> Pod:
    return Pod.of(pod_json(**changes))


def session_object(
    user: object = "testuser",
    template: object = "firefox-browser",
    phase: str | None = "Running",
    uid: str = "s-1",
    *,
    deleting: bool = False,
) -> SessionObject:
    metadata: Json = {"name": SESSION, "uid": uid}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return SessionObject.of(
        {"metadata": metadata, "spec": {"user": user, "template": template}, "status": {"phase": phase}}
    )


def claim(
    phase: str = "Bound",
    labels: dict[str, str] | None = None,
    owners: list[Json] | None = None,
    name: str = f"{SESSION}-home",
) -> Claim:
    labels = {"session": SESSION} if labels is None else labels
    metadata = {"name": name, "uid": "c-1", "labels": labels, "ownerReferences": owners}
    return Claim.of({"metadata": metadata, "status": {"phase": phase}})


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "%s"}}]
users: [{name: u, user: {token: t}}]
"""
