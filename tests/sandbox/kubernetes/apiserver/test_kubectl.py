"""kubectl on the API, as people type it. Skipped where kubectl is not installed."""

import json
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS, EVENTS, NAMESPACES, NODES, PODS
from streamspace_sandbox.kubernetes.machinery.runtime import ContainerStats, NodeStats
from streamspace_sandbox.kubernetes.registry.watch_feed import Event
from tests.support.api_server import Cluster
from tests.support.kubectl import Kubectl, columns, needs_kubectl
from tests.support.kubernetes_samples import Obj, deployment, pod, session, session_definition

pytestmark = [pytest.mark.slow, needs_kubectl]

READY = {
    "phase": "Running",
    "podIP": "10.0.0.9",
    "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [
        {"name": "main", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    ],
}


@pytest.fixture(autouse=True)
def no_leftovers(cluster: Cluster) -> Iterator[None]:
    yield
    if cluster.is_real:
        return
    kinds = (PODS, DEPLOYMENTS, NODES, EVENTS)
    left = cluster.call(lambda: [obj["metadata"]["name"] for kind in kinds for obj in cluster.store.list(kind)[0]])
    for kind in kinds:
        cluster.call(lambda kind=kind: cluster.store.purge(kind))  # type: ignore[misc]
    assert not left


def _ready(cluster: Cluster, name: str) -> None:
    cluster.call(
        lambda: cluster.store.mutate(PODS, "default", name, lambda p: p["status"].update(READY), subresource="status")
    )


@pytest.fixture
def web(cluster: Cluster) -> Iterator[str]:
    """A pod that runs."""
    limits = {"limits": {"cpu": "250m", "memory": "64Mi"}}
    cluster.call(lambda: cluster.store.create(PODS, pod("web", labels={"app": "web"}, resources=limits)))
    _ready(cluster, "web")
    cluster.runtime.log_lines["web"] = ["one", "two", "three"]
    yield "web"
    cluster.call(lambda: cluster.store.purge(PODS))


@pytest.fixture
def sessions(kubectl: Kubectl) -> Iterator[None]:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(session_definition()))
    yield
    kubectl("delete", "crd", "sessions.stream.space")


def _applied(kind: str, api_version: str, obj: Obj) -> str:
    return yaml.safe_dump({"apiVersion": api_version, "kind": kind, **obj})


def test_what_the_cluster_is(kubectl: Kubectl) -> None:
    assert "Server Version: v1.32" in kubectl("version").stdout
    assert "Kubernetes control plane" in kubectl("cluster-info").stdout
    assert "NetworkPolicy" in kubectl("api-resources").stdout


def test_tables(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    head, row = columns(kubectl("get", "pods").stdout)
    assert head == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert row[:4] == ["web", "1/1", "Running", "0"]
    assert "10.0.0.9" in kubectl("get", "po", "-o", "wide").stdout
    assert "pod/web" in kubectl("get", "all", "-A").stdout
    assert kubectl("get", "pods", "-l", "app=other").stderr.startswith("No resources found")
    assert kubectl("get", "pods", "--field-selector", "status.phase=Running", "-o", "name").stdout == "pod/web\n"
    path = "jsonpath={.items[0].spec.containers[0].resources.limits.memory}"
    assert kubectl("get", "pod", "-l", "app=web", "-o", path).stdout == "64Mi"
    assert json.loads(kubectl("get", "pod", "web", "-o", "json").stdout)["kind"] == "Pod"
    assert yaml.safe_load(kubectl("get", "pod", "web", "-o", "yaml").stdout)["status"]["phase"] == "Running"
    assert 'pods "none" not found' in kubectl("get", "pod", "none", fails=True).stderr


def test_events_in_order(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    uid = cluster.store.get(PODS, "default", "web")["metadata"]["uid"]
    for number, reason in ((2, "Started"), (1, "Scheduled")):
        event = {
            "metadata": {"name": f"web.{number}", "namespace": "default"},
            "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web", "uid": uid},
            "reason": reason,
            "message": f"{reason} the pod",
            "type": "Normal",
            "count": 1,
            "lastTimestamp": f"2026-01-01T00:00:0{number}Z",
        }
        cluster.call(lambda given=event: cluster.store.create(EVENTS, given))  # type: ignore[misc]
    rows = columns(kubectl("get", "events", "--sort-by=.lastTimestamp").stdout)
    assert [row[2] for row in rows[1:]] == ["Scheduled", "Started"]
    assert "Started the pod" in kubectl("describe", "pod", "web").stdout
    cluster.call(lambda: cluster.store.purge(EVENTS))


def test_describe(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    status = {
        "conditions": [{"type": "Ready", "status": "True"}],
        "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
        "capacity": {"cpu": "8", "memory": "16Gi", "pods": "110"},
    }
    cluster.call(lambda: cluster.store.create(NODES, {"metadata": {"name": "node-1"}, "status": status}))
    cluster.call(lambda: cluster.store.create(DEPLOYMENTS, deployment("d")))
    assert "250m (3%)" in kubectl("describe", "node", "node-1").stdout
    assert ["StrategyType:", "RollingUpdate"] in columns(kubectl("describe", "deployment", "d").stdout)
    assert columns(kubectl("get", "nodes").stdout)[1][:2] == ["node-1", "Ready"]
    cluster.call(lambda: cluster.store.purge(NODES))
    cluster.call(lambda: cluster.store.purge(DEPLOYMENTS))


def test_apply_changes_only_what_changed(kubectl: Kubectl) -> None:
    given = deployment("d", replicas=2)
    container = given["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    text = _applied("Deployment", "apps/v1", given)
    assert kubectl("apply", "-f", "-", stdin=text).stdout == "deployment.apps/d created\n"
    assert kubectl("apply", "-f", "-", stdin=text).stdout == "deployment.apps/d unchanged\n"
    kubectl("scale", "deployment", "d", "--replicas=5")
    del given["spec"]["replicas"], container["env"][0]
    given["spec"]["template"]["spec"]["containers"][0]["image"] = "streamspace-api:next"
    kubectl("apply", "-f", "-", stdin=_applied("Deployment", "apps/v1", given))
    spec = json.loads(kubectl("get", "deployment", "d", "-o", "json").stdout)["spec"]
    seen = spec["template"]["spec"]["containers"][0]
    assert (seen["image"], seen["env"]) == ("streamspace-api:next", [{"name": "B", "value": "2"}])
    kubectl("delete", "deployment", "d")


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("replicaz",), 2, 'unknown field "spec.replicaz"'),
        (("template", "spec", "containers"), [], "spec.template.spec.containers: Required value"),
        (("replicas",), "many", "spec.replicas in body must be of type integer"),
    ],
)
def test_apply_is_validated_by_the_server(kubectl: Kubectl, path: tuple[str, ...], value: Any, complaint: str) -> None:
    given = deployment("bad")
    target = given["spec"]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    refused = kubectl("apply", "-f", "-", stdin=_applied("Deployment", "apps/v1", given), fails=True)
    assert complaint in refused.stderr
    assert "not found" in kubectl("get", "deployment", "bad", fails=True).stderr


