"""Lists of more objects than one answer holds, and watches of thousands of objects."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from streamspace_acceptance.cluster.changes import RECORDED, STATES, Reader, slimmed
from streamspace_acceptance.cluster.connection import PAGE, PAGES
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import watching
from tests.support.samples import KUBECONFIG, Json, pod_json
from tests.support.web_server import says, web_server


class PagedKubernetes:
    """Lists pods in parts of at most two, as Kubernetes does; a token is the number of pods that were listed."""

    def __init__(self, count: int, folder: Path) -> None:
        self.pods = [pod_json(f"p-{number}", f"uid-{number}", version=number) for number in range(count)]
        self.asked: list[tuple[str, str | None]] = []
        self._folder = folder

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(request.path).query)
        if "watch" in query:
            says(b"")(request)
            return
        begin = query.get("continue", [None])[0]
        self.asked.append((query["limit"][0], begin))
        number = int(begin or 0)
        end = number + 2
        metadata = {"resourceVersion": "10"} | ({"continue": str(end)} if end < len(self.pods) else {})
        says(json.dumps({"metadata": metadata, "items": self.pods[number:end]}).encode())(request)

    def cluster(self, url: str) -> Cluster:
        config = self._folder / "config"
        config.write_text(KUBECONFIG % url)
        return Cluster([config], "streamspace")


def test_a_long_list_is_read_part_by_part(tmp_path: Path) -> None:
    kubernetes = PagedKubernetes(5, tmp_path)
    with web_server(kubernetes.respond) as url:
        cluster = kubernetes.cluster(url)
        names = [pod.meta.name for pod in cluster.pods()]
        everywhere = [pod["metadata"]["name"] for pod in cluster.raw_items("/api/v1/pods")]
    assert names == everywhere == [f"p-{number}" for number in range(5)]
    assert kubernetes.asked == 2 * [(str(PAGE), None), (str(PAGE), "2"), (str(PAGE), "4")]


def test_a_watch_begins_with_all_parts_of_the_list(tmp_path: Path) -> None:
    kubernetes = PagedKubernetes(5, tmp_path)
    with web_server(kubernetes.respond) as url, watching(kubernetes.cluster(url), "pods") as recording:
        found = recording.beyond(4, 20)
    assert [change.item.object["metadata"]["uid"] for change in found] == [f"uid-{number}" for number in range(5)]


def test_a_list_without_an_end_is_given_up(tmp_path: Path) -> None:
    kubernetes = PagedKubernetes(2 * PAGES + 1, tmp_path)
    with web_server(kubernetes.respond) as url, pytest.raises(ClusterError, match=f"more than {PAGES} parts"):
        kubernetes.cluster(url).pods()


def test_states_are_recorded_for_thousands_of_sessions() -> None:
    whole, states = Reader({}, "watch of pods"), Reader({}, "watch of pods", (STATES, STATES))
    for _ in range(RECORDED + 1):
        whole.take("MODIFIED", pod_json(), None, 1)
        states.take("MODIFIED", pod_json(), None, 1)
    assert (whole.is_over, states.is_over) == (True, False)


@pytest.mark.parametrize("kind", ["waiting", "terminated"])
def test_slim_pod_keeps_why_a_container_does_not_run(kind: str) -> None:
    whole = pod_json(ready=False)
    told: Json = {"reason": "Error", "message": "no such image", "exitCode": 3}
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
    whole["status"]["conditions"] = [refused, {"type": "Ready", "status": "True", "message": "2026", "reason": ""}]
    whole["status"]["containerStatuses"] = [
        {"name": "desktop", "ready": False, "restartCount": 2, "imageID": "sha256:1", "state": {kind: told}}
    ]
    kept = slimmed(whole)
    assert Pod.of(kept).waiting == Pod.of(whole).waiting
    assert kept["status"]["conditions"] == [refused, {"type": "Ready", "status": "True"}]
    assert kept["status"]["containerStatuses"] == [
        {"name": "desktop", "ready": False, "restartCount": 2, "state": {kind: told}}
    ]
