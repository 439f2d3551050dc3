"""Several agents, and several users at once."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.logs import LogLine
from streamspace_acceptance.domain.agents.balance import Balance, balance
from streamspace_acceptance.domain.agents.fleet import ScaledAt
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests, ask_together
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import Agent, AgentList
from streamspace_acceptance.product.api import Listed, SessionList, StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, now
from tests.support.samples import answer, pod
from tests.support.web_server import says, web_server

AGENTS = frozenset({"a", "b", "c"})


def agents(*ids: str, status: str = "online") -> AgentList:
    found = tuple(Agent(agent_id, status, None) for agent_id in ids)
    return AgentList(found, frozenset(agent_id for agent_id in ids if ids.count(agent_id) > 1), load().statuses)


def shared(**shares: int) -> Balance:
    served = [agent for agent, count in shares.items() for _ in range(count)]
    said: dict[str, str | None] = {f"s-{number}": agent for number, agent in enumerate(served)}
    return Balance(AGENTS, said, dict(said))


def test_all_agents_are_connected() -> None:
    assert expect.agents.connected(agents("a", "b", "c"), 3, ScaledAt(now())) < 30
    for wrong in (agents("a", "b"), agents("a", "b", "c", "d"), agents("a", "b", "c", "c")):
        with pytest.raises(Unmet, match="3 online, each listed once"):
            expect.agents.connected(wrong, 3, ScaledAt(now()))


@pytest.mark.parametrize(("shares", "difference"), [({"a": 5, "b": 5, "c": 5}, 0), ({"a": 7, "b": 5, "c": 3}, 2)])
def test_fair_shares(shares: dict[str, int], difference: int) -> None:
    expect.agents.spread(shared(**shares))
    assert expect.agents.balanced(shared(**shares), 2) == difference


@pytest.mark.parametrize("shares", [{"a": 8, "b": 4, "c": 3}, {"a": 8, "b": 7}, {"a": 6, "b": 7, "c": 2}])
def test_unfair_shares(shares: dict[str, int]) -> None:
    expect.agents.spread(shared(**shares))
    with pytest.raises(Unmet, match="on each agent, ±2"):
        expect.agents.balanced(shared(**shares), 2)


def test_one_agent_does_all() -> None:
    with pytest.raises(Unmet, match="more than one agent"):
        expect.agents.spread(shared(a=15))
    with pytest.raises(Unproven):
        expect.agents.balanced(shared(a=15), 2)


def test_the_api_and_the_pods_name_different_agents() -> None:
    told = shared(a=5, b=5, c=5)
    with pytest.raises(Unmet, match="by its pod"):
        expect.agents.spread(Balance(AGENTS, told.said, told.seen | {"s-0": "c"}))


def test_a_session_of_nobodys() -> None:
    told = shared(a=5, b=5, c=5)
    with pytest.raises(Unmet, match="no agent"):
        expect.agents.spread(Balance(AGENTS, told.said | {"s-0": None}, told.seen | {"s-0": None}))


def test_a_session_whose_agent_the_api_does_not_name() -> None:
    told = shared(a=5, b=5, c=5)
    with pytest.raises(Unmet, match="s-0: no agent"):
        expect.agents.spread(Balance(AGENTS, told.said | {"s-0": None}, told.seen))
    expect.agents.spread(Balance(AGENTS, dict.fromkeys(told.said), told.seen))


def test_without_sessions_nothing_is_shown() -> None:
    for sentence in (expect.agents.spread, lambda found: expect.agents.balanced(found, 2)):
        with pytest.raises(Unproven):
            sentence(Balance(AGENTS, {}, {}))


def creation(user: str, status: int, session_id: str | None) -> Creation:
    return Creation(Asked(user, "t", None, frozenset()), answer({}, status), session_id, session_id, ())


def test_a_crowd_in_which_one_is_refused() -> None:
    crowd = ConcurrentRequests([creation("user1", 201, "s-1"), creation("user2", 500, None)], [])
    with pytest.raises(Unmet, match="user2: 500"):
        expect.sessions.batch_running(crowd, 2)
    assert "user2" in crowd.table()


def test_a_crowd_in_which_one_does_not_run() -> None:
    listed = {"sessions": [{"sessionId": "s-1", "status": "Running"}, {"sessionId": "s-2", "status": "Pending"}]}
    with web_server(says(json.dumps(listed).encode())) as url, HttpClient(url, "t") as http:
        api = StreamSpaceApi(http, load())
        budget = Budget("start", 0.2, 1)
        budgets = SimpleNamespace(named=lambda _: budget)
        sessions: Any = [SimpleNamespace(id=session_id, api=api, budgets=budgets) for session_id in ("s-1", "s-2")]
        crowd = ConcurrentRequests([creation("user1", 201, "s-1"), creation("user2", 201, "s-2")], sessions)
        with pytest.raises(Unmet, match="s-2 is Pending"):
            expect.sessions.batch_running(crowd, 2)


def test_requests_are_in_flight_together() -> None:
    all_there = threading.Barrier(8)

    def respond(request: BaseHTTPRequestHandler) -> None:
        all_there.wait(20)
        says(b'{"sessionId": "x"}', 201)(request)

    asked = [Asked(f"user{number}", "t", "minimum", frozenset()) for number in range(8)]
    with web_server(respond) as url, HttpClient(url, "t") as http:
        answers = ask_together(StreamSpaceApi(http, load()), asked)
    assert [reply.status for reply in answers] == [201] * 8


class _Quiet:
    """A product whose API and pods name no agent; two agents log the sessions that they make."""

    def __init__(self) -> None:
        made = {"agent-1": ("s-1", "s-3"), "agent-2": ("s-2",)}
        self._lines = {pod: [f"12:00 Created deployment: {session}" for session in made[pod]] for pod in made}
        self.profile = load("shipped-v2.0-beta")
        self.cluster: Any = self

    def pods(self, **labels: str) -> list[Any]:
        label = self.profile.session_label
        if labels:
            return [pod(name=name, labels=labels) for name in self._lines]
        return [pod(name=session, labels={label: session}) for session in ("s-1", "s-2", "s-3")]

    def log(self, agent: Any) -> Any:
        lines = [LogLine(number, text) for number, text in enumerate(self._lines[agent.meta.name])]
        return SimpleNamespace(since=lambda _: lines)


def test_agents_are_known_by_what_they_log(monkeypatch: pytest.MonkeyPatch) -> None:
    product: Any = _Quiet()
    product.api = SimpleNamespace(sessions=lambda: SessionList(tuple(_entry(f"s-{number}") for number in (1, 2, 3))))
    listed = SimpleNamespace(all=lambda: agents("prod-agent-1", "prod-agent-2"))
    monkeypatch.setattr("streamspace_acceptance.domain.agents.balance.AgentApi", lambda _: listed)
    requests = SimpleNamespace(sessions=[SimpleNamespace(id=f"s-{number}") for number in (1, 2, 3)])
    scenario: Any = SimpleNamespace(
        clients=product,
        results={ConcurrentRequests: requests},
        disruptions=SimpleNamespace(check_held=lambda: None),
    )
    found = balance(scenario)
    assert found.shares == {"prod-agent-1": 2, "prod-agent-2": 1}
    expect.agents.spread(found)


def _entry(session: str) -> Listed:
    return Listed(session, session, "Running", "testuser", "firefox-browser")
