"""`profile check` says in sentences which parts of a profile a live API does not have, and makes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from streamspace_acceptance import cli
from streamspace_acceptance.commands.profile.check import Comparison, Fit, of_api
from streamspace_acceptance.product.calls import ProfileCalls
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.web_server import web_server

SESSION = {"name": "s-1", "user": "u", "template": "t", "createdAt": "x", "status": {"phase": "Running"}}
ROUTES: dict[tuple[str, str], tuple[int, Any]] = {
    ("GET", "/health"): (200, {"status": "healthy"}),
    ("GET", "/api/v1/sessions"): (200, {"sessions": [SESSION]}),
    ("GET", "/api/v1/templates"): (200, {"templates": []}),
    ("GET", "/api/v1/admin/agents"): (200, {"agents": [{"agentId": "a", "status": "online", "lastHeartbeat": "x"}]}),
    ("PUT", "/api/v1/sessions/*/hibernate"): (404, {"error": "session not found"}),
}


def respond(request: BaseHTTPRequestHandler) -> None:
    """Knows its routes; any other path or verb is a plain 404, as many routers answer."""
    parts = request.path.partition("?")[0].split("/")
    path = "/".join("*" if part.startswith("nobody-") else part for part in parts)
    status, body = ROUTES.get((request.command, path), (404, None))
    text = b"404 page not found" if body is None else json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "text/plain" if body is None else "application/json")
    request.send_header("Content-Length", str(len(text)))
    request.end_headers()
    request.wfile.write(text)


@pytest.fixture
def url() -> Iterator[str]:
    with web_server(respond) as base:
        yield base


def findings(url: str, profile: str) -> dict[str, Comparison]:
    with HttpClient(url, "t") as http:
        return {finding.place: finding for finding in of_api(ProfileCalls(http, load(profile)))}


def test_check_of_the_plan_says_what_does_not_fit(url: str) -> None:
    found = findings(url, "plan")
    assert found["statuses.healthy"] == Comparison(
        Fit.WRONG, "statuses.healthy", "the product says 'healthy', the profile 'ok'"
    )
    assert found["fields.id"].sentence.startswith("there is no sessionId")
    assert "status.phase" in found["fields.id"].sentence
    assert found["calls.list_agents"].fit is Fit.WRONG
    assert found["calls.hibernate_session"].sentence == (
        "POST /api/v1/sessions/{id}/hibernate is not there: it has PUT (calls.hibernate_session.method)"
    )
    assert found["calls.wake_session"].sentence.endswith("it has no verb (calls.wake_session.path)")


def test_check_of_the_fitting_profile_finds_it_right(url: str) -> None:
    found = findings(url, "shipped-v2.0-beta")
    right = ("calls.health", "fields.id", "fields.status", "calls.list_agents", "calls.hibernate_session")
    assert {found[place].fit for place in right} == {Fit.OK}
    assert found["fields.templates"].fit is Fit.OPEN


def test_command_ends_with_1_when_something_is_wrong(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STREAMSPACE_API_URL", url)
    monkeypatch.setenv("STREAMSPACE_TEST_TOKEN", "token-of-a-test")
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    assert cli.main(["profile", "check", "plan"]) == 1
    assert "WRONG  statuses.healthy: the product says 'healthy'" in capsys.readouterr().out
    assert cli.main(["profile", "check", "no-such-profile"]) == 2
