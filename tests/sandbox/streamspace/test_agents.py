"""Agents: presence, placement, commands that wait, and sessions that move."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.support.streamspace_stack import Api, PlayedAgent, eventually

Agent = Callable[..., PlayedAgent]
OFFLINE_AFTER = 1.2


def test_fifteen_parallel_creations_go_five_to_each_of_three_agents(api: Api, agent: Agent) -> None:
    for number in range(3):
        agent(f"agent-{number}")
    with ThreadPoolExecutor(15) as pool:
        created = list(pool.map(lambda number: api.create(f"user{number}"), range(15)))
    assert Counter(session["agentId"] for session in created) == {f"agent-{number}": 5 for number in range(3)}


def test_a_silent_agent_is_offline_after_two_heartbeats_and_not_before(api: Api, agent: Agent) -> None:
    silent = agent("silent")
    silent.fall_silent()
    # The hello was the last that was heard, or a heartbeat that was sent within this moment.
    time.sleep(OFFLINE_AFTER * 0.8)
    assert api.agents() == {"silent": "online"}
    eventually(lambda: api.agents() == {"silent": "offline"}, within=OFFLINE_AFTER * 0.2 + 0.7)


def test_an_agent_that_keeps_beating_stays_online(api: Api, agent: Agent) -> None:
    agent("steady")
    end = time.monotonic() + OFFLINE_AFTER * 2.5
    while time.monotonic() < end:
        assert api.agents() == {"steady": "online"}
        time.sleep(0.05)


def test_goodbye_is_offline_at_once_and_logged(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    agent("leaver").goodbye()
    eventually(lambda: api.agents() == {"leaver": "offline"}, within=0.5)
    assert "agent leaver connected" in log()
    assert "agent leaver status online -> offline" in log()


def test_an_agent_that_comes_back_is_online_again_and_logged(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    returning = agent("returning")
    returning.disconnect()
    eventually(lambda: api.agents() == {"returning": "offline"})
    returning.connect()
    assert api.agents() == {"returning": "online"}
    assert "agent returning status offline -> online" in log()


def test_a_new_connection_closes_the_old_one(api: Api, agent: Agent, log: Callable[[], str]) -> None:
    agent("twice")
    agent("twice")
    eventually(lambda: "agent twice came back on another connection" in log())
    assert api.agents() == {"twice": "online"}


def test_a_command_waits_for_the_agent_and_is_carried_out_once(api: Api, agent: Agent) -> None:
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
    assert [order["kind"] for order in worker.commands] == ["create", "hibernate"]


def test_a_command_that_was_not_answered_comes_again_under_the_same_id(api: Api, agent: Agent) -> None:
    forgetful = agent("forgetful", obeys=False)
    session = api.create()["sessionId"]
    eventually(lambda: forgetful.commands)
    forgetful.disconnect()
    forgetful.obeys = True
    forgetful.connect()
    api.await_status(session, "Running")
    first, second = forgetful.commands
    assert first["id"] == second["id"]


def test_a_silent_connection_does_not_swallow_a_command(api: Api, agent: Agent) -> None:
    """Given before anybody noticed that the agent is away, the command still says that it waits."""
    worker = agent("worker")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.obeys = False
    answer = api.http.post(f"/api/v1/sessions/{session}/hibernate").json()
    assert answer["command"]["status"] == "queued"
    assert "waits" in answer["message"]


def test_the_successor_adopts_sessions_and_waiting_commands(api: Api, agent: Agent) -> None:
    first = agent("first")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    first.goodbye()
    eventually(lambda: api.agents() == {"first": "offline"})
    api.http.post(f"/api/v1/sessions/{session}/hibernate")
    second = agent("second")
    hibernated = api.await_status(session, "Hibernated")
    assert hibernated["agentId"] == "second"
    assert [order["kind"] for order in second.commands] == ["hibernate"]


def test_a_session_created_without_an_agent_waits_for_one(api: Api, agent: Agent) -> None:
    created = api.create()
    assert created["agentId"] is None
    assert "waits" in created["message"]
    agent("late")
    assert api.await_status(created["sessionId"], "Running")["agentId"] == "late"


def test_an_agent_that_left_leaves_the_list(api: Api, agent: Agent) -> None:
    agent("gone").goodbye()
    eventually(lambda: api.agents() == {"gone": "offline"})
    eventually(lambda: not api.agents(), within=OFFLINE_AFTER * 4 + 3)


def test_what_the_list_says_of_an_agent(api: Api, agent: Agent) -> None:
    agent("one")
    api.create()
    [said] = api.http.get("/api/v1/agents").json()["agents"]
    assert said.keys() == {"agentId", "status", "lastHeartbeat", "connectedAt", "nodeName", "sessions"}
    assert (said["nodeName"], said["sessions"]) == ("node-1", 1)
    assert api.http.get("/api/v1/agents/one").json() | {"lastHeartbeat": ""} == said | {"lastHeartbeat": ""}
    assert api.http.get("/api/v1/agents/nobody").status_code == 404
