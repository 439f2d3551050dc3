"""The layer that serves the shipped contract renames and moves, in both directions."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from streamspace_sandbox.faults import contracts
from streamspace_sandbox.faults.contracts import CONTRACTS
from streamspace_sandbox.faults.support.shipped_contract import ShippedContract

SESSION = {"sessionId": "s-1", "name": "s-1", "user": "u", "status": "Running", "podName": "p", "message": ""}
TEMPLATE = {"id": "t", "name": "t", "displayName": "T", "image": "i", "resources": {"cpu": "1"}, "vnc": {"port": 5900}}


async def _create(_: Request) -> Response:
    return JSONResponse(SESSION | {"status": "pending"}, 201)


async def _sessions(_: Request) -> Response:
    return JSONResponse({"sessions": [SESSION], "total": 1})


async def _echo(request: Request) -> Response:
    """The body as the API behind got it."""
    return JSONResponse({"got": await request.json(), "by": request.method})


async def _connect(_: Request) -> Response:
    return JSONResponse({"sessionId": "s-1", "url": "http://here:1/vnc/s-1?token=x"})


async def _wake(request: Request) -> Response:
    return JSONResponse({"sessionId": "s-1", "status": "Waking", "command": {"status": "queued"}}, 202)


async def _agents(_: Request) -> Response:
    return JSONResponse({"agents": [{"agentId": "a", "status": "online"}]})


async def _socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_bytes(b"RFB 003.008\n")
    await websocket.close()


@pytest.fixture
def client() -> TestClient:
    routes: list[Any] = [
        Route("/health", lambda _: JSONResponse({"status": "ok"})),
        Route("/api/v1/sessions", _create, methods=["POST"]),
        Route("/api/v1/sessions", _sessions),
        Route("/api/v1/sessions/{id}/connect", _connect),
        Route("/api/v1/sessions/{id}/wake", _wake, methods=["POST"]),
        Route("/api/v1/templates", _echo, methods=["POST"]),
        Route("/api/v1/templates/{id}", lambda _: JSONResponse(TEMPLATE), methods=["GET"]),
        Route("/api/v1/templates/{id}", _echo, methods=["PUT"]),
        Route("/api/v1/agents", _agents),
        Route("/api/v1/agents/{id}", lambda _: JSONResponse({"agentId": "a"})),
        WebSocketRoute("/api/v1/vnc/{id}", _socket),
    ]
    return TestClient(ShippedContract(Starlette(routes=routes)))


def test_creation_is_202_with_its_id_as_name(client: TestClient) -> None:
    answer = client.post("/api/v1/sessions", json={"user": "u"})
    assert answer.status_code == 202
    assert answer.json() == {
        "name": "s-1", "user": "u", "state": "pending", "status": {"phase": "Pending", "podName": "p"},
    }  # fmt: skip


def test_listed_session_has_a_phase_in_its_status(client: TestClient) -> None:
    (listed,) = client.get("/api/v1/sessions").json()["sessions"]
    assert (listed["status"]["phase"], listed["state"], "sessionId" in listed) == ("Running", "running", False)


def test_verbs_and_paths_are_the_shipped_ones(client: TestClient) -> None:
    assert client.put("/api/v1/sessions/s-1/wake").json() == {"name": "s-1", "message": "requested"}
    assert client.post("/api/v1/sessions/s-1/wake").status_code == 405
    assert client.get("/api/v1/agents").status_code == 404
    assert client.get("/health").json() == {"status": "healthy"}


def test_agent_is_pending_until_it_is_approved(client: TestClient) -> None:
    def approval() -> str:
        return str(client.get("/api/v1/admin/agents").json()["agents"][0]["approvalStatus"])

    assert approval() == "pending"
    assert client.post("/api/v1/admin/agents/a/approve").status_code == 200
    assert approval() == "approved"


def test_connection_wants_a_user_and_is_relative(client: TestClient) -> None:
    assert client.get("/api/v1/sessions/s-1/connect").status_code == 400
    assert client.get("/api/v1/sessions/s-1/connect?user=u").json()["sessionUrl"] == "/vnc/s-1?token=x"


def test_template_goes_through_a_manifest(client: TestClient) -> None:
    spec = {"baseImage": "i", "defaultResources": {"cpu": "1"}, "vnc": {"enabled": True, "port": 5901}}
    sent = {"name": "t", "display_name": "T", "app_type": "desktop", "repository_id": 1, "manifest": {"spec": spec}}
    got = client.post("/api/v1/templates", json=sent).json()["got"]
    assert got == {"name": "t", "displayName": "T", "image": "i", "resources": {"cpu": "1"}, "vnc": {"port": 5901}}
    changed = client.patch("/api/v1/templates/t", json={"manifest": {"spec": {"baseImage": "j"}}}).json()
    assert (changed["template"]["got"], changed["template"]["by"]) == ({"image": "j"}, "PUT")
    shown = client.get("/api/v1/templates/t").json()
    assert shown["manifest"]["spec"]["baseImage"] == "i"
    assert isinstance(shown["id"], int)


def test_desktop_comes_in_text_frames_of_base64(client: TestClient) -> None:
    with client.websocket_connect("/api/v1/vnc/s-1") as socket:
        assert base64.b64decode(socket.receive_text()) == b"RFB 003.008\n"


def test_patches_of_a_contract_find_what_they_patch() -> None:
    for patches in CONTRACTS.values():
        for component in patches.values():
            for patch in component:
                patch.find()


@pytest.mark.parametrize(
    ("words", "arguments", "logged"),
    [
        ("agent %s status offline -> online", ("a-1",), "Registered agent: a-1"),
        ("agent %s status online -> offline (no heartbeat for %s)", ("a-1", "6.0 s"), "Unregistered agent: a-1"),
        ("agent %s connected", ("a-1",), "agent a-1 connected"),
    ],
)
def test_transitions_are_logged_in_its_words(words: str, arguments: tuple[str, ...], logged: str) -> None:
    record = logging.LogRecord("api", logging.INFO, "agents.py", 1, words, arguments, None)
    assert contracts._reworded(record)
    assert record.getMessage() == logged
