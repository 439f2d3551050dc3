"""Watches bring everything in order, whatever becomes of their connection; errors of Kubernetes are told as such."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from streamspace_acceptance.cluster import connection, watch_calls, watcher
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change, watching, watching_states
from streamspace_acceptance.waiting import Recording, now
from tests.support.samples import KUBECONFIG, Json, pod_json
from tests.support.web_server import Respond, says, web_server

GONE: Json = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
BUSY: Json = {"type": "ERROR", "object": {"kind": "Status", "code": 429, "message": "storage is (re)initializing"}}


@contextmanager
def cluster(respond: Respond, folder: Path) -> Iterator[Cluster]:
    with web_server(respond) as url:
        config = folder / "config"
        config.write_text(KUBECONFIG % url)
        yield Cluster([config], "streamspace")


class _Kubernetes:
    """Lists and watches played from a script: each list and each connection of a watch takes the next part.

    Watches answer once `is_read` is set: a reader that comes later gets what is there by then, not what has changed.
    After the last part they are empty: a watch may list again before a test has ended it.
    """

    def __init__(self, lists: list[list[Json]], watches: list[list[Json]]) -> None:
        self.lists = lists
        self.watches = watches
        self.from_versions: list[str] = []
        self.is_read = threading.Event()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(request.path).query)
        if "watch" not in query:
            items = self.lists.pop(0) if self.lists else []
            says(json.dumps({"metadata": {"resourceVersion": "10"}, "items": items}).encode())(request)
            return
        self.is_read.wait(20)
        self.from_versions.append(query["resourceVersion"][0])
        events = self.watches.pop(0) if self.watches else []
        data = "".join(json.dumps(event) + "\n" for event in events)
        says(data.encode())(request)


Watch = Callable[[Cluster, Literal["pods"]], AbstractContextManager[Recording[Change]]]


@contextmanager
def reading(
    script: _Kubernetes, folder: Path, *, respond: Respond | None = None, watch: Watch = watching
) -> Iterator[Recording[Change]]:
    """A reader of the pods, which is there before the first event."""
    with cluster(respond or script.respond, folder) as kubernetes, watch(kubernetes, "pods") as recording:
        script.is_read.set()
        yield recording


def events(*kinds: tuple[str, Json]) -> list[Json]:
    return [{"type": kind, "object": obj} for kind, obj in kinds]


def heard(recording: Recording[Change], count: int) -> list[tuple[str, str]]:
    """(kind, uid) of the first `count` changes, waited for."""
    found = recording.beyond(count - 1, 3)
    return [(change.item.kind, change.item.object["metadata"]["uid"]) for change in found[:count]]


A, B = pod_json(uid="a", version=1), pod_json(uid="b", version=11)


def test_what_is_there_comes_first_then_what_changes(tmp_path: Path) -> None:
    script = _Kubernetes([[A]], [events(("ADDED", B)), events(("DELETED", A | {"x": 1}))])
    began = now()
    with reading(script, tmp_path) as recording:
        assert heard(recording, 3) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")]
        assert all(began <= change.at <= now() for change in recording.items())
    assert script.from_versions[:2] == ["10", "11"]


def test_a_slim_watch_keeps_what_tells_the_state(tmp_path: Path) -> None:
    whole = pod_json(uid="b", version=11)
    whole["metadata"]["managedFields"] = whole["spec"]["filler"] = ["x" * 5000]
    script = _Kubernetes([[A]], [events(("ADDED", whole))])
    with reading(script, tmp_path, watch=watching_states) as recording:
        assert heard(recording, 2) == [("ADDED", "a"), ("ADDED", "b")]
        kept = recording.items()[1].item.object
    assert "x" * 5000 not in json.dumps(kept)
    assert replace(Pod.of(kept), mounts=()) == replace(Pod.of(whole), mounts=())


@pytest.mark.parametrize("end", [GONE, BUSY])
def test_after_410_what_was_missed_is_made_up_for(tmp_path: Path, end: Json) -> None:
    later = pod_json(uid="b", version=12)
    script = _Kubernetes([[A, B], [later]], [[end]])
    with reading(script, tmp_path) as recording:
        assert heard(recording, 4) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a"), ("MODIFIED", "b")]


def test_a_watch_that_does_not_even_open_is_made_up_for_by_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_calls, "READ_SECONDS", 0.3)
    monkeypatch.setattr(watch_calls, "LIST_SECONDS", 1.0)
    script, quiet = _Kubernetes([[A], [A, B]], []), threading.Event()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if "watch" in request.path or not script.lists:
            quiet.wait(3)
        else:
            script.respond(request)

    with cluster(respond, tmp_path) as kubernetes, watching(kubernetes, "pods") as recording:
        assert heard(recording, 2) == [("ADDED", "a"), ("ADDED", "b")]
        with pytest.raises(ClusterError, match="watch of pods"):
            recording.beyond(2, 3)
        quiet.set()


def test_silent_watch_that_is_stopped_ends_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_calls, "READ_SECONDS", 60.0)
    monkeypatch.setattr(watcher, "CLOSE_GRACE_SECONDS", 30.0)
    opened, over = threading.Event(), threading.Event()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if "watch" not in request.path:
            says(b'{"metadata": {"resourceVersion": "10"}, "items": []}')(request)
            return
        request.send_response(200)
        request.end_headers()
        opened.set()
        over.wait(60)

    with cluster(respond, tmp_path) as kubernetes:
        with watching(kubernetes, "pods"):
            assert opened.wait(10)
            assert "watch pods" in {thread.name for thread in threading.enumerate()}
        assert "watch pods" not in {thread.name for thread in threading.enumerate()}
        over.set()


def test_a_watch_that_kubernetes_refuses_breaks_the_recording(tmp_path: Path) -> None:
    script = _Kubernetes([[]], [[{"type": "ERROR", "object": {"code": 500, "message": "etcd is away"}}]])
    with reading(script, tmp_path) as recording, pytest.raises(ClusterError, match="etcd is away"):
        heard(recording, 1)


def test_a_watch_that_cannot_begin_is_told_as_the_clusters_error(tmp_path: Path) -> None:
    with (
        cluster(says(b"{}", 500), tmp_path) as kubernetes,
        pytest.raises(ClusterError, match="watch of pods: 500"),
        watching(kubernetes, "pods"),
    ):
        pass


Call = Callable[[Cluster], object]


def raw(kubernetes: Cluster) -> bytes:
    return kubernetes.raw("/readyz", verbose="true")


def test_raw_sends_the_kubeconfigs_token_and_returns_the_body(tmp_path: Path) -> None:
    asked: list[tuple[str, str | None]] = []

    def respond(request: BaseHTTPRequestHandler) -> None:
        asked.append((request.path, request.headers["Authorization"]))
        says(b"ok", content_type="text/plain")(request)

    with cluster(respond, tmp_path) as kubernetes:
        assert raw(kubernetes) == b"ok"
    assert asked == [("/readyz?verbose=true", "Bearer t")]


@pytest.mark.parametrize("call", [Cluster.pods, Cluster.session_objects, Cluster.has_namespace, Cluster.version, raw])
def test_an_error_of_kubernetes_is_no_failure_of_the_product(call: Call, tmp_path: Path) -> None:
    with (
        cluster(says(b'{"message": "etcd is away"}', 500), tmp_path) as kubernetes,
        pytest.raises(ClusterError, match="500") as caught,
    ):
        call(kubernetes)
    assert caught.value.status == 500


@pytest.mark.parametrize(
    ("status", "retry_after", "asked"), [(429, "0", 2), (503, "0", 2), (429, "60", 1), (429, "", 1), (500, "0", 1)]
)
def test_call_is_repeated_when_kubernetes_asks_for_that(
    status: int, retry_after: str, asked: int, tmp_path: Path
) -> None:
    calls = list[str]()

    def respond(request: BaseHTTPRequestHandler) -> None:
        calls.append(request.path)
        headers = {"Retry-After": retry_after} if retry_after else {}
        says(b'{"items": []}', status if len(calls) == 1 else 200, headers=headers)(request)

    with cluster(respond, tmp_path) as kubernetes:
        if asked > 1:
            assert kubernetes.pods() == []
        else:
            with pytest.raises(ClusterError, match=str(status)):
                kubernetes.pods()
    assert len(calls) == asked


def test_kubernetes_that_puts_off_for_ever_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "THROTTLED_SECONDS", 0.5)
    busy = says(b'{"message": "too many requests"}', 429, headers={"Retry-After": "0"})
    with cluster(busy, tmp_path) as kubernetes, pytest.raises(ClusterError, match="429") as caught:
        kubernetes.pods()
    assert caught.value.status == 429


def test_watch_that_is_put_off_is_made_up_for_by_a_list(tmp_path: Path) -> None:
    script, refused = _Kubernetes([[A], [A, B]], []), list[str]()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if "watch" in request.path and not refused:
            refused.append(request.path)
            says(b'{"message": "storage is (re)initializing"}', 429)(request)
        else:
            script.respond(request)

    with reading(script, tmp_path, respond=respond) as recording:
        assert heard(recording, 2) == [("ADDED", "a"), ("ADDED", "b")]


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    with cluster(says(b"{}", 404), tmp_path) as kubernetes:
        assert kubernetes.session_object("s") is None
        assert kubernetes.config_map("c") == {}
        assert not kubernetes.has_namespace()


def labelled(session: str, uid: str, version: int) -> Json:
    return pod_json(uid=uid, version=version, labels={"session": session})


def test_readers_of_labels_share_one_watch(tmp_path: Path) -> None:
    changes = [
        ("MODIFIED", labelled("one", "a", 12)),
        ("MODIFIED", labelled("two", "a", 13)),
        ("DELETED", labelled("two", "b", 14)),
    ]
    script = _Kubernetes([[labelled("one", "a", 1), labelled("two", "b", 2)]], [events(*changes)])
    over = threading.Event()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if "watch" in request.path and not script.watches:
            over.wait(20)
        script.respond(request)

    with (
        cluster(respond, tmp_path) as kubernetes,
        watching(kubernetes, "pods", session="one") as one,
        watching(kubernetes, "pods", session="two") as two,
    ):
        script.is_read.set()
        assert heard(one, 3) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]
        assert heard(two, 3) == [("ADDED", "b"), ("ADDED", "a"), ("DELETED", "b")]
        over.set()
    assert not script.lists


def test_shared_watch_that_broke_is_followed_by_a_new_one(tmp_path: Path) -> None:
    broken = [{"type": "ERROR", "object": {"code": 500, "message": "etcd is away"}}]
    script, over = _Kubernetes([[A], [A, B]], [broken]), threading.Event()

    def respond(request: BaseHTTPRequestHandler) -> None:
        if "watch" in request.path and not script.watches:
            over.wait(20)
        script.respond(request)

    label = A["metadata"]["labels"]
    with cluster(respond, tmp_path) as kubernetes, watching(kubernetes, "pods", **label) as first:
        script.is_read.set()
        with pytest.raises(ClusterError, match="etcd is away"):
            first.beyond(9, 20)
        with watching(kubernetes, "pods", **label) as second:
            assert heard(second, 2) == [("ADDED", "a"), ("ADDED", "b")]
        over.set()
