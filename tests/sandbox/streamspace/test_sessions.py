"""The life of sessions, with a fake agent."""

import re
from collections.abc import Callable

import pytest

from streamspace_sandbox.streamspace.api.sessions import resolve
from tests.support.streamspace_stack import Api, FakeAgent, eventually

Agent = Callable[..., FakeAgent]


def test_the_answer_to_a_creation(api: Api, agent: Agent) -> None:
    agent("a")
    created = api.create(resources={"cpu": "1000m", "memory": "2Gi"})
    assert re.fullmatch(r"testuser-firefox-browser-[0-9a-f]{4}", created["sessionId"])
    assert created["name"] == created["sessionId"]
    assert created["status"] == "pending"
    assert created["resources"] == {"cpu": "1000m", "memory": "2Gi"}
    assert created["podName"] == f"{created['sessionId']}-abc-123"


def test_absent_resources_come_from_the_template(api: Api, agent: Agent) -> None:
    agent("a")
    assert api.create(resources={"cpu": "300m"})["resources"] == {"cpu": "300m", "memory": "512Mi"}


def test_hibernate_and_wake_answer_when_it_is_done(api: Api, agent: Agent) -> None:
    agent("a")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    answer = api.http.post(f"/api/v1/sessions/{session}/hibernate")
    assert (answer.status_code, answer.json()["status"]) == (202, "Hibernated")
    assert answer.json()["command"]["status"] == "completed"
    assert api.http.post(f"/api/v1/sessions/{session}/hibernate").status_code == 409
    assert api.http.get(f"/api/v1/sessions/{session}/connect").status_code == 409
    answer = api.http.post(f"/api/v1/sessions/{session}/wake")
    assert (answer.status_code, answer.json()["status"]) == (202, "Running")
    answer = api.http.post(f"/api/v1/sessions/{session}/wake")
    assert (answer.status_code, answer.json()["error"]) == (409, "session_not_hibernated")


def test_deletion(api: Api, agent: Agent) -> None:
    worker = agent("a", obeys=False)
    session = api.create()["sessionId"]
    worker.carry_out(eventually(lambda: worker.commands)[0])
    api.await_status(session, "Running")
    for _ in range(2):
        answer = api.http.delete(f"/api/v1/sessions/{session}")
        assert (answer.status_code, answer.json()) == (202, {"sessionId": session, "status": "Terminating"})
    assert api.session(session)["status"] == "Terminating"
    worker.see(session, "Running")
    worker.carry_out(eventually(lambda: worker.commands[1:])[0])
    eventually(lambda: api.http.get(f"/api/v1/sessions/{session}").status_code == 404)
    assert [command["kind"] for command in worker.commands] == ["create", "delete"]


def test_deletion_that_failed_can_be_asked_for_again(api: Api, agent: Agent) -> None:
    worker = agent("a", obeys=False)
    session = api.create()["sessionId"]
    worker.carry_out(eventually(lambda: worker.commands)[0])
    api.await_status(session, "Running")
    api.http.delete(f"/api/v1/sessions/{session}")
    worker.say({"type": "result", "command": eventually(lambda: worker.commands[1:])[0]["id"], "failure": "too busy"})
    eventually(lambda: api.session(session)["message"] == "too busy")
    api.http.delete(f"/api/v1/sessions/{session}")
    worker.carry_out(eventually(lambda: worker.commands[2:])[0])
    eventually(lambda: api.http.get(f"/api/v1/sessions/{session}").status_code == 404)


def test_a_session_that_ends_in_kubernetes_ends_here(api: Api, agent: Agent) -> None:
    worker = agent("a")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.see(session, "Terminating")
    api.await_status(session, "Terminating")
    worker.see(session, "Gone")
    eventually(lambda: api.http.get(f"/api/v1/sessions/{session}").status_code == 404)


def test_a_state_that_was_set_in_kubernetes_counts(api: Api, agent: Agent) -> None:
    worker = agent("a")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.see(session, "Hibernated", "hibernated")
    api.await_status(session, "Hibernated")


