"""Causes as a real cluster tells of them: an image that nobody has, no room on any node, no agent, no API."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.troubleshooting import causes
from streamspace_acceptance.troubleshooting.failure import collect
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot
from streamspace_acceptance.waiting import Budget, Wait, now, poll
from tests.proof.running import embedded

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def run() -> Iterator[Any]:
    """What a run has of a sandbox."""
    with ExitStack() as stack:
        told = stack.enter_context(embedded(f"causes-{os.getpid()}"))
        http = stack.enter_context(HttpClient(told["STREAMSPACE_API_URL"], told["STREAMSPACE_TEST_TOKEN"]))
        cluster, profile = Cluster([Path(told["KUBECONFIG"])], told["NAMESPACE"]), load()
        yield SimpleNamespace(http=http, api=StreamSpaceApi(http, profile), cluster=cluster, profile=profile)


def world(run: Any, *session_ids: str) -> Any:
    return SimpleNamespace(
        clients=run,
        began=now(),
        desktops=[],
        registry=SimpleNamespace(sessions=[SimpleNamespace(id=session_id) for session_id in session_ids]),
        disruptions=SimpleNamespace(names=list),
    )


def seen(scenario: Any, what: str) -> str:
    """The cause of that kind, as soon as it can be told."""

    def ask() -> list[causes.Cause]:
        return [cause for cause in causes.find(ClusterSnapshot(scenario).cause_inputs()) if cause.what == what]

    wait = Wait("the cluster", what, Budget("cause", 20.0, 1.0))
    return str(poll(wait, ask, met=bool, says=str, likely=lambda _: "it was not told")[0])


def start(run: Any, template: dict[str, Any]) -> str:
    made = run.http.call("POST", "/api/v1/templates", template)
    assert made.status == 201, made.excerpt()
    answer = run.http.call("POST", "/api/v1/sessions", {"user": "testuser", "template": template["name"]})
    assert answer.status == 201, answer.excerpt()
    return str(answer.object()["sessionId"])


def test_a_sound_cluster_tells_of_no_cause(run: Any) -> None:
    scenario = world(run)
    assert causes.find(ClusterSnapshot(scenario).cause_inputs()) == []


def test_an_image_that_nobody_has(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"displayName": "X", "description": "x", "category": "x", "resources": {"cpu": "100m", "memory": "64Mi"}}
    session = start(run, {**body, "name": "nowhere", "image": "nowhere/firefox:1", "vnc": {"port": 5900}})
    scenario = world(run, session)
    told = seen(scenario, "image pull failure")
    assert told.startswith(f"image pull failure: pod {session}-")
    assert "nowhere/firefox:1" in told
    attached: dict[str, Any] = {}
    monkeypatch.setattr(attachments, "attach", lambda name, body, *_: attached.update({name: body}))
    collect(scenario)
    assert "nowhere/firefox:1" in attached["likely cause.txt"]
    assert "Waiting (" in attached["pods.txt"]
    assert "in use" in attached["nodes.txt"]
    assert not [name for name, body in attached.items() if "could not be had" in body]
    run.http.call("DELETE", f"/api/v1/sessions/{session}")


def test_sessions_that_no_node_has_room_for(run: Any) -> None:
    body = {"displayName": "X", "description": "x", "category": "x", "resources": {"cpu": "6", "memory": "64Mi"}}
    first = {**body, "name": "large", "image": "streamspace/firefox:latest", "vnc": {"port": 5900}}
    sessions = [start(run, first)]
    for user in range(3):
        answer = run.http.call("POST", "/api/v1/sessions", {"user": f"user{user}", "template": "large"})
        if answer.status == 201:
            sessions.append(str(answer.object()["sessionId"]))
    told = seen(world(run, *sessions), "no resources")
    assert "Insufficient cpu" in told
    for session_id in sessions:
        run.http.call("DELETE", f"/api/v1/sessions/{session_id}")


def test_no_agent(run: Any) -> None:
    run.cluster.scale("streamspace-k8s-agent", 0)
    assert "none is online" in seen(world(run), "agent not connected")
    run.cluster.scale("streamspace-k8s-agent", 1)


def test_no_api(run: Any) -> None:
    run.cluster.scale("streamspace-api", 0)
    assert "/health" in seen(world(run), "API not reachable")
    run.cluster.scale("streamspace-api", 1)
