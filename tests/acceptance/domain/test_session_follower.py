"""How late the follower sees a session run, against moments that are known: the self-check of docs/measuring.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.clock import now
from streamspace_acceptance.domain.performance.session_follower import Look, SessionFollower, look_at
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import POLL_SECONDS, Budget, Recording, sampling
from tests.support.web_server import says, web_server

COUNT = 80
LATE_SECONDS = 0.05
"""Beyond the time between two looks: a list of 80 sessions is made, sent and read."""


@contextmanager
def product(runs_at: Callable[[int], float]) -> Iterator[StreamSpaceApi]:
    """COUNT sessions, each Running from its moment on."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        at = now()
        sessions = [
            {"sessionId": f"s-{number}", "status": "Running" if at >= runs_at(number) else "Pending"}
            for number in range(COUNT)
        ]
        says(json.dumps({"sessions": sessions}).encode())(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        yield StreamSpaceApi(client, load())


def follower(api: StreamSpaceApi, looks: Recording[Look]) -> SessionFollower:
    clients: Any = SimpleNamespace(api=api, profile=load())
    return SessionFollower(clients, looks, Recording())


def requests(ids: list[str]) -> Any:
    return SimpleNamespace(ids=ids, load=SimpleNamespace(began=now()))


@pytest.mark.quiet
def test_follower_of_80_sessions_is_late_by_one_look_at_most(record_property: Callable[[str, object], None]) -> None:
    began = now()

    def runs_at(number: int) -> float:
        return began + 0.3 + 0.023 * number

    ids = [f"s-{number}" for number in range(COUNT)]
    with product(runs_at) as api, sampling(look_at(api), every=POLL_SECONDS, what="looks") as looks:
        follower(api, looks).wait_until_running("80", requests(ids), Budget("burst", 20, 1.0), Budget("start", 5, 1.0))
        received = looks.items()
    errors = []
    for number in range(COUNT):
        seen = next(
            look.at for look in received if look.item.listed and look.item.listed.status(f"s-{number}") == "Running"
        )
        errors.append(seen - runs_at(number))
    record_property("late", Distribution.of([1000 * error for error in errors]).describe("ms"))
    assert min(errors) >= 0
    assert Distribution.of(errors).p99 <= POLL_SECONDS + LATE_SECONDS


def test_follower_gives_up_when_nothing_more_comes_to_run() -> None:
    with product(lambda number: 0.0 if number < 3 else float("inf")) as api:
        ids = [f"s-{number}" for number in range(5)]
        with sampling(look_at(api), every=0.02, what="looks") as looks:
            found = follower(api, looks)
            wait = found.wait_until_running("5", requests(ids), Budget("burst", 30, 1.0), Budget("start", 0.1, 1.0))
            assert found.running(ids) == {"s-0", "s-1", "s-2"}
    assert wait.outcome == "impossible"
    assert wait.elapsed < 10


def test_follower_gives_up_when_the_rest_has_failed() -> None:
    with product(lambda _: float("inf")) as api, sampling(look_at(api), every=0.02, what="looks") as looks:
        found = follower(api, looks)
        wait = found.wait_until_running(
            "1",
            requests(["s-1"]),
            Budget("burst", 30, 1.0),
            Budget("start", 30, 1.0),
            hopeless=lambda _: "1 are Failed",
        )
    assert wait.outcome == "impossible"


def test_follower_counts_looks_without_a_list() -> None:
    with web_server(says(b"oops", 500)) as url, HttpClient(url, "t") as client:
        look = look_at(StreamSpaceApi(client, load()))
        with sampling(look, every=10, what="looks") as looks:
            found = follower(StreamSpaceApi(client, load()), looks)
            assert found.errors() == (1, 1)
            assert found.running(["s-1"]) == set()