def test_a_late_report_does_not_undo_a_command_under_way(api: Api, agent: Agent) -> None:
    worker = agent("a")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    worker.obeys = False
    api.http.post(f"/api/v1/sessions/{session}/hibernate")
    worker.see(session, "Running", "running")
    worker.say({"type": "accepted", "command": worker.commands[-1]["id"]})
    worker.see(session, "Pending", "running")
    eventually(lambda: api.session(session)["status"] == "Hibernating")


def test_a_creation_that_kubernetes_refuses_has_failed(api: Api, agent: Agent) -> None:
    worker = agent("a", obeys=False)
    session = api.create()["sessionId"]
    command = eventually(lambda: worker.commands)[0]
    worker.say({"type": "result", "command": command["id"], "failure": "create was refused by Kubernetes: Forbidden"})
    assert "Forbidden" in api.await_status(session, "Failed")["message"]


def test_reports_of_an_agent_without_the_session_are_ignored(api: Api, agent: Agent) -> None:
    agent("a")
    session = api.create()["sessionId"]
    api.await_status(session, "Running")
    stranger = agent("b")
    stranger.see(session, "Gone")
    stranger.see("nobody-knows-0000", "Running")
    stranger.goodbye()
    eventually(lambda: api.agents()["b"] == "offline")
    assert api.session(session)["status"] == "Running"


def test_lists_can_be_narrowed(api: Api, agent: Agent) -> None:
    agent("a")
    mine, other = api.create("mine")["sessionId"], api.create("other")["sessionId"]
    for session in (mine, other):
        api.await_status(session, "Running")
    api.http.post(f"/api/v1/sessions/{other}/hibernate")

    def listed(query: str) -> list[str]:
        answer = api.http.get(f"/api/v1/sessions?{query}").json()
        assert answer["total"] == len(answer["sessions"])
        return [session["sessionId"] for session in answer["sessions"]]

    assert listed("") == [mine, other]
    assert listed("user=mine") == [mine]
    assert listed("status=Hibernated") == [other]
    assert listed("user=mine&status=hibernated") == []
    assert api.http.get("/api/v1/sessions?status=Sleeping").status_code == 400


def test_resources_that_no_node_could_hold_are_refused(api: Api, agent: Agent) -> None:
    agent("a")
    beyond = {"cpu": "10000m", "memory": "100Gi"}
    body = {"user": "testuser", "template": "firefox-browser", "resources": beyond}
    answer = api.http.post("/api/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "insufficient_capacity")
    assert "8 CPU" in answer.json()["message"]
    assert api.http.get("/api/v1/sessions").json()["total"] == 0
    assert api.create(resources={"cpu": "8", "memory": "16Gi"})["status"] == "pending"


@pytest.mark.parametrize(
    ("desired", "phase", "status"),
    [
        ("running", "Pending", "Pending"),
        ("running", "Running", "Running"),
        ("running", "Failed", "Failed"),
        ("running", "Hibernated", "Waking"),
        ("running", "Hibernating", "Waking"),
        ("running", "Terminating", "Terminating"),
        ("hibernated", "Running", "Hibernating"),
        ("hibernated", "Pending", "Hibernating"),
        ("hibernated", "Hibernated", "Hibernated"),
        ("hibernated", "Terminating", "Terminating"),
        ("deleted", "Running", "Terminating"),
        ("deleted", "Hibernated", "Terminating"),
    ],
)
def test_resolve_combines_desired_state_and_phase(desired: str, phase: str, status: str) -> None:
    assert resolve(desired, phase) == status


def test_session_has_the_id_of_its_request(api: Api, agent: Agent) -> None:
    agent("a")
    body = {"user": "testuser", "template": "firefox-browser"}
    for name, expected in (("run-1.request-7", "run-1.request-7"), ("no name at all", None), ("x" * 65, None)):
        created = api.http.post("/api/v1/sessions", json=body, headers={"X-Request-Id": name}).json()
        assert (created["requestId"], api.session(created["sessionId"])["requestId"]) == (expected, expected)
    assert api.create()["requestId"] is None
