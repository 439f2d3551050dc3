"""A watch without events: it stays open while the list agrees with it, and is broken when it holds back changes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest
import urllib3

from streamspace_acceptance.cluster import watch_calls, watcher
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.watch import deleted_since, holding_watch, keeping_watches, known_objects, watching
from tests.support.samples import KUBECONFIG, Json, pod_json
from tests.support.web_server import says, web_server

LONG = 60.0
POD = pod_json(uid="a", version=1)
CHANGED = pod_json(uid="a", version=11)
LABELS: dict[str, str] = POD["metadata"]["labels"]


class SilentKubernetes:
    """Lists `pods`; each watch brings the next part of `watches` and then stays open, as Kubernetes keeps it."""

    def __init__(self) -> None:
        self.pods = [POD]
        self.watches: list[list[Json]] = []
        self.lists = self.opened = self.gets = 0
        self.over = threading.Event()
        self.listed = threading.Condition()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith(f"/pods/{POD['metadata']['name']}"):
            self.gets += 1
            says(json.dumps(self.pods[0]).encode())(request)
            return
        if "watch" not in request.path:
            with self.listed:
                self.lists += 1
                self.listed.notify_all()
            body = {"metadata": {"resourceVersion": "10"}, "items": self.pods}
            says(json.dumps(body).encode())(request)
            return
        events = self.watches[self.opened] if self.opened < len(self.watches) else []
        self.opened += 1
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in events:
            line = json.dumps(event).encode() + b"\n"
            request.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        request.wfile.flush()
        self.over.wait(LONG)

    def wait_for_lists(self, count: int) -> None:
        with self.listed:
            assert self.listed.wait_for(lambda: self.lists >= count, LONG)


@pytest.fixture
def kubernetes(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentKubernetes]:
    monkeypatch.setattr(watch_calls, "READ_SECONDS", 0.5)
    monkeypatch.setattr(watcher, "LONGEST_CHECK_SECONDS", 0.5)
    played = SilentKubernetes()
    yield played
    played.over.set()


@contextmanager
def cluster(kubernetes: SilentKubernetes, folder: Path) -> Iterator[Cluster]:
    with web_server(kubernetes.respond) as url:
        config = folder / "config"
        config.write_text(KUBECONFIG % url)
        try:
            yield Cluster([config], "streamspace")
        finally:
            kubernetes.over.set()


def test_silence_that_the_list_confirms_stays_open(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods") as recording:
        kubernetes.wait_for_lists(4)
        assert [change.item.kind for change in recording.items()] == ["ADDED"]
        assert kubernetes.opened == 1


def test_change_held_back_once_comes_by_the_next_one(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    kubernetes.watches = [[], [{"type": "MODIFIED", "object": CHANGED}]]
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods") as recording:
        kubernetes.pods = [CHANGED]
        assert [change.item.kind for change in recording.beyond(1, LONG)] == ["ADDED", "MODIFIED"]
        lists = kubernetes.lists
        kubernetes.wait_for_lists(lists + 2)
        assert kubernetes.opened == 2


class UndecryptedResponse:
    """A watch by TLS that stays silent: after `shutdown`, Python reads its bytes as they come from the network."""

    connection = SimpleNamespace(sock=SimpleNamespace(settimeout=lambda seconds: None))

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._rest = [b"\xb8\x17\n", b""]

    def read1(self) -> bytes:
        assert self._ended.wait(LONG)
        return self._rest.pop(0)

    def shutdown(self) -> None:
        self._ended.set()

    def close(self) -> None:
        """Nothing holds it open."""


def test_what_was_on_its_way_when_a_watch_is_reopened_is_left_out(
    kubernetes: SilentKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    responses, ask = [UndecryptedResponse()], watch_calls.WatchCalls.open
    monkeypatch.setattr(
        watch_calls.WatchCalls, "open", lambda self, version: responses.pop() if responses else ask(self, version)
    )
    kubernetes.watches = [[{"type": "MODIFIED", "object": CHANGED}]]
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods") as recording:
        kubernetes.pods = [CHANGED]
        assert [change.item.kind for change in recording.beyond(1, LONG)] == ["ADDED", "MODIFIED"]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_silence_that_nobody_waits_in_costs_no_list(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods", **LABELS) as recording:
        wait_until(lambda: kubernetes.gets >= 3)
        assert [change.item.kind for change in recording.items()] == ["ADDED"]
        assert (kubernetes.lists, kubernetes.opened) == (1, 1)


def test_change_held_back_while_nobody_waits_breaks_the_recording(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods", **LABELS):
        kubernetes.pods = [CHANGED]
        wait_until(lambda: known_objects(target, "pods") is None)
        assert kubernetes.lists == 1


def test_change_held_back_twice_breaks_the_recording(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target, watching(target, "pods", **LABELS) as recording:
        kubernetes.pods = [CHANGED]
        with pytest.raises(ClusterError, match="it has not reported changes that the list shows"):
            recording.beyond(1, LONG)
        assert known_objects(target, "pods") is None, "a broken watch tells nothing"


def test_silence_without_readers_is_not_looked_into(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target, keeping_watches(target):
        with watching(target, "pods", **LABELS):
            pass
        assert not threading.Event().wait(2)
        assert kubernetes.lists == 1
        assert kubernetes.opened <= 1


def test_kept_watch_serves_the_next_reader(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target:
        with keeping_watches(target):
            for _ in range(3):
                with watching(target, "pods", **LABELS) as recording:
                    assert [change.item.kind for change in recording.items()] == ["ADDED"]
            known = known_objects(target, "pods")
            assert known is not None
            assert [pod["metadata"]["uid"] for pod in known] == ["a"]
        assert kubernetes.opened <= 1
        assert known_objects(target, "pods") is None, "it goes on after its end"


def test_no_running_watch_knows_nothing(kubernetes: SilentKubernetes, tmp_path: Path) -> None:
    with cluster(kubernetes, tmp_path) as target:
        assert known_objects(target, "pods") is None


def test_kept_watch_without_readers_ends_after_a_while(
    kubernetes: SilentKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "IDLE_SECONDS", 0.5)
    with cluster(kubernetes, tmp_path) as target, keeping_watches(target):
        with watching(target, "pods", **LABELS):
            pass
        deadline = time.monotonic() + LONG
        while "watch pods" in {thread.name for thread in threading.enumerate()}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert known_objects(target, "pods") is None
        with watching(target, "pods", **LABELS) as recording:
            assert [change.item.kind for change in recording.items()] == ["ADDED"]
        assert kubernetes.lists == 2


def test_two_looks_at_the_same_moment_are_no_long_silence(
    kubernetes: SilentKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster(kubernetes, tmp_path) as target:
        watch = watcher.Watcher(target, "pods")
        watch.list()
        kubernetes.pods = [CHANGED]
        clock = [100.0]
        monkeypatch.setattr(watcher, "now", lambda: clock[0])
        watch._check_silence()
        watch._check_silence()
        clock[0] += 0.5
        with pytest.raises(ClusterError, match="it has not reported changes"):
            watch._check_silence()


class _Response:
    """Gives each part at its moment."""

    def __init__(self, clock: list[float], parts: list[tuple[float, bytes]]) -> None:
        self._clock, self._parts = clock, parts

    def read1(self) -> bytes:
        if not self._parts:
            return b""
        self._clock[0], part = self._parts.pop(0)
        return part


WHOLE = [b"first", b"second"]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        pytest.param([(20.0, b"fir"), (20.1, b"st\nsec"), (20.2, b"ond\n")], WHOLE, id="in parts, after a silence"),
        pytest.param([(1.0, b"first\nse"), (4.0, b"cond\n")], WHOLE, id="in parts, within the time"),
        pytest.param([(1.0, b"first\n"), (7.0, b"s"), (10.0, b"e"), (12.5, b"c")], None, id="dripping"),
    ],
)
def test_line_is_given_time_from_its_first_byte(
    parts: list[tuple[float, bytes]], lines: list[bytes] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(watch_calls, "now", lambda: clock[0])
    read = watch_calls.lines(_Response(clock, parts))
    if lines is not None:
        assert [line for line, _ in read] == lines
        return
    assert next(read)[0] == b"first"
    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        next(read)


def test_held_watch_runs_on_without_readers(
    kubernetes: SilentKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "IDLE_SECONDS", 0.1)
    kubernetes.watches = [[{"type": "DELETED", "object": POD}]]
    began = time.monotonic()
    with cluster(kubernetes, tmp_path) as target, holding_watch(target, "pods"):
        deadline = began + LONG
        while not deleted_since(target, "pods", began):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        assert known_objects(target, "pods") == []
        assert [meta.uid for meta in deleted_since(target, "pods", began)] == ["a"]
        assert deleted_since(target, "pods", time.monotonic()) == []
    assert deleted_since(target, "pods", began) == [], "it goes on after its end"