def test_rollouts(cluster: Cluster, kubectl: Kubectl) -> None:
    cluster.call(lambda: cluster.store.create(DEPLOYMENTS, deployment("d")))
    kubectl("rollout", "restart", "deployment/d")

    def finish(obj: Obj) -> None:
        counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
        obj["status"] = {"observedGeneration": obj["metadata"]["generation"], **counts}

    def report() -> None:
        cluster.store.mutate(DEPLOYMENTS, "default", "d", finish, subresource="status")

    threading.Timer(0.5, lambda: cluster.call(report)).start()
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/d", "--timeout=10s").stdout
    kubectl("delete", "deployment", "d")


def test_custom_resources(cluster: Cluster, kubectl: Kubectl, sessions: None) -> None:
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(session("s1")))
    running = '{"status": {"phase": "Running"}}'
    kubectl("patch", "session", "s1", "--subresource=status", "--type=merge", "-p", running)
    head, row = columns(kubectl("get", "sessions").stdout)
    assert (head, row[:3]) == (["NAME", "USER", "PHASE", "AGE"], ["s1", "testuser", "Running"])
    assert "Phase:  Running" in kubectl("describe", "session", "s1").stdout
    kubectl("wait", "--for=jsonpath={.status.phase}=Running", "session", "--all", "--timeout=5s")
    wrong = kubectl("apply", "-f", "-", stdin=yaml.safe_dump(session("s2", state="Flying")), fails=True)
    assert 'spec.state: Unsupported value: "Flying"' in wrong.stderr
    unknown = kubectl("apply", "-f", "-", stdin=yaml.safe_dump(session("s2", flavour="x")), fails=True)
    assert 'unknown field "spec.flavour"' in unknown.stderr
    assert '"s1" deleted' in kubectl("delete", "sessions", "--all").stdout
    assert kubectl("get", "ss").stderr.startswith("No resources found")


def test_waits(cluster: Cluster, kubectl: Kubectl) -> None:
    cluster.call(lambda: cluster.store.create(PODS, pod("late", labels={"app": "late"})))
    threading.Timer(0.5, lambda: _ready(cluster, "late")).start()
    kubectl("wait", "--for=condition=ready", "pod", "-l", "app=late", "--timeout=10s")
    removal = threading.Timer(0.5, lambda: cluster.call(lambda: cluster.store.purge(PODS)))
    removal.start()
    kubectl("wait", "--for=delete", "pod/late", "--timeout=10s")
    removal.join()


