"""Answers of another contract read in the plan's words, and each difference that was met is noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance import deviations
from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.outcomes import NotApplicable, Unmet
from streamspace_acceptance.product import translation
from streamspace_acceptance.product.agents import AgentApi
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import Profile, load
from tests.support.web_server import web_server

SHIPPED = load("shipped-v2.0-beta")
SESSION = {
    "name": "s-1",
    "user": "u",
    "template": "t",
    "state": "running",
    "status": {"phase": "Running", "podName": "p"},
}


@pytest.fixture
def met() -> Iterator[list[Deviation]]:
    found: list[Deviation] = []
    end = deviations.observe(found.append)
    yield found
    end()


class Product:
    """Answers by path, and keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {path.replace("__", "/"): body for path, body in answers.items()}
        self.asked: list[tuple[str, str, Any]] = []

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        sent = json.loads(request.rfile.read(length)) if length else None
        self.asked.append((request.command, request.path, sent))
        path = request.path.removeprefix("/api/v1").partition("?")[0]
        status, body = self.answers.get(path, (404, {"error": "no such thing"}))
        text = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)


def asked(product: Product, profile: Profile = SHIPPED) -> Any:
    """The API of a product, within a context."""

    class Opened:
        def __enter__(self) -> StreamSpaceApi:
            self.server = web_server(product.respond)
            self.http = HttpClient(self.server.__enter__(), "t")
            return StreamSpaceApi(self.http, profile)

        def __exit__(self, *error: object) -> None:
            self.http.__exit__(None, None, None)
            self.server.__exit__(None, None, None)

    return Opened()


def test_sessions_read_in_the_plans_words(met: list[Deviation]) -> None:
    product = Product(__sessions=(200, {"sessions": [SESSION]}), **{"__sessions__s-1": (200, SESSION)})
    with asked(product) as api:
        (listed,) = api.sessions().sessions
        assert (listed.id, listed.name, listed.status, listed.user) == ("s-1", "s-1", "Running", "u")
        assert api.status("s-1") == "Running"
    assert {deviation.key for deviation in met} == {"fields.id", "fields.status", "fields.pod_name"}


def overlay(folder: Path, text: str) -> Profile:
    path = folder / "own.toml"
    path.write_text(text)
    return load(str(path))


def test_list_that_is_the_whole_answer_reads_as_the_plans(tmp_path: Path, met: list[Deviation]) -> None:
    profile = overlay(tmp_path, '[fields]\nsessions = "[]"\nname = "title"\n')
    listed = {"sessionId": "s-1", "title": "one", "status": "Running"}
    product = Product(__sessions=(200, [listed]), __templates=(200, {"templates": []}), __agents=(200, [listed]))
    with asked(product, profile) as api:
        assert [(session.id, session.name) for session in api.sessions().sessions] == [("s-1", "one")]
        assert api.listed(api.call_once("list_templates"), "templates") == []
        with pytest.raises(Unmet, match="a JSON list, not an object"):
            api.call_once("list_agents").object()
    assert {deviation.key for deviation in met} == {"fields.sessions", "fields.name"}


def test_word_in_another_case_becomes_the_plans(met: list[Deviation]) -> None:
    product = Product(__sessions=(200, {"sessions": [{"name": "s-1", "state": "hibernated"}]}))
    with asked(product) as api:
        assert api.sessions().status("s-1") == "Hibernated"
    assert "statuses.hibernated" in {deviation.key for deviation in met}


def test_creation_is_pending_by_its_own_field() -> None:
    product = Product(__sessions=(202, SESSION | {"state": "pending", "status": {"phase": "Pending"}}))
    with asked(product) as api:
        answer = api.create_session("u", "t", None)
    assert answer.object()["sessionId"] == "s-1"
    assert answer.object()["status"] == "pending"
    assert answer.gist.startswith("202 Accepted: {")


def test_connection_names_its_user_and_leads_somewhere() -> None:
    connected = (200, {"sessionUrl": "/viewer/s-1", "ready": True})
    product = Product(**{"__sessions__s-1": (200, SESSION), "__sessions__s-1__connect": connected})
    with asked(product) as api:
        assert api.connect_session("s-1").object()["url"] == f"{api.http.base_url}/viewer/s-1"
    assert product.asked[-1][1] == "/api/v1/sessions/s-1/connect?user=u"


def test_waiting_agent_is_approved(met: list[Deviation]) -> None:
    agents = [{"agentId": "a-1", "status": "online", "approvalStatus": "pending"}]
    agents.append({"agentId": "a-2", "status": "online", "approvalStatus": "approved"})
    product = Product(__admin__agents=(200, {"agents": agents}))
    with asked(product) as api:
        AgentApi(api).all()
        assert {verb for verb, *_ in product.asked} == {"GET"}  # before the run may change anything
        api.approves_agents = True
        assert AgentApi(api).all().online == {"a-1", "a-2"}
    assert [path for verb, path, _ in product.asked if verb == "POST"] == ["/api/v1/admin/agents/a-1/approve"]
    assert "calls.approve_agent" in {deviation.key for deviation in met}


