"""Agents: presence, placement, queued commands, and sessions that move."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.support.streamspace_stack import Api, FakeAgent, eventually

Agent = Callable[..., FakeAgent]
OFFLINE_AFTER = 1.2


def test_parallel_creations_are_shared_evenly(api: Api, agent: Agent) -> None:
    for number in range(3):
        agent(f"agent-{number}")
    with ThreadPoolExecutor(15) as pool:
        created = list(pool.map(lambda number: api.create(f"user{number}"), range(15)))
    assert Counter(session["agentId"] for session in created) == {f"agent-{number}": 5 for number in range(3)}


def test_agent_is_offline_after_two_missed_heartbeats(api: Api, agent: Agent) -> None:
    before = time.monotonic()
    silent = agent("silent")
    silent.stop_heartbeats()
    eventually(lambda: api.agents() == {"silent": "offline"}, within=OFFLINE_AFTER + 2)
    # The API has heard of it after `before`, so a busy machine cannot make it offline too early.
    assert time.monotonic() - before >= OFFLINE_AFTER


def test_agent_with_heartbeats_stays_online(api: Api, agent: Agent) -> None:
    agent("steady")
    end = time.monotonic() + OFFLINE_AFTER * 2.5
    while time.monotonic() < end:
        assert api.agents() == {"steady": "online"}
        time.sleep(0.05)


def test_agent_is_offline_at_once_after_goodbye(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    agent("leaver").goodbye()
    eventually(lambda: api.agents() == {"leaver": "offline"}, within=0.5)
    assert "agent leaver connected" in log()
    assert "agent leaver status online -> offline" in log()


def test_reconnected_agent_is_online_and_logged(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    returning = agent("returning")
    returning.disconnect()
    eventually(lambda: api.agents() == {"returning": "offline"})
    returning.connect()
    assert api.agents() == {"returning": "online"}
    assert "agent returning status offline -> online" in log()


def test_a_new_connection_closes_the_old_one(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    agent("twice")
    agent("twice")
    eventually(lambda: "agent twice reconnected" in log())
    assert api.agents() == {"twice": "online"}


def test_queued_command_is_carried_out_once(api: Api, agent: Agent) -> None:
    worker = agent("worker")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.disconnect()
    eventually(lambda: api.agents() == {"worker": "offline"})
    answer = api.http.post(f"/api/v1/sessions/{session}/hibernate")
    assert answer.status_code == 202
    assert answer.json()["command"]["status"] == "queued"
    assert "waits" in answer.json()["message"]
    assert api.session(session)["status"] == "Hibernating"
    worker.connect()
    api.await_status(session, "Hibernated")
    assert [command["kind"] for command in worker.commands] == ["create", "hibernate"]


def test_unanswered_command_is_sent_again_with_its_id(api: Api, agent: Agent) -> None:
    forgetful = agent("forgetful", obeys=False)
    session = api.create()["sessionId"]
    eventually(lambda: forgetful.commands)
    forgetful.disconnect()
    forgetful.obeys = True
    forgetful.connect()
    api.await_status(session, "Running")
    first, second = forgetful.commands
    assert first["id"] == second["id"]


def test_command_on_dead_connection_is_queued(api: Api, agent: Agent) -> None:
    """The API accepts the command before it notices that the agent is disconnected."""
    worker = agent("worker")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.obeys = False
    answer = api.http.post(f"/api/v1/sessions/{session}/hibernate").json()
    assert answer["command"]["status"] == "queued"
    assert "waits" in answer["message"]


def test_successor_adopts_sessions_and_queued_commands(api: Api, agent: Agent) -> None:
    first = agent("first")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    first.goodbye()
    eventually(lambda: api.agents() == {"first": "offline"})
    api.http.post(f"/api/v1/sessions/{session}/hibernate")
    second = agent("second")
    hibernated = api.await_status(session, "Hibernated")
    assert hibernated["agentId"] == "second"
    assert [command["kind"] for command in second.commands] == ["hibernate"]


def test_a_session_created_without_an_agent_waits_for_one(api: Api, agent: Agent) -> None:
    created = api.create()
    assert created["agentId"] is None
    assert "waits" in created["message"]
    agent("late")
    assert api.await_status(created["sessionId"], "Running")["agentId"] == "late"


def test_agent_after_goodbye_leaves_the_list(api: Api, agent: Agent) -> None:
    agent("gone").goodbye()
    eventually(lambda: api.agents() == {"gone": "offline"})
    eventually(lambda: not api.agents(), within=OFFLINE_AFTER * 4 + 3)


def test_listed_agent_has_exactly_these_fields(api: Api, agent: Agent) -> None:
    agent("one")
    api.create()
    [listed] = api.http.get("/api/v1/agents").json()["agents"]
    assert listed.keys() == {"agentId", "status", "lastHeartbeat", "connectedAt", "nodeName", "sessions"}
    assert (listed["nodeName"], listed["sessions"]) == ("node-1", 1)
    assert api.http.get("/api/v1/agents/one").json() | {"lastHeartbeat": ""} == listed | {"lastHeartbeat": ""}
    assert api.http.get("/api/v1/agents/nobody").status_code == 404
