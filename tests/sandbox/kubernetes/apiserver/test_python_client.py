"""The official Python client on the API."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.client import ApiException
from kubernetes.stream import stream

from streamspace_sandbox.kubernetes.machinery.resources import NODES, PODS
from streamspace_sandbox.kubernetes.machinery.runtime import ContainerStats, NetworkStats, NodeStats
from tests.support.api_server import Cluster, python_client
from tests.support.kubernetes_samples import deployment, pod, session, session_definition

SAMPLED = datetime(2026, 1, 1, 12, 0, 0, 250_000, UTC)
GROUP = ("stream.space", "v1alpha1", "default", "sessions")


@pytest.fixture
def running_pod(cluster: Cluster, core: Any) -> Iterator[str]:
    logs = cluster.runtime.log_lines
    core.create_namespaced_pod("default", pod("web", labels={"app": "web"}))
    logs["web"] = ["one", "two", "three"]
    yield "web"
    core.delete_namespaced_pod("web", "default", grace_period_seconds=0)


def test_objects_come_back_typed(core: Any) -> None:
    made = core.create_namespaced_pod("default", pod("typed", labels={"a": "b"}))
    assert made.metadata.uid
    assert core.read_namespaced_pod("typed", "default").spec.containers[0].image == "streamspace/firefox:v1"
    assert [p.metadata.name for p in core.list_pod_for_all_namespaces(label_selector="a=b").items] == ["typed"]
    patched = core.patch_namespaced_pod("typed", "default", {"metadata": {"labels": {"a": "c"}}})
    assert patched.metadata.labels == {"a": "c"}
    assert core.delete_namespaced_pod("typed", "default").metadata.deletion_grace_period_seconds == 30
    core.delete_namespaced_pod("typed", "default", grace_period_seconds=0)
    with pytest.raises(ApiException) as gone:
        core.read_namespaced_pod("typed", "default")
    assert (gone.value.status, gone.value.reason) == (404, "Not Found")


def test_a_deployment_is_scaled(api: Any) -> None:
    apps: Any = client.AppsV1Api(api)
    apps.create_namespaced_deployment("default", deployment("d"))
    scale = apps.patch_namespaced_deployment_scale("d", "default", {"spec": {"replicas": 3}})
    assert scale.spec.replicas == 3
    assert apps.read_namespaced_deployment("d", "default").spec.replicas == 3
    assert apps.delete_namespaced_deployment("d", "default")["status"] == "Success"


def test_custom_objects(api: Any) -> None:
    extensions: Any = client.ApiextensionsV1Api(api)
    custom: Any = client.CustomObjectsApi(api)
    definition = extensions.create_custom_resource_definition(session_definition())
    assert any(c.type == "Established" and c.status == "True" for c in definition.status.conditions)
    custom.create_namespaced_custom_object(*GROUP, session("s1"))
    custom.patch_namespaced_custom_object_status(*GROUP, "s1", {"status": {"phase": "Running"}})
    seen = custom.get_namespaced_custom_object(*GROUP, "s1")
    assert (seen["spec"]["state"], seen["status"]) == ("Running", {"phase": "Running"})
    with pytest.raises(ApiException) as refused:
        custom.create_namespaced_custom_object(*GROUP, session("s2", state="Flying"))
    assert refused.value.status == 422
    assert custom.delete_namespaced_custom_object(*GROUP, "s1")["status"] == "Success"
    extensions.delete_custom_resource_definition("sessions.stream.space")


def test_a_watch_hears_every_change(core: Any) -> None:
    version = core.list_namespaced_pod("default").metadata.resource_version

    def change() -> None:
        core.create_namespaced_pod("default", pod("seen"))
        core.patch_namespaced_pod("seen", "default", {"metadata": {"labels": {"a": "b"}}})
        core.delete_namespaced_pod("seen", "default", grace_period_seconds=0)

    writer = threading.Timer(0.2, change)
    writer.start()
    make_watcher: Any = watch.Watch  # untyped
    watcher = make_watcher()
    seen = []
    for event in watcher.stream(core.list_namespaced_pod, "default", resource_version=version, timeout_seconds=10):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            watcher.stop()
    writer.join()
    assert seen == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")]


def test_logs(cluster: Cluster, core: Any, running_pod: str) -> None:
    assert core.read_namespaced_pod_log(running_pod, "default") == "one\ntwo\nthree\n"
    assert core.read_namespaced_pod_log(running_pod, "default", tail_lines=1) == "three\n"
    assert core.read_namespaced_pod_log(running_pod, "default", limit_bytes=5) == "one\nt"
    with pytest.raises(ApiException) as refused:
        core.read_namespaced_pod_log(running_pod, "default", container="other")
    assert refused.value.status == 400


def test_a_log_is_followed_until_its_reader_leaves(cluster: Cluster, core: Any, running_pod: str) -> None:
    left = cluster.call(lambda: cluster.runtime.left_logs)
    answer = core.read_namespaced_pod_log(running_pod, "default", follow=True, _preload_content=False)
    assert next(answer.stream()) == b"one\ntwo\nthree\n"
    answer.close()
    deadline = time.monotonic() + 5
    while cluster.call(lambda: cluster.runtime.left_logs) == left:
        assert time.monotonic() < deadline, "the log is still read for nobody"


def _exec(cluster: Cluster, name: str, *command: str, **options: Any) -> Any:
    # stream() patches its client, so each exec has one of its own.
    api = client.CoreV1Api(python_client(cluster))
    options = {"stderr": True, "stdin": False, "stdout": True, "tty": False, "_request_timeout": 10, **options}
    run: Any = stream  # untyped
    return run(api.connect_get_namespaced_pod_exec, name, "default", command=list(command), **options)


def test_exec_returns_what_the_command_prints(cluster: Cluster, running_pod: str) -> None:
    assert _exec(cluster, running_pod, "echo", "hello", "there") == "hello there\n"


def test_exec_keeps_streams_apart_and_tells_the_exit_code(cluster: Cluster, running_pod: str) -> None:
    script = "echo out; echo err >&2; exit 7"
    session = _exec(cluster, running_pod, "sh", "-c", script, _preload_content=False)
    session.run_forever(timeout=10)
    assert (session.read_stdout(), session.read_stderr(), session.returncode) == ("out\n", "err\n", 7)


def test_exec_takes_input(cluster: Cluster, running_pod: str) -> None:
    session = _exec(cluster, running_pod, "head", "-n", "1", stdin=True, _preload_content=False)
    session.write_stdin("typed\n")
    session.run_forever(timeout=10)
    assert (session.read_stdout(), session.returncode) == ("typed\n", 0)


def test_exec_carries_much_output(cluster: Cluster, running_pod: str) -> None:
    printed = _exec(cluster, running_pod, "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(printed) == 3_000_000


def test_a_command_whose_client_left_is_killed(cluster: Cluster, running_pod: str) -> None:
    session = _exec(cluster, running_pod, "sleep", "600", _preload_content=False)
    process = cluster.call(lambda: cluster.runtime.sessions[-1]._process)
    assert process.returncode is None
    session.close()
    deadline = time.monotonic() + 5
    while cluster.call(lambda: process.returncode) is None:
        assert time.monotonic() < deadline, "the command outlived its client"


def test_exec_in_nothing_is_refused_before_it_starts(cluster: Cluster) -> None:
    with pytest.raises(ApiException, match="404"):
        _exec(cluster, "none", "true")


def test_metrics(cluster: Cluster, api: Any, running_pod: str) -> None:
    cluster.call(lambda: cluster.store.create(NODES, {"metadata": {"name": "node-1"}}))
    cluster.runtime.containers = [ContainerStats("default", "web", "main", 5 * 10**9, 250_000_000, 64 << 20, SAMPLED)]
    cluster.runtime.nodes = [NodeStats("node-1", 250_000_000, 64 << 20)]
    custom: Any = client.CustomObjectsApi(api)
    pods = custom.list_namespaced_custom_object(
        "metrics.k8s.io", "v1beta1", "default", "pods", label_selector="app=web"
    )
    assert pods["items"][0]["containers"] == [{"name": "main", "usage": {"cpu": "250000000n", "memory": "65536Ki"}}]
    node = custom.get_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes", "node-1")
    assert node["usage"]["cpu"] == "250000000n"
    with pytest.raises(ApiException) as gone:
        custom.get_namespaced_custom_object("metrics.k8s.io", "v1beta1", "default", "pods", "none")
    assert gone.value.status == 404


def test_the_kubelets_summary_has_counters_of_its_own_pods(cluster: Cluster, api: Any, core: Any) -> None:
    cluster.call(lambda: cluster.store.create(NODES, {"metadata": {"name": "node-7"}}))
    body = pod("counted")
    core.create_namespaced_pod("default", {**body, "spec": {**body["spec"], "nodeName": "node-7"}})
    counted = ContainerStats("default", "counted", "main", 5 * 10**9, 250_000_000, 64 << 20, SAMPLED)
    cluster.runtime.containers = [counted, replace(counted, pod="elsewhere")]
    cluster.runtime.networks = [NetworkStats("default", "counted", 10, 20)]
    call: Any = client.CoreV1Api(api).connect_get_node_proxy_with_path
    summary = json.loads(call("node-7", "stats/summary", _preload_content=False).data)
    assert [entry["podRef"]["name"] for entry in summary["pods"]] == ["counted"]
    assert summary["pods"][0]["containers"][0]["cpu"] == {
        "time": "2026-01-01T12:00:00.250000Z",
        "usageNanoCores": 250_000_000,
        "usageCoreNanoSeconds": 5 * 10**9,
    }
    assert (summary["pods"][0]["network"]["rxBytes"], summary["pods"][0]["network"]["txBytes"]) == (10, 20)
    for node, path in (("node-8", "stats/summary"), ("node-7", "configz")):
        with pytest.raises(ApiException, match="404"):
            call(node, path)
    core.delete_namespaced_pod("counted", "default", grace_period_seconds=0)


def test_a_wrong_token_is_unauthorized(cluster: Cluster) -> None:
    settings = client.Configuration(host=cluster.url, api_key={"authorization": "Bearer wrong"})
    settings.ssl_ca_cert = str(cluster.certificate)
    with client.ApiClient(settings) as stranger, pytest.raises(ApiException) as refused:
        client.CoreV1Api(stranger).list_namespaced_pod("default")
    assert refused.value.status == 401
    assert cluster.call(lambda: cluster.store.list(PODS, "default")[0]) == []