def test_message_of_an_error_may_be_the_error_itself() -> None:
    product = Product(__sessions=(403, {"error": "quota exceeded"}))
    with asked(product) as api:
        assert api.message(api.create_session("u", "t", None)) == "quota exceeded"


def test_template_is_sent_and_read_as_a_manifest() -> None:
    sent = {"name": "t", "image": "i:1", "resources": {"cpu": "1"}, "colour": "red"}
    body = translation.body(SHIPPED, "create_template", sent)
    assert isinstance(body, dict)
    assert (body["name"], body["colour"], "image" in body) == ("t", "red", False)
    assert body["manifest"]["spec"]["baseImage"] == "i:1"
    assert "displayName" not in body["manifest"]["spec"]
    with asked(Product(__templates__t=(200, body | {"id": 7}))) as api:
        told = api.call("get_template", "t").object()
    assert (told["id"], told["image"], told["resources"]) == ("t", "i:1", {"cpu": "1"})


def test_versions_of_a_template_are_read_as_templates_are() -> None:
    kept = [{"version": number, "manifest": {"spec": {"baseImage": f"i:{number}"}}} for number in (1, 2)]
    with asked(Product(__templates__t__versions=(200, {"versions": kept}))) as api:
        told = api.call("list_template_versions", "t").object()["versions"]
    assert [(entry["version"], entry["image"]) for entry in told] == [(1, "i:1"), (2, "i:2")]


def test_mistake_in_place_of_a_table_reaches_the_product() -> None:
    body = translation.body(SHIPPED, "create_template", {"name": "t", "vnc": [5900]})
    assert isinstance(body, dict)
    assert body["manifest"]["spec"]["vnc"] == [5900]


def test_malformed_body_reaches_the_product() -> None:
    assert translation.body(SHIPPED, "create_template", ["no", "object"]) == ["no", "object"]


def test_the_plans_own_answers_are_not_touched(met: list[Deviation]) -> None:
    with asked(Product(__sessions=(200, {"sessions": []})), load()) as api:
        assert api.call("list_sessions").view is None
    assert met == []


def test_call_that_the_product_has_not_does_not_apply() -> None:
    with asked(Product(), load()) as api, pytest.raises(NotApplicable):
        api.call("approve_agent", "a-1")


def test_changed_template_is_read_inside_the_answer() -> None:
    spec = {"baseImage": "i:2", "defaultResources": {"cpu": "1"}}
    inside = {"name": "t", "display_name": "T", "description": "d", "manifest": {"spec": spec}}
    with asked(Product(__templates__t=(200, {"message": "done", "template": inside}))) as api:
        told = api.call("change_template", "t", {"image": "i:2"}).object()
    assert (told["id"], told["name"], told["displayName"], told["description"]) == ("t", "t", "T", "d")
    assert (told["image"], told["resources"]) == ("i:2", {"cpu": "1"})


def test_versions_are_read_in_the_products_places_and_in_the_plans() -> None:
    flat = {"version": 1, "image": "i:1", "resources": {"cpu": "1"}}
    whole = {"version": 2, "manifest": {"spec": {"baseImage": "i:2", "defaultResources": {"cpu": "2"}}}}
    with asked(Product(__templates__t__versions=(200, {"versions": [flat, whole]}))) as api:
        told = api.call("list_template_versions", "t").object()["versions"]
    assert [(version["image"], version["resources"]) for version in told] == [
        ("i:1", {"cpu": "1"}),
        ("i:2", {"cpu": "2"}),
    ]


def test_change_carries_the_fields_that_the_profile_names() -> None:
    assert translation.carries(SHIPPED, "change_template", "image")
    assert not translation.carries(SHIPPED, "change_template", "vnc")
    assert translation.carries(load(), "change_template", "vnc")


def test_field_of_a_request_has_the_products_name_too() -> None:
    names = {field: translation.names_of(SHIPPED, "create_template", field) for field in ("displayName", "image", "x")}
    assert names == {"displayName": {"displayName", "display_name"}, "image": {"image", "baseImage"}, "x": {"x"}}
    assert translation.names_of(load(), "create_template", "image") == {"image"}


@pytest.mark.parametrize(
    ("profile", "password", "may_be_denied"), [(SHIPPED, None, True), (SHIPPED, "pw", False), (load(), None, False)]
)
def test_viewer_may_be_denied_without_the_users_password(
    profile: Profile, password: str | None, may_be_denied: bool
) -> None:
    with HttpClient("http://127.0.0.1:1", "t") as http:
        reason = StreamSpaceApi(http, profile, password).viewer_settings(None).why_denied
    assert (reason is not None) is may_be_denied
    assert reason is None or "STREAMSPACE_USER_PASSWORD is not set" in reason
