"""A word that cannot change any more ends a wait at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.deployment import health, readiness
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Wait, now
from tests.support.samples import pod_json


def api(status: int, body: bytes) -> Any:
    answer = Answer("GET", "http://x/health", status, "X", "application/json", body, 0.0, 0.0)
    return SimpleNamespace(profile=load(), call_as=lambda *_: answer)


def wait(seconds: float = 30.0) -> Wait:
    return Wait("it", "well", Budget("start", seconds, 1.0))


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b'{"status": "healthy"}', "'healthy' is its word for 'ok'"),
        (404, b"404 page not found", "the API has no /health"),
    ],
)
def test_health_in_another_word_ends_the_wait(status: int, body: bytes, says: str) -> None:
    began = now()
    with pytest.raises(Unmet) as caught:
        health.wait_for_health(api(status, body), wait())
    assert says in str(caught.value)
    assert now() - began < 5


@pytest.mark.parametrize("body", [b'{"status": "starting"}', b'{"status": "degraded"}', b"no json"])
def test_health_that_may_change_is_waited_for(body: bytes) -> None:
    assert health.ask(api(200, body)).hopeless is None


@pytest.mark.parametrize("sick", [1, 8])
def test_health_that_one_server_of_two_denies_fails(monkeypatch: pytest.MonkeyPatch, sick: int) -> None:
    monkeypatch.setattr(health, "APART_SECONDS", 0.0)
    answers, number = [b'{"status": "ok"}', *[b'{"status": "ok"}'] * 8], [0]
    answers[sick] = b'{"status": "degraded"}'

    def in_turn(*_: object) -> Answer:
        number[0] += 1
        return Answer("GET", "http://x/health", 200, "X", "application/json", answers[number[0] - 1], 0.0, 0.0)

    unsteady: Any = SimpleNamespace(profile=load(), call_as=in_turn)
    with pytest.raises(Unmet, match=r"1 of 8 further answers.*degraded"):
        health.wait_for_health(unsteady, wait())
    assert health.wait_for_health(api(200, b'{"status": "ok"}'), wait()).well


class Pods:
    """The pods of a namespace, by their labels."""

    def __init__(self, *pods: dict[str, str]) -> None:
        self.raw = [pod_json(name=f"p-{number}", labels=labels) for number, labels in enumerate(pods)]

    def pods(self) -> list[Pod]:
        return [Pod.of(pod) for pod in self.raw]

    def pods_of_any(self, label: str, values: Iterable[str]) -> list[Pod]:
        wanted = set(values)
        return [pod for pod in self.pods() if pod.meta.labels.get(label) in wanted]


def test_labels_that_nobody_bears_end_the_wait() -> None:
    began, cluster = now(), cast("Any", Pods({"component": "api"}))
    with pytest.raises(Unmet, match="no pod has the label app of a component while 1 pods are Ready"):
        readiness.wait_for_components(cluster, {"API": ("app", "streamspace-api")}, wait())
    assert now() - began < 5


def test_backup_of_a_store_is_none_of_its_servers() -> None:
    stores = Pods({"app": "postgres"}, {"app": "postgres"})
    backup = stores.raw[1]
    backup["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "backup", "uid": "j"}]
    backup["status"]["conditions"] = []
    (found,) = readiness.wait_for_components(cast("Any", stores), {"PostgreSQL": ("app", "postgres")}, wait(0.5))
    assert [pod.meta.name for pod in found.pods] == ["p-0"]
    backup["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "postgres", "uid": "r"}]
    with pytest.raises(Unmet, match="p-1"):
        readiness.wait_for_components(cast("Any", stores), {"PostgreSQL": ("app", "postgres")}, wait(0.5))


def test_stores_are_known_by_labels_of_their_own_or_outside() -> None:
    profile = load()
    deployment = replace(profile.deployment, components={"PostgreSQL": "cnpg.io/cluster=db", "Redis": "", "API": "api"})
    labels = replace(profile, deployment=deployment).component_labels
    assert labels == {"PostgreSQL": ("cnpg.io/cluster", "db"), "API": ("app", "api")}
    pods = Pods({"cnpg.io/cluster": "db"}, {"app": "api"}, {"app": "db"})
    found = readiness.wait_for_components(cast("Any", pods), labels, wait(0.5))
    assert [component.describe() for component in found] == [
        "PostgreSQL: pod p-0 Running 1/1",
        "API: pod p-1 Running 1/1",
    ]
    pods.raw[0]["status"]["conditions"] = []
    with pytest.raises(Unmet, match="PostgreSQL: pod p-0"):
        readiness.wait_for_components(cast("Any", pods), labels, wait(0.5))


def test_missing_component_beside_another_is_waited_for() -> None:
    cluster = cast("Any", Pods({"app": "streamspace-api"}))
    with pytest.raises(Unmet, match="no pod with app=redis"):
        readiness.wait_for_components(
            cluster, {"API": ("app", "streamspace-api"), "Redis": ("app", "redis")}, wait(0.5)
        )


def watched(*later: list[dict[str, Any]]) -> None:
    """Watches the pods of the API, which is Ready at first and has these pods at each look after that."""
    labels, first = {"API": ("app", "api")}, Pods({"app": "api"})
    ready = readiness.wait_for_components(cast("Any", first), labels, wait(0.5))
    looks = iter(later)

    class Later(Pods):
        def pods(self) -> list[Pod]:
            self.raw = next(looks, self.raw)
            return super().pods()

    cluster = Later({"app": "api"})
    readiness.watch_components(cast("Any", cluster), labels, ready, wait(0.05))


def api_pod(uid: str = "uid-1", **changes: Any) -> dict[str, Any]:
    return pod_json(name=f"api-{uid}", uid=uid, labels={"app": "api"}, **changes)


@pytest.mark.parametrize(
    "later",
    [
        [api_pod()],
        [api_pod(), api_pod("uid-2", ready=False)],  # an autoscaler adds one
        [api_pod(deleting=True), api_pod("uid-2")],  # a rollout replaces it
    ],
)
def test_components_that_stay_ready(monkeypatch: pytest.MonkeyPatch, later: list[dict[str, Any]]) -> None:
    monkeypatch.setattr(readiness, "STEADY_SECONDS", 0.01)
    watched(later)


@pytest.mark.parametrize(
    ("later", "says"),
    [
        ([api_pod(ready=False)], "pod api-uid-1 Running"),
        ([api_pod(ready=False), api_pod("uid-2")], "pod api-uid-1 Running"),
        ([], "API: no pod with app=api"),
        ([api_pod(deleting=True), api_pod("uid-2", ready=False)], "API: pod api-uid-2 Running"),
    ],
)
def test_component_that_is_ready_for_a_moment_fails(
    monkeypatch: pytest.MonkeyPatch, later: list[dict[str, Any]], says: str
) -> None:
    monkeypatch.setattr(readiness, "STEADY_SECONDS", 0.01)
    with pytest.raises(Unmet, match=says) as caught:
        watched([api_pod()], later)
    assert caught.value.expected == "well for the start budget (0.05 s)"
