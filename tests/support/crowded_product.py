"""A StreamSpace in memory that holds so many sessions: its API over HTTP, and its cluster, as a ramp sees both."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance.session_follower import SessionFollower
from streamspace_acceptance.domain.performance.session_looks import look_at
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Recording, now, sampling
from tests.support.samples import Json, pod_json
from tests.support.web_server import says, web_server

SCALE = 0.01


class CrowdedProduct:
    """Sessions beyond `capacity` stay Pending or, with a `message`, are Failed.

    `start` gives the seconds that a session takes to run beside so many others. Beyond `shared` sessions the oldest one
    loses its pod; the session that is created as number `crash` restarts the API's pod. `when_made` is called with the
    number of each session that is created, `when_deleted` for each that is deleted.
    """

    namespace = "streamspace"

    def __init__(self, capacity: int = 10**6, message: str = "", *, shared: int = 10**6, crash: int = 10**6) -> None:
        self.capacity, self.message, self.shared, self.crash = capacity, message, shared, crash
        self.start: Callable[[int], float] = lambda _others: 0.0
        self.refuses: bytes | None = None
        self.stays = False
        self.when_made: Callable[[int], None] = lambda _number: None
        self.when_deleted: Callable[[], None] = lambda: None
        self.health = "ok"
        self.sessions: dict[str, Json] = {}
        self.most = 0
        self.restarts = self.made = 0
        self._lock = threading.Lock()

    # The API

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)) or b"null")
        name = request.path.rpartition("/")[2]
        with self._lock:
            self._settle()
            if request.path == "/health":
                says(json.dumps({"status": self.health}).encode())(request)
            elif request.command == "DELETE":
                self.when_deleted()
                if not self.stays:
                    self.sessions.pop(name, None)
                says(b"{}", 202)(request)
            elif request.command == "POST":
                self._create(request, body)
            elif name in self.sessions:
                says(json.dumps(self.sessions[name]).encode())(request)
            else:
                says(json.dumps({"sessions": list(self.sessions.values())}).encode())(request)

    def _create(self, request: BaseHTTPRequestHandler, body: Json) -> None:
        if self.refuses is not None and len(self.sessions) >= self.capacity:
            says(self.refuses, 409)(request)
            return
        self.made += 1
        name = f"s-{self.made}"
        others = len(self.sessions)
        entry = {"sessionId": name, "name": name, "status": "Pending", "message": "", **body}
        entry |= {
            "requestId": request.headers["X-Request-Id"],
            "runsAt": now() + self.start(others),
            "uid": f"u-{name}",
        }
        self.sessions[name] = entry
        self.most = max(self.most, len(self.sessions))
        self.restarts += len(self.sessions) == self.crash
        self.when_made(self.made)
        says(json.dumps(entry).encode(), 201)(request)

    def _settle(self) -> None:
        for rank, entry in enumerate(self.sessions.values()):
            if entry["status"] != "Pending":
                continue
            if rank >= self.capacity and self.message:
                entry.update(status="Failed", message=self.message)
            elif rank < self.capacity and entry["runsAt"] <= now():
                entry["status"] = "Running"
        if len(self.sessions) > self.shared:
            oldest = next(iter(self.sessions.values()))
            oldest["uid"] += "-again"

    # Kubernetes

    def raw_pods(self, **_labels: str) -> list[Json]:
        with self._lock:
            found = [
                pod_json(f"{name}-x", entry["uid"], node="n", labels={"session": name}, claim=None)
                for name, entry in self.sessions.items()
                if entry["status"] == "Running"
            ]
        for pod in found:
            pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "250m", "memory": "512Mi"}}
        own = pod_json("streamspace-api-1", "u-api", node="n", labels={"app": "streamspace-api"}, claim=None)
        own["status"]["containerStatuses"][0]["restartCount"] = self.restarts
        return [own, *found]

    def raw_nodes(self) -> list[Json]:
        allocatable = {"cpu": "64", "memory": "256Gi", "pods": "110"}
        return [{"metadata": {"name": "n"}, "spec": {}, "status": {"allocatable": allocatable, "conditions": []}}]

    def pods(self, **labels: str) -> list[Pod]:
        return [Pod.of(pod) for pod in self.raw_pods(**labels)]

    def each_pod(self, **labels: str) -> Iterator[Pod]:
        return iter(self.pods(**labels))

    def allocatable(self) -> list[Json]:
        return [node["status"]["allocatable"] for node in self.raw_nodes()]

    def events(self) -> list[Json]:
        return []

    session_objects = claims = events

    def session_object(self, _name: str) -> None:
        return None

    def execute(self, *_arguments: object) -> None:
        raise ClusterError("exec is refused")

    def raw(self, path: str, **_query: object) -> bytes:
        raise ClusterError(f"{path}: 403 Forbidden", 403)

    raw_items = raw
    new_client = execute

    @contextmanager
    def clients(self) -> Iterator[Clients]:
        """The clients of a run against it."""
        cluster: Any = self
        with web_server(self.respond) as url, HttpClient(url, "t") as http:
            yield Clients(StreamSpaceApi(http, load()), cluster, Budgets(SCALE))

    @contextmanager
    def following(self, clients: Clients) -> Iterator[SessionFollower]:
        """In place of the follower's watch: the pods are seen when the API is looked at."""
        pods: Recording[Change] = Recording()
        look, seen = look_at(clients.api), set[str]()

        def look_at_both() -> Any:
            found = look()
            for pod in self.raw_pods():
                if pod["metadata"]["uid"] not in seen:
                    seen.add(pod["metadata"]["uid"])
                    pods.append(Change("ADDED", pod))
            return found

        with sampling(look_at_both, every=0.01, what="looks") as looks:
            yield SessionFollower(clients, looks, pods)


def scenario_of(clients: Clients, registry: Any) -> Any:
    """As much of a scenario as a ramp uses."""
    results: list[Any] = []
    return SimpleNamespace(clients=clients, registry=registry, results=SimpleNamespace(put=results.append), put=results)
