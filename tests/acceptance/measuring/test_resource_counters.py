"""Counters are read from every source alike, and the first source that answers is used."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster.exec import ExecResult
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.measuring.resource_counters import (
    SCRIPT,
    CgroupFiles,
    KubeletSummary,
    MetricsApi,
    cgroup_counter,
    choose,
    summary_counter,
)
from tests.support.samples import pod, pod_json

POD = pod(name="api-1", uid="u-1")
SUMMARY = {
    "node": {"nodeName": "node-1"},
    "pods": [
        {
            "podRef": {"name": "api-1", "namespace": "streamspace", "uid": "u-1"},
            "containers": [
                {
                    "name": "api",
                    "cpu": {"time": "2026-01-01T00:00:10.500000Z", "usageCoreNanoSeconds": 2_500_000_000},
                    "memory": {"time": "2026-01-01T00:00:10Z", "workingSetBytes": 1048576},
                }
            ],
            "network": {"rxBytes": 10, "txBytes": 20},
        },
        {"podRef": {"name": "api-1", "namespace": "other", "uid": "u-2"}, "containers": []},
    ],
}
METRICS = {
    "items": [
        {
            "metadata": {"name": "api-1"},
            "timestamp": "2026-01-01T00:00:10Z",
            "containers": [{"usage": {"cpu": "250m", "memory": "64Mi"}}],
        }
    ]
}
V1 = "uptime 12.5\ncpu 2500000000\nusec\nmemory 3000\ninactive 1000\nnetwork 10 20\n"
V2 = "uptime 12.5\ncpu\nusec 2500000\nmemory 3000\ninactive 1000\n"


class Fake:
    """A cluster that answers some paths, and some commands."""

    namespace = "streamspace"

    def __init__(self, paths: dict[str, object], said: str | None = None) -> None:
        self._paths = paths
        self._said = said

    def raw(self, path: str) -> bytes:
        found = next((body for part, body in self._paths.items() if part in path), None)
        if found is None:
            raise ClusterError(f"{path}: forbidden", 403)
        return json.dumps(found).encode()

    def execute(self, _: Pod, __: Sequence[str]) -> ExecResult:
        if self._said is None:
            raise ClusterError("exec: forbidden", 403)
        return ExecResult(self._said, "", 0)


def fake(paths: dict[str, object], said: str | None = None) -> Cluster:
    return cast("Cluster", Fake(paths, said))


def test_the_kubelets_summary_is_read() -> None:
    counter = KubeletSummary(fake({"stats/summary": SUMMARY})).read([POD])["api-1"]
    assert (counter.cpu_seconds, counter.memory_bytes) == (2.5, 1048576)
    assert (counter.received_bytes, counter.sent_bytes) == (10, 20)
    assert counter.at % 1 == 0.5


@pytest.mark.parametrize("said", [V1, V2])
def test_both_kinds_of_cgroup_are_read(said: str) -> None:
    counter = cgroup_counter(said)
    assert (counter.at, counter.cpu_seconds, counter.memory_bytes) == (12.5, 2.5, 2000)


@pytest.mark.parametrize("said", ["", "uptime 1\ncpu\nusec\nmemory 1\ninactive\n", V1.replace("3000", "much")])
def test_a_cgroup_without_counters_is_an_error(said: str) -> None:
    with pytest.raises(ClusterError):
        cgroup_counter(said)


def test_metrics_are_read_as_rates() -> None:
    counter = MetricsApi(fake({"metrics.k8s.io": METRICS})).read([POD])["api-1"]
    assert (counter.cores, counter.memory_bytes, counter.cpu_seconds) == (0.25, 64 * 1024**2, None)


@pytest.mark.parametrize(
    ("cluster", "source", "passed_over"),
    [
        (fake({"stats/summary": SUMMARY}, V1), KubeletSummary, ""),
        (fake({"metrics": METRICS}, V1), CgroupFiles, "the kubelet's summary: "),
        (fake({"stats/summary": {"pods": []}}, V1), CgroupFiles, "nothing about api-1"),
        (fake({"stats/summary": {"pods": 1}}, V1), CgroupFiles, "no answer as Kubernetes gives it"),
        (fake({"metrics": METRICS}), MetricsApi, "exec: forbidden"),
        (fake({}), type(None), "metrics.k8s.io: "),
    ],
)
def test_the_first_source_that_answers_is_used(cluster: Cluster, source: type, passed_over: str) -> None:
    found, reasons = choose(cluster, [POD])
    assert isinstance(found, source)
    assert passed_over in reasons


def test_a_pod_whose_counters_are_not_there_yet_is_left_out() -> None:
    entry: dict[str, Any] = {"podRef": {"name": "api-1", "uid": "u-1"}, "containers": [{"name": "api", "cpu": {}}]}
    assert KubeletSummary(fake({"stats/summary": {"pods": [entry]}})).read([POD]) == {}


def test_the_script_reads_the_cgroup_of_this_process() -> None:
    said = subprocess.run(["sh", "-c", SCRIPT], capture_output=True, text=True, check=True)
    earlier = cgroup_counter(said.stdout)
    later = cgroup_counter(subprocess.run(["sh", "-c", SCRIPT], capture_output=True, text=True, check=True).stdout)
    assert earlier.memory_bytes > 0
    assert earlier.at <= later.at
    assert 0 < (earlier.cpu_seconds or 0.0) < (later.cpu_seconds or 0.0)


def test_pod_without_a_shell_takes_nothing_from_others() -> None:
    store = pod(name="redis-1", uid="u-3")

    def execute(asked: Pod, _: Sequence[str]) -> ExecResult:
        return ExecResult(V2, "", 0) if asked.meta.name == "api-1" else ExecResult("", "no such file: sh", 127)

    cluster = fake({})
    cluster.execute = execute  # type: ignore[method-assign, assignment]
    assert CgroupFiles(cluster).read([POD, store]).keys() == {"api-1"}
    with pytest.raises(ClusterError):
        CgroupFiles(cluster).read([store])


def test_node_that_does_not_answer_takes_nothing_from_others() -> None:
    away = pod(name="session-1", uid="u-3", node="node-2")
    cluster = fake({"node-1/proxy/stats/summary": SUMMARY})
    assert KubeletSummary(cluster).read([POD, away]).keys() == {"api-1"}


def beside(name: str) -> dict[str, Any]:
    """The summary with another container in the pod."""
    other = {
        "name": name,
        "cpu": {"time": "2026-01-01T00:00:10Z", "usageCoreNanoSeconds": 10**9},
        "memory": {"workingSetBytes": 1048576},
    }
    first = SUMMARY["pods"][0]  # type: ignore[index]
    return {"pods": [{**first, "containers": [*first["containers"], other]}]}


@pytest.mark.parametrize(("name", "seconds"), [("istio-proxy", 2.5), ("shipper", 3.5)])
def test_injected_neighbours_are_not_the_products_use(name: str, seconds: float) -> None:
    counter = KubeletSummary(fake({"stats/summary": beside(name)})).read([POD])["api-1"]
    assert counter.cpu_seconds == seconds
    containers = [
        {"name": "api", "usage": {"cpu": "250m", "memory": "64Mi"}},
        {"name": name, "usage": {"cpu": "1", "memory": "64Mi"}},
    ]
    item = {**METRICS["items"][0], "containers": containers}
    cores = MetricsApi(fake({"metrics.k8s.io": {"items": [item]}})).read([POD])["api-1"].cores
    assert cores == (0.25 if seconds == 2.5 else 1.25)


@pytest.mark.parametrize(("made_with", "seconds"), [(["api"], 2.5), (["api", "debugger-x"], 3.5)])
def test_ephemeral_container_is_not_the_products_use(made_with: list[str], seconds: float) -> None:
    raw = pod_json("api-1", "u-1")
    raw["spec"]["containers"] = [{"name": name} for name in made_with]
    own = Pod.of(raw)
    counter = KubeletSummary(fake({"stats/summary": beside("debugger-x")})).read([own])["api-1"]
    assert counter.cpu_seconds == seconds
    containers = [
        {"name": "api", "usage": {"cpu": "250m", "memory": "64Mi"}},
        {"name": "debugger-x", "usage": {"cpu": "1", "memory": "64Mi"}},
    ]
    item = {**METRICS["items"][0], "containers": containers}
    cores = MetricsApi(fake({"metrics.k8s.io": {"items": [item]}})).read([own])["api-1"].cores
    assert cores == (0.25 if seconds == 2.5 else 1.25)


def test_memory_in_swap_space_counts() -> None:
    assert cgroup_counter(V2 + "swap 500\n").memory_bytes == cgroup_counter(V2).memory_bytes + 500
    assert cgroup_counter(V2 + "swap\n") == cgroup_counter(V2)
    entry = cast("dict[str, Any]", json.loads(json.dumps(SUMMARY)))["pods"][0]
    entry["containers"][0]["swap"] = {"swapUsageBytes": 500}
    assert summary_counter(entry).memory_bytes == 1048576 + 500
