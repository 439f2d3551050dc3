"""A real API server whose node and pods are kwok's: their objects change as on a cluster, and no container runs.

Each change that kwok makes tells its moment, in the message of the condition or of the session.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle.credentials import write_kubeconfig
from streamspace_sandbox.real_kubernetes.binaries import Program, build
from streamspace_sandbox.real_kubernetes.cache import folder
from streamspace_sandbox.streamspace import agent
from tests.support.real_cluster import RealCluster, running, running_real_cluster

Json = dict[str, Any]

KWOK = Program("kwok", "sigs.k8s.io/kwok/cmd/kwok", "v0.7.0")
NAMESPACE, NODE = "streamspace", "simulated"
POD, SESSION = ("v1", "Pod"), ("stream.space/v1alpha1", "Session")
CONTAINER, IMAGE = "desktop", "streamspace/firefox:latest"
SESSIONS = f"/apis/stream.space/v1alpha1/namespaces/{NAMESPACE}/sessions"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
STARTED_SECONDS, READY_SECONDS, RUNNING_SECONDS = 1.0, 0.5, 2.0
"""From a pod's creation until its container runs, from there until it is Ready; from a session's until it runs."""
POD_CHANGES, SESSION_CHANGES = 3, 2
"""So many events has a watch of each: its creation, and the changes by kwok."""
START_SECONDS, CALL_SECONDS = 300.0, 120.0
_MANIFESTS = Path(agent.__file__).parent.parent / "manifests"
_NOT_READY = """.status.conditions.[] | select( .type == "Ready" ) | .status"""
_NOW = "{{ Now }}"
_ADDRESS = "{{ PodIPWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace }}"


def build_kwok() -> Path:
    """kwok from the cache, or built into it. StartError where the API server was not built, which takes an hour."""
    if not (folder() / "bin" / "kube-apiserver").exists():
        raise StartError("`streamspace-sandbox up --kubernetes real` has not built the API server yet.")
    return build(KWOK, print)


@contextmanager
def simulated_cluster(directory: Path, kwok: Path) -> Iterator[RealCluster]:
    """The API server with its etcd and kwok, until the block ends."""
    stages, config = directory / "stages.yaml", directory / "kwok.kubeconfig"
    stages.write_text(yaml.safe_dump_all(_stages()))
    with running_real_cluster(directory) as cluster:
        write_kubeconfig(
            config,
            server=cluster.url,
            authority=cluster.certificate,
            token=cluster.component_token,
            namespace=NAMESPACE,
        )
        with as_component(cluster) as http:
            _make(http)
        argv = [f"{kwok}", f"--kubeconfig={config}", f"--config={stages}", f"--manage-single-node={NODE}"]
        log = directory / "log" / "kwok.log"
        with running(argv, directory, log) as process:

            def is_ready(node: Json) -> bool:
                assert process.poll() is None, f"kwok has ended: {log.read_text()[-500:]}"
                return _is_ready(node)

            with as_component(cluster) as http:
                _wait(http, f"/api/v1/nodes/{NODE}", is_ready)
            yield cluster


def as_component(cluster: RealCluster) -> httpx.Client:
    """A client whose calls are not in the audit log, which is the suite's alone."""
    http = cluster.client()
    http.headers["Authorization"] = f"Bearer {cluster.component_token}"
    http.timeout = httpx.Timeout(CALL_SECONDS)
    return http


def _make(http: httpx.Client) -> None:
    """The namespace, the kinds of StreamSpace, and a node with room for all."""
    for path, name in (
        ("/api/v1/namespaces", "10-namespace"),
        ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "20-definitions"),
    ):
        for manifest in yaml.safe_load_all((_MANIFESTS / f"{name}.yaml").read_text()):
            http.post(path, json=manifest).raise_for_status()
    http.post("/api/v1/nodes", json={"metadata": {"name": NODE}}).raise_for_status()
    _wait(http, SESSIONS, lambda _: True)
    _wait(http, "/openapi/v3", lambda index: f"apis/{SESSION[0]}" in index["paths"])  # kwok ends without it


def _wait(http: httpx.Client, path: str, met: Callable[[Json], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ((answer := http.get(path)).is_success and met(answer.json())):
        assert time.monotonic() < deadline, f"{path}: {answer.text[:300]}"
        time.sleep(0.2)


def _is_ready(node: Json) -> bool:
    return any((item["type"], item["status"]) == ("Ready", "True") for item in node["status"].get("conditions", ()))


def _stages() -> list[dict[str, Any]]:
    running = {"phase": "Running", "agentId": NODE, "message": _NOW}
    return [
        _stage("started", POD, (".status.podIP", "DoesNotExist"), STARTED_SECONDS, _status(is_ready=False)),
        _stage("ready", POD, (_NOT_READY, "In", "False"), READY_SECONDS, _status(is_ready=True)),
        _stage("running", SESSION, (".status.phase", "DoesNotExist"), RUNNING_SECONDS, running),
    ]


def _status(*, is_ready: bool) -> dict[str, Any]:
    """Of a pod whose container runs, as the kubelet writes it. The message tells the moment."""
    ready = {"Ready": is_ready, "ContainersReady": is_ready}
    conditions = {"PodReadyToStartContainers": True, "Initialized": True, "PodScheduled": True, **ready}
    container = {
        "name": CONTAINER,
        "image": IMAGE,
        "imageID": IMAGE,
        "containerID": "containerd://{{ .metadata.uid }}",
        "ready": is_ready,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": _NOW}},
    }
    return {
        "phase": "Running",
        "podIP": _ADDRESS,
        "startTime": _NOW,
        "conditions": [
            {"type": kind, "status": str(met), "message": _NOW, "lastTransitionTime": _NOW}
            for kind, met in conditions.items()
        ],
        "containerStatuses": [container],
    }


def _stage(
    name: str, kind: tuple[str, str], condition: tuple[str, ...], seconds: float, status: dict[str, Any]
) -> dict[str, Any]:
    key, operator, *values = condition
    expressions = [
        {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
        {"key": key, "operator": operator} | ({"values": values} if values else {}),
    ]
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": kind[0], "kind": kind[1]},
            "selector": {"matchExpressions": expressions},
            "delay": {"durationMilliseconds": int(1000 * seconds)},
            "next": {"statusTemplate": json.dumps(status)},  # JSON is YAML as well
        },
    }
