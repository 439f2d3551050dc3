"""Requests on a schedule: all are on record before the load begins, and a refusal is told from a gateway's."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import cast

import pytest

from streamspace_acceptance import journal
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.journal import Journal
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.interrupted_load import interrupted_load
from tests.support.samples import Json
from tests.support.web_server import says, web_server

USERS = [f"u{number}" for number in range(6)]
OWN = json.dumps({"error": "too_many", "message": "Too many sessions are starting."}).encode()


class _Product:
    """Creates up to `limit` sessions, and answers 429 with `refusal` beyond. It may end its list after a load."""

    def __init__(self) -> None:
        self.sessions: list[Json] = []
        self.limit = 10**9
        self.refusal = OWN
        self.lists = 10**9
        self._turn = threading.Lock()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers.get("Content-Length") or 0)) or b"null")
        with self._turn:
            if request.command == "DELETE":
                name = request.path.rpartition("/")[2]
                self.sessions = [session for session in self.sessions if session["sessionId"] != name]
                says(b"{}", 202)(request)
            elif request.command == "POST" and len(self.sessions) >= self.limit:
                says(self.refusal, 429)(request)
            elif request.command == "POST":
                entry = {"sessionId": f"s-{body['user']}", "name": f"s-{body['user']}", "status": "Pending"} | body
                self.sessions.append(entry | {"requestId": request.headers["X-Request-Id"]})
                says(json.dumps(entry).encode(), 201)(request)
            else:
                self.lists -= 1
                says(json.dumps({"sessions": self.sessions}).encode(), 200 if self.lists >= 0 else 500)(request)


class _Cluster:
    def session_object(self, _name: str) -> None:
        return None

    def session_objects(self) -> list[object]:
        return []

    pods = each_pod = claims = session_objects


@pytest.fixture
def product() -> _Product:
    return _Product()


@pytest.fixture
def registry(product: _Product) -> Iterator[Registry]:
    with web_server(product.respond) as url, HttpClient(url, "t") as client:
        yield Registry(Clients(StreamSpaceApi(client, load()), cast("Cluster", _Cluster()), Budgets(0.01)))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with journal.keep({"namespace_uid": "n"}) as opened:
        yield opened


def test_schedule_creates_a_session_for_each_user(registry: Registry) -> None:
    requests = registry.ask_on_schedule(USERS, "t", None, evenly(6, 0.01))
    assert requests.ids == [f"s-{user}" for user in USERS]
    assert (requests.refusals, requests.unanswered) == ([], [])
    assert "due +10.0 ms" in requests.table()


def test_schedule_takes_the_apis_own_429_for_an_answer(registry: Registry, product: _Product) -> None:
    product.limit = 4
    requests = registry.ask_on_schedule(USERS, "t", None, evenly(6, 0.01))
    assert len(requests.ids) == 4
    assert len(requests.refusals) == 2
    assert "429" in requests.refusals[0]
    assert requests.unanswered == []


def test_schedule_leaves_a_gateways_429_unanswered(registry: Registry, product: _Product) -> None:
    product.limit, product.refusal = 4, b"<html>429 Too Many Requests</html>"
    requests = registry.ask_on_schedule(USERS, "t", None, evenly(6, 0.01))
    assert requests.refusals == []
    assert len(requests.unanswered) == 2
    assert "the rate of calls is limited" in requests.unanswered[0]


def test_schedule_of_an_api_that_stops_listing_counts_by_answers(registry: Registry, product: _Product) -> None:
    product.lists = 1
    requests = registry.ask_on_schedule(USERS, "t", None, evenly(6, 0.01))
    assert len(requests.ids) == 6


def test_release_leaves_nothing_on_record(registry: Registry, kept: Journal, product: _Product) -> None:
    requests = registry.ask_on_schedule(USERS, "t", None, evenly(6, 0.01))
    assert len(kept.open_entries("session")) == 6
    assert registry.release(requests.ids[:4]) == []
    assert len(kept.open_entries("session")) == 2
    registry.clean_up()
    assert kept.open_entries("session") == []
    assert product.sessions == []


def test_interrupted_schedule_waits_for_no_unsent_request(registry: Registry, product: _Product) -> None:
    with interrupted_load():
        registry.ask_on_schedule(USERS, "t", None, evenly(6, 5.0))
    registry.clean_up()  # a request that may still take effect would be waited for, 30 s each
    assert product.sessions == []


@pytest.mark.parametrize("way", ["alone", "on schedule"])
def test_requests_of_a_shard_are_for_users_of_its_own(product: _Product, way: str) -> None:
    with web_server(product.respond) as url, HttpClient(url, "t") as client:
        clients = Clients(StreamSpaceApi(client, load()), cast("Cluster", _Cluster()), Budgets(0.01), user_suffix="-s2")
        registry = Registry(clients)
        if way == "alone":
            asked = registry.ask("u1", "t", None).asked
            registry.ask(asked.user, "t", None)  # the second request is for the same user
        else:
            registry.ask_on_schedule(["u1"], "t", None, evenly(1, 0.01))
    assert {session["user"] for session in product.sessions} == {"u1-s2"}
