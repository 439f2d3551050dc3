"""A StreamSpace whose sessions come to run at known moments: its API, and the watches of its Kubernetes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.clock import SYSTEM_CLOCK, now
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.measuring.open_loop import ScheduledCall
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.samples import KUBECONFIG, Json, pod_json
from tests.support.web_server import says, web_server

BEGIN_SECONDS = 0.5
"""From `begin`, by when the watches have begun, to the first session that runs."""


@dataclass
class KnownStarts:
    """Session `s-<n>` runs `offsets[n]` seconds after the moment of `begin`, in the API's list `later` seconds later.

    `may_watch` says whether session objects may be watched; without `watch_lasts` that watch ends with an error.
    Each pod is `filler` bytes larger than it need be.
    """

    offsets: Sequence[float]
    later: float = 0.0
    may_watch: bool = True
    watch_lasts: bool = True
    filler: int = 0

    def __post_init__(self) -> None:
        self.began = float("inf")
        self._begun = threading.Event()

    def begin(self) -> None:
        """Sets the moment of the first session."""
        self.began = now() + BEGIN_SECONDS
        self._begun.set()

    @property
    def ids(self) -> list[str]:
        return [f"s-{number}" for number in range(len(self.offsets))]

    @property
    def truth(self) -> dict[str, float]:
        """The moment at which each object said Running."""
        return {name: self.began + offset for name, offset in zip(self.ids, self.offsets, strict=True)}

    def requests(self) -> Any:
        """The requests for all of them, as the load leaves them."""
        made = [
            SimpleNamespace(id=name, answer=SimpleNamespace(status=201, received_at=self.began)) for name in self.ids
        ]
        calls: list[ScheduledCall[Any]] = [ScheduledCall(number, self.began) for number in range(len(made))]
        asked = [SimpleNamespace(user=f"u-{name}") for name in self.ids]
        return SimpleNamespace(
            ids=self.ids, asked=asked, creations=made, load=SimpleNamespace(began=self.began, calls=calls)
        )

    @contextmanager
    def clients(self, folder: Path) -> Iterator[Clients]:
        with web_server(self.respond) as url, clients_of(url, folder) as clients:
            yield clients

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        if path.startswith("/api/v1/sessions"):
            at = now() - self.later
            listed = [
                {"sessionId": name, "status": "Running" if at >= runs else "Pending"}
                for name, runs in self.truth.items()
            ]
            says(json.dumps({"sessions": listed}).encode())(request)
        elif "selfsubjectaccessreviews" in path:
            says(json.dumps({"status": {"allowed": self.may_watch}}).encode(), 201)(request)
        elif "watch=" not in path:
            says(b'{"metadata": {"resourceVersion": "1"}, "items": []}')(request)
        elif "/sessions" in path:
            self._stream(request, _session if self.watch_lasts else _error)
        else:
            self._stream(request, self._pod)

    def _pod(self, name: str, version: int) -> Json:
        made = pod_json(f"{name}-x", f"p-{name}", labels={"session": name}, claim=None, version=version)
        made["metadata"]["managedFields"] = [{"fieldsV1": "x" * self.filler}]
        return {"type": "MODIFIED", "object": made}

    def _stream(self, request: BaseHTTPRequestHandler, event: Callable[[str, int], Json]) -> None:
        request.send_response(200)
        request.end_headers()
        self._begun.wait(60)
        numbered = [(at, event(name, number + 2)) for number, (name, at) in enumerate(self.truth.items())]
        for moment, together in groupby(numbered, key=itemgetter(0)):
            lines = b"".join(json.dumps(document).encode() + b"\n" for _, document in together)
            SYSTEM_CLOCK.wait(max(moment - now(), 0.0))
            with suppress(OSError):  # the follower has ended
                request.wfile.write(lines)


@contextmanager
def clients_of(url: str, folder: Path) -> Iterator[Clients]:
    """The clients of a run against such a product at an address."""
    with HttpClient(url, "t") as http:
        config = folder / "config"
        config.write_text(KUBECONFIG % url)
        yield Clients(StreamSpaceApi(http, load()), Cluster([config], "streamspace"), Budgets(1.0))


def _session(name: str, version: int) -> Json:
    metadata = {"name": name, "uid": f"o-{name}", "resourceVersion": f"{version}"}
    return {"type": "MODIFIED", "object": {"metadata": metadata, "status": {"phase": "Running"}}}


def _error(_name: str, _version: int) -> Json:
    return {"type": "ERROR", "object": {"code": 500, "message": "etcd is away"}}
