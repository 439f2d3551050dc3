"""Several agents, and several users at once."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.logs import LogLine
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.agents import other_load
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
from tests.support.samples import answer, pod, pod_json
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


def test_session_of_an_agent_that_is_not_online_fails() -> None:
    told = shared(a=4, b=4, c=4, gone=3)
    with pytest.raises(Unmet, match="s-12: gone, which is not online"):
        expect.agents.spread(told)
    expect.agents.spread(shared(a=5, b=5, c=5))


def test_sessions_that_are_not_spread_tell_the_likely_cause() -> None:
    told = shared(a=5, b=5, c=5)
    for wrong, likely in (
        (shared(a=15), "without regard to the agents' load"),
        (shared(a=4, b=4, c=4, gone=3), "agents that are not online"),
        (Balance(AGENTS, told.said, told.seen | {"s-0": "c"}), "not the one that serves it"),
    ):
        with pytest.raises(Unmet) as caught:
            expect.agents.spread(wrong)
        assert likely in caught.value.likely


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


def test_sessions_whose_agents_nothing_names_are_unproven() -> None:
    told = shared(a=5, b=5, c=5)
    silent = Balance(AGENTS, dict.fromkeys(told.said), dict.fromkeys(told.said))
    for sentence in (expect.agents.spread, lambda found: expect.agents.balanced(found, 2)):
        with pytest.raises(Unproven, match="a contract profile can say where"):
            sentence(silent)


def beside(others: dict[str, dict[str, float]], **shares: int) -> Balance:
    return replace(shared(**shares), others=others)


@pytest.mark.parametrize(
    ("others", "shares", "difference"),
    [
        ({"by number": {"a": 6.0}}, {"a": 1, "b": 7, "c": 7}, 0),
        ({"by number": {"a": 20.0}}, {"a": 0, "b": 8, "c": 7}, 0),
        ({"by number": {"a": 6.0}}, {"a": 5, "b": 5, "c": 5}, 0),
        ({"by number": {"a": 2.0, "x": 9.0}, "by memory": {"a": 8.0}}, {"a": 0, "b": 8, "c": 7}, 0),
    ],
    ids=["evened out", "more than can be evened out", "without a look at others", "by what they request"],
)
def test_agents_that_serve_others_get_fewer(
    others: dict[str, dict[str, float]], shares: dict[str, int], difference: int
) -> None:
    assert expect.agents.balanced(beside(others, **shares), 2) == difference


def test_one_agent_that_gets_all_since_the_others_have_more_is_unproven() -> None:
    full = {"by number": {"a": 20.0, "b": 20.0}}
    for sentence in (expect.agents.spread, lambda found: expect.agents.balanced(found, 2)):
        with pytest.raises(Unproven):
            sentence(beside(full, c=15))
    for few in (beside(full, a=15), beside({"by number": {"a": 1.0}}, c=15)):
        with pytest.raises(Unmet, match="more than one agent"):
            expect.agents.spread(few)


@pytest.mark.parametrize("shares", [{"a": 8, "b": 4, "c": 3}, {"a": 1, "b": 11, "c": 3}])
def test_shares_that_nothing_explains_fail_beside_others(shares: dict[str, int]) -> None:
    with pytest.raises(Unmet, match=r"beside sessions of others \(by number\): a: 6, b: 0, c: 0"):
        expect.agents.balanced(beside({"by number": {"a": 6.0}}, **shares), 2)


def test_unequal_shares_are_unproven_while_others_come_and_go() -> None:
    unsteady = replace(shared(a=8, b=4, c=3), unsteady=frozenset({"theirs-1"}))
    with pytest.raises(Unproven, match="came or went meanwhile"):
        expect.agents.balanced(unsteady, 2)
    assert expect.agents.balanced(replace(unsteady, said=shared(a=5, b=5, c=5).said, seen={}), 2) == 0


def sized(session: str, agent: str, cpu: str) -> Any:
    raw = pod_json(session, labels={"session": session, "stream.space/agent": agent})
    raw["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
    return raw


def test_load_of_others_is_told_in_sessions_of_ones_own() -> None:
    pods = [sized("own", "a", "500m"), sized("theirs-1", "x", "1"), sized("theirs-2", "b", "500m"), pod_json("api")]
    clients: Any = SimpleNamespace(profile=load(), cluster=SimpleNamespace(raw_pods=lambda: pods))
    assert other_load.read(clients, {"own": "a", "theirs-1": "a"}, {"own"}) == {
        "by number": {"a": 1.0},
        "by pods": {"a": 1.0, "b": 1.0},
        "by cpu": {"a": 2.0, "b": 1.0},
    }
    assert other_load.read(clients, {}, {"own", "theirs-1", "theirs-2"}) == {}


def creation(user: str, status: int, session_id: str | None) -> Creation:
    return Creation(Asked(user, "t", None, frozenset()), answer({}, status), session_id, session_id, ())


def test_a_crowd_in_which_one_is_refused() -> None:
    crowd = ConcurrentRequests([creation("user1", 201, "s-1"), creation("user2", 500, None)], [])
    with pytest.raises(Unmet, match="user2: 500"):
        expect.sessions.batch_running(crowd, 2)
    assert "user2" in crowd.table()


UNKNOWN_USER = answer({"error": "not_found", "message": "The user 'user2' does not exist."}, 404, method="POST")


@pytest.mark.parametrize(
    "told",
    [
        UNKNOWN_USER,
        answer({"error": "user_not_found", "message": "Not found."}, 422, method="POST"),
        answer({"error": "x", "message": "unknown user user2"}, 400, method="POST"),
    ],
)
def test_users_whom_the_product_does_not_know_are_to_be_made_first(told: Any) -> None:
    refused = replace(creation("user2", 404, None), answer=told)
    with pytest.raises(Unproven, match="have to be made first"):
        expect.sessions.batch_running(ConcurrentRequests([creation("user1", 201, "s-1"), refused], []), 2)


@pytest.mark.parametrize(
    "told",
    [
        answer({"error": "x", "message": "user2 has too many sessions"}, 409, method="POST"),
        answer({"error": "x", "message": "The template does not exist."}, 404, method="POST"),
        answer({"error": "x", "message": "user service not found"}, 500, method="POST"),
    ],
)
def test_other_refusals_of_a_crowd_fail(told: Any) -> None:
    refused = replace(creation("user2", 404, None), answer=told)
    unknown = replace(creation("user3", 404, None), answer=UNKNOWN_USER)
    for crowd in ([refused], [refused, unknown]):
        with pytest.raises(Unmet, match="a session for each of"):
            expect.sessions.batch_running(ConcurrentRequests(crowd, []), len(crowd))


NO_ROOM = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient cpu.",
}


def unplaced(**details: Any) -> Any:
    raw = pod_json(phase="Pending", ready=False, started=False, node=None, **details)
    raw["status"]["conditions"].append(NO_ROOM)
    return Pod.of(raw)


@pytest.mark.parametrize(
    ("pods", "error", "words"),
    [
        ([pod(ready=False)], Unmet, "s-2 is Pending"),
        ([], Unmet, "s-2 is Pending"),
        ([unplaced()], Unproven, "no node takes the pods of 1 sessions: 0/3 nodes are available: 3 Insufficient cpu"),
    ],
    ids=["not ready", "no pod", "no room"],
)
def test_a_crowd_in_which_one_does_not_run(pods: list[Pod], error: type[BaseException], words: str) -> None:
    listed = {"sessions": [{"sessionId": "s-1", "status": "Running"}, {"sessionId": "s-2", "status": "Pending"}]}
    with web_server(says(json.dumps(listed).encode())) as url, HttpClient(url, "t") as http:
        api = StreamSpaceApi(http, load())
        budget = Budget("start", 0.2, 1)
        shared = {"api": api, "budgets": SimpleNamespace(named=lambda _: budget), "check_admitted": lambda: None}
        sessions: Any = [
            SimpleNamespace(id=session_id, listed_pods=lambda: pods, **shared) for session_id in ("s-1", "s-2")
        ]
        crowd = ConcurrentRequests([creation("user1", 201, "s-1"), creation("user2", 201, "s-2")], sessions)
        with pytest.raises(error, match=words):
            expect.sessions.batch_running(crowd, 2)


@pytest.mark.parametrize(("later", "lasts"), [("Running", True), ("Failed", False)])
def test_crowd_that_runs_has_to_stay_so(later: str, lasts: bool) -> None:
    looks = iter(["Running", "Running"])

    def respond(request: BaseHTTPRequestHandler) -> None:
        entry = {"sessionId": "s-1", "status": next(looks, later)}
        says(json.dumps({"sessions": [entry, entry | {"sessionId": "s-2", "status": "Running"}]}).encode())(request)

    with web_server(respond) as url, HttpClient(url, "t") as http:
        api, budgets = StreamSpaceApi(http, load()), SimpleNamespace(named=lambda _: Budget("calm", 0.5, 1))
        parts: Any = {"wait_for_phase": lambda *_, **__: None, "wait_for_ready_pod": lambda **_: None, "pods": list}
        sessions: Any = [SimpleNamespace(id=name, api=api, budgets=budgets, **parts) for name in ("s-1", "s-2")]
        crowd = ConcurrentRequests([creation("user1", 201, "s-1"), creation("user2", 201, "s-2")], sessions)
        with nullcontext() if lasts else pytest.raises(Unmet, match="s-1 is Failed"):
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
        self.agents: set[str] = set()
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