def test_deletion_waits_for_the_kubelet(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    def kubelet(event: Event) -> None:
        if event.type == "MODIFIED":
            cluster.loop.call_soon(lambda: cluster.store.delete(PODS, "default", "web", grace_seconds=0))

    subscription = cluster.call(lambda: cluster.store.watch(PODS, callback=kubelet))
    assert kubectl("delete", "pod", "web").stdout == 'pod "web" deleted\n'
    cluster.call(subscription.close)


def test_a_namespace_goes_when_its_controller_says_so(cluster: Cluster, kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", stdin=_applied("Namespace", "v1", {"metadata": {"name": "passing"}}))
    uid = json.loads(kubectl("get", "ns", "passing", "-o", "json").stdout)["metadata"]["uid"]
    kubectl("delete", "namespace", "passing", "--wait=false")
    assert columns(kubectl("get", "ns", "passing").stdout)[1][1] == "Terminating"
    cluster.call(lambda: cluster.store.remove(NAMESPACES, None, "passing", uid=uid))
    kubectl("get", "ns", "passing", fails=True)


def test_logs(kubectl: Kubectl, web: str) -> None:
    assert kubectl("logs", "web").stdout == "one\ntwo\nthree\n"
    assert kubectl("logs", "-l", "app=web", "--tail=1").stdout == "three\n"
    assert kubectl("logs", "web", "--since=1h").stdout == "one\ntwo\nthree\n"


def test_a_log_is_followed(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    following = kubectl.start("logs", "-f", "web")
    assert following.stdout
    assert [following.stdout.readline() for _ in range(3)] == ["one\n", "two\n", "three\n"]
    assert following.poll() is None
    cluster.loop.call_soon_threadsafe(cluster.runtime.stopped.set)
    assert following.stdout.readline() == "the last line\n"
    assert following.wait(10) == 0
    cluster.loop.call_soon_threadsafe(cluster.runtime.stopped.clear)


def test_a_watch_prints_changes(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    watching = kubectl.start("get", "pods", "-w", "--no-headers")
    assert watching.stdout
    assert watching.stdout.readline().split()[:3] == ["web", "1/1", "Running"]
    cluster.call(lambda: cluster.store.delete(PODS, "default", "web"))
    assert watching.stdout.readline().split()[:3] == ["web", "1/1", "Terminating"]
    watching.kill()
    watching.wait()


def test_exec(kubectl: Kubectl, web: str) -> None:
    assert kubectl("exec", "web", "--", "bash", "-c", "echo 'test data'").stdout == "test data\n"
    failed = kubectl("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 3", fails=True)
    assert (failed.returncode, failed.stdout) == (3, "out\n")
    assert failed.stderr.startswith("err\n")
    # Ends only if the end of the input reaches the command.
    assert kubectl("exec", "-i", "web", "--", "cat", stdin="a\nb\n").stdout == "a\nb\n"
    much = "line\n" * 300_000
    assert kubectl("exec", "-i", "web", "--", "head", "-n", "1", stdin=much).stdout == "line\n"
    assert 'pods "none" not found' in kubectl("exec", "none", "--", "true", fails=True).stderr
    assert "container other is not valid" in kubectl("exec", "web", "-c", "other", "--", "true", fails=True).stderr


def test_exec_with_a_terminal_tells_its_size(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    outer, inner = pty.openpty()
    asking = ["kubectl", "exec", "-it", "web", "--", "head", "-n", "1"]
    running = subprocess.Popen(asking, stdin=inner, stdout=inner, stderr=inner, env=kubectl.environment)
    assert cluster.runtime.resized.wait(10), "no size arrived"
    os.write(outer, b"typed\n")
    assert running.wait(10) == 0
    assert b"typed" in os.read(outer, 1024)
    os.close(outer)
    os.close(inner)


def test_top(cluster: Cluster, kubectl: Kubectl, web: str) -> None:
    status = {"allocatable": {"cpu": "8", "memory": "16Gi"}}
    cluster.call(lambda: cluster.store.create(NODES, {"metadata": {"name": "node-1"}, "status": status}))
    now = datetime.now(UTC)
    cluster.runtime.containers = [ContainerStats("default", "web", "main", 10**9, 250_000_000, 64 << 20, now)]
    cluster.runtime.nodes = [NodeStats("node-1", 800_000_000, 1 << 30)]
    assert columns(kubectl("top", "pods").stdout)[1] == ["web", "250m", "64Mi"]
    assert columns(kubectl("top", "nodes").stdout)[1] == ["node-1", "800m", "10%", "1024Mi", "6%"]
    cluster.call(lambda: cluster.store.purge(NODES))


def test_small_changes(kubectl: Kubectl, web: str) -> None:
    kubectl("label", "pod", "web", "tier=desktop")
    kubectl("annotate", "pod", "web", "note=kept")
    metadata = json.loads(kubectl("get", "pod", "web", "-o", "json").stdout)["metadata"]
    assert (metadata["labels"]["tier"], metadata["annotations"]) == ("desktop", {"note": "kept"})
    kubectl("label", "pod", "web", "tier-")
    assert "tier" not in json.loads(kubectl("get", "pod", "web", "-o", "json").stdout)["metadata"]["labels"]


def test_a_wrong_token_is_told(kubectl: Kubectl, tmp_path: Path) -> None:
    content = yaml.safe_load(Path(kubectl.environment["KUBECONFIG"]).read_text())
    content["users"][0]["user"]["token"] = "wrong"
    other = tmp_path / "kubeconfig"
    other.write_text(yaml.safe_dump(content))
    refused = kubectl("--kubeconfig", str(other), "get", "pods", fails=True)
    assert "must be logged in" in refused.stderr
