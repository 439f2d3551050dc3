"""Watches over HTTP: order, selectors, bookmarks, the end, and how fast they are."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from streamspace_sandbox.kubernetes.machinery.resources import PODS
from streamspace_sandbox.kubernetes.registry.watch_feed import Subscription
from tests.support.api_server import Cluster, http_client, running_cluster
from tests.support.kubernetes_samples import pod

PATH = "/api/v1/namespaces/default/pods"
CHURNING_PODS = 80
LIMIT_SECONDS = 0.020


@contextmanager
def watching(http: httpx.Client, **query: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """The changes of a watch, one at a time."""
    with http.stream("GET", PATH, params={"watch": "true", "timeoutSeconds": 10, **query}) as answer:
        assert answer.status_code == 200, answer.read()
        yield (orjson.loads(line) for line in answer.iter_lines())


@pytest.fixture(autouse=True)
def no_pods(cluster: Cluster) -> Iterator[None]:
    yield
    cluster.purge_pods()


def _version(http: httpx.Client) -> str:
    version: str = http.get(PATH).json()["metadata"]["resourceVersion"]
    return version


def _seen(event: dict[str, Any]) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name")


def test_a_watch_without_a_version_starts_with_what_is_there(http: httpx.Client) -> None:
    http.post(PATH, json=pod("a")).raise_for_status()
    with watching(http) as events:
        assert _seen(next(events)) == ("ADDED", "a")
        http.post(PATH, json=pod("b")).raise_for_status()
        assert _seen(next(events)) == ("ADDED", "b")


def test_a_watch_continues_where_the_list_ended(http: httpx.Client) -> None:
    http.post(PATH, json=pod("a")).raise_for_status()
    version = _version(http)
    http.post(PATH, json=pod("b")).raise_for_status()
    http.delete(f"{PATH}/b", params={"gracePeriodSeconds": 0}).raise_for_status()
    with watching(http, resourceVersion=version) as events:
        assert [_seen(next(events)), _seen(next(events))] == [("ADDED", "b"), ("DELETED", "b")]


def test_watch_shows_an_object_that_leaves_as_deleted(http: httpx.Client) -> None:
    label = {"Content-Type": "application/merge-patch+json"}
    with watching(http, labelSelector="session=s1", resourceVersion=_version(http)) as events:
        http.post(PATH, json=pod("a")).raise_for_status()
        for value in ("s1", "s1-more", None):
            body = {"metadata": {"labels": {"session": value and value[:2], "more": value}}}
            http.patch(f"{PATH}/a", json=body, headers=label).raise_for_status()
        assert [next(events)["type"] for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_field_selector_picks_one(http: httpx.Client) -> None:
    with watching(http, fieldSelector="metadata.name=b", resourceVersion=_version(http)) as events:
        for name in "ab":
            http.post(PATH, json=pod(name)).raise_for_status()
        assert _seen(next(events)) == ("ADDED", "b")


def test_initial_events_end_with_a_bookmark(http: httpx.Client) -> None:
    http.post(PATH, json=pod("a")).raise_for_status()
    query = {"sendInitialEvents": "true", "allowWatchBookmarks": "true", "resourceVersionMatch": "NotOlderThan"}
    with watching(http, **query) as events:
        assert _seen(next(events)) == ("ADDED", "a")
        mark = next(events)
    assert mark["type"] == "BOOKMARK"
    assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(mark["object"]["metadata"]["resourceVersion"]) > 0


def test_a_watch_ends_with_its_time(http: httpx.Client) -> None:
    started = time.monotonic()
    with watching(http, timeoutSeconds=1, resourceVersion=_version(http)) as events:
        assert list(events) == []
    assert 0.9 < time.monotonic() - started < 3


def test_a_version_of_the_future_is_refused(http: httpx.Client) -> None:
    answer = http.get(PATH, params={"watch": "true", "resourceVersion": "999999999"})
    assert (answer.status_code, answer.json()["reason"]) == (504, "Timeout")


def test_a_version_that_is_no_longer_kept_is_gone(tmp_path: Path) -> None:
    with running_cluster(tmp_path, history=2) as small:
        for name in "abcd":
            small.call(lambda name=name: small.store.create(PODS, pod(name)))  # type: ignore[misc]
        with http_client(small) as client, watching(client, resourceVersion="1") as events:
            error = next(events)
    assert (error["type"], error["object"]["code"], error["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_watch_closes_its_subscription_when_the_client_leaves(
    cluster: Cluster, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscriptions: list[Subscription] = []
    watch = cluster.store.watch

    def recorded(*arguments: Any, **options: Any) -> Subscription:
        subscriptions.append(watch(*arguments, **options))
        return subscriptions[-1]

    monkeypatch.setattr(cluster.store, "watch", recorded)
    http.post(PATH, json=pod("a")).raise_for_status()
    with watching(http) as events:
        # The server subscribes after it has sent the headers.
        assert _seen(next(events)) == ("ADDED", "a")
        (subscription,) = subscriptions
        assert not cluster.call(lambda: subscription.ended)
    http.close()
    deadline = time.monotonic() + 5
    while not cluster.call(lambda: subscription.ended):
        assert time.monotonic() < deadline, "the subscription outlived its client"


@pytest.mark.quiet
def test_a_change_is_seen_within_the_limit_while_many_pods_churn(cluster: Cluster, http: httpx.Client) -> None:
    """From the write in the server to the line in the client, one clock; a status change of each pod every second."""
    for number in range(CHURNING_PODS):
        cluster.call(lambda n=number: cluster.store.create(PODS, pod(f"churn-{n:02}")))  # type: ignore[misc]
    rounds = 3

    def beat(number: int) -> None:
        def stamp(obj: dict[str, Any]) -> None:
            obj["status"]["message"] = repr(time.monotonic())

        cluster.store.mutate(PODS, "default", f"churn-{number:02}", stamp, subresource="status")

    def churn() -> None:
        for count in range(CHURNING_PODS * rounds):
            due = started + count / CHURNING_PODS
            if (wait := due - time.monotonic()) > 0:
                stop.wait(wait)
            cluster.loop.call_soon_threadsafe(beat, count % CHURNING_PODS)

    stop = threading.Event()
    delays: list[float] = []
    with watching(http, resourceVersion=_version(http)) as events:
        started = time.monotonic()
        churner = threading.Thread(target=churn)
        churner.start()
        for _ in range(CHURNING_PODS * rounds):
            written = float(next(events)["object"]["status"]["message"])
            delays.append(time.monotonic() - written)
        churner.join()
    assert statistics.median(delays) < LIMIT_SECONDS
