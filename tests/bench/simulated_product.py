"""The product of a simulated cluster: it makes sessions with their pods, and its API lists them by their objects."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from streamspace_sandbox.streamspace.agent import objects
from tests.bench.simulated_cluster import IMAGE, NODE, PODS, SESSIONS, as_component
from tests.support.real_cluster import RealCluster
from tests.support.web_server import says, web_server

AGENT = "simulated"
MAKERS = 8
PAGE = 500
Json = dict[str, Any]


def ids_of(count: int) -> list[str]:
    return [f"s-{number}" for number in range(count)]


@dataclass
class SimulatedProduct:
    """`statuses` are those of the session objects, by the product's own watch; `seen` is when it brought Running."""

    cluster: RealCluster
    statuses: dict[str, str] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The address of its API, while the block lasts."""
        with as_component(self.cluster) as http, web_server(self._respond) as url:
            version = http.get(SESSIONS).json()["metadata"]["resourceVersion"]
            threading.Thread(target=self._watch, args=(http, version), daemon=True).start()
            try:
                yield url
            finally:
                self._ended.set()

    def make(self, ids: Sequence[str], gap: float) -> float:
        """Makes the sessions, `gap` seconds apart; how late the last one was, in seconds."""
        began = time.monotonic()
        with as_component(self.cluster) as http, ThreadPoolExecutor(MAKERS) as pool:
            list(pool.map(lambda item: _make(http, item[1], began + gap * item[0]), enumerate(ids)))
        return time.monotonic() - began - gap * (len(ids) - 1)

    def _watch(self, http: httpx.Client, version: str) -> None:
        arguments = {"watch": "true", "resourceVersion": version}
        try:
            with http.stream("GET", SESSIONS, params=arguments, timeout=httpx.Timeout(10, read=None)) as stream:
                for line in stream.iter_lines():
                    self._take(json.loads(line)["object"], time.monotonic())
        except (httpx.HTTPError, RuntimeError):
            if not self._ended.is_set():
                raise

    def _take(self, session: Json, at: float) -> None:
        name, phase = session["metadata"]["name"], session.get("status", {}).get("phase", "Pending")
        self.statuses[name] = phase
        if phase == "Running":
            self.seen.setdefault(name, at)

    def _respond(self, request: BaseHTTPRequestHandler) -> None:
        listed = [{"sessionId": name, "status": status} for name, status in dict(self.statuses).items()]
        says(json.dumps({"sessions": listed}).encode())(request)

    def truth(self) -> tuple[list[Json], list[Json]]:
        """All pods and all session objects, as they are."""
        with as_component(self.cluster) as http:
            return _all(http, PODS), _all(http, SESSIONS)


def moment(message: str) -> float:
    """Seconds since the epoch, as kwok told them."""
    return datetime.fromisoformat(message).timestamp()


def _make(http: httpx.Client, name: str, at: float) -> None:
    time.sleep(max(at - time.monotonic(), 0.0))
    command = {
        "name": name,
        "user": f"user-{name}",
        "template": "firefox-browser",
        "image": IMAGE,
        "cpu": "500m",
        "memory": "1Gi",
        "vncPort": 5900,
    }
    made = http.post(SESSIONS, json=objects.session(command, AGENT, name)).raise_for_status().json()
    template = objects.deployment(made)["spec"]["template"]
    pod = {
        "metadata": template["metadata"] | {"name": f"{name}-6b7d9c5f4-x2v8k"},
        "spec": template["spec"] | {"nodeName": NODE},  # in the scheduler's place
    }
    http.post(PODS, json=pod).raise_for_status()


def _all(http: httpx.Client, path: str) -> list[Json]:
    found: list[Json] = []
    arguments: dict[str, str | int] = {"limit": PAGE}
    while True:
        answer = http.get(path, params=arguments).raise_for_status().json()
        found += answer["items"]
        if not (further := answer["metadata"].get("continue")):
            return found
        arguments["continue"] = further
