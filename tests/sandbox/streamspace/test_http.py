"""The API's refusals: each has a sentence and leaves nothing behind."""

import time
from typing import Any

import httpx
import pytest

from streamspace_sandbox.streamspace.api.auth import Tokens
from tests.support.streamspace_stack import PASSWORD, Api

SESSION = {"user": "testuser", "template": "firefox-browser"}
TEMPLATE = {"name": "t", "image": "streamspace/firefox:v1", "resources": {"cpu": "500m", "memory": "1Gi"}}


def refused(answer: httpx.Response, status: int, *parts: str) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()
    assert answer.status_code == status, answer.text
    assert error.keys() == {"error", "message"}
    for part in parts:
        assert part in error["message"]
    return error


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "empty"),
        (b"{", "not valid JSON"),
        (b'{"user": "a", "user": "b"}', "'user' appears twice"),
        (b'{"user": NaN}', "NaN is not a JSON number"),
        (b'{"user": "a\xff"}', "UTF-8"),
        (b'{"user": "\\ud800", "template": "firefox-browser"}', "UTF-8"),
        (b"[]", "must be a JSON object, not an array"),
        (b'"text"', "must be a JSON object, not a string"),
        (b"null", "must be a JSON object, not null"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"user": ' + b"1" * 5000 + b"}", "a number has more than 100 digits"),
        (b'{"user": "a\nb"}', "Invalid control character at line 1"),
    ],
)
def test_malformed_bodies(api: Api, body: bytes, part: str) -> None:
    refused(api.http.post("/api/v1/sessions", content=body), 400, part)
    assert api.http.get("/api/v1/sessions").json()["total"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user": None}, "'user' must be a string (given: null)"),
        ({"user": True}, "'user' must be a string (given: true)"),
        ({"template": ""}, "'template' must not be empty"),
        ({"template": "x" * 254}, "'template' must hold at most 253 characters"),
        ({"user": 5}, "'user'"),
        ({"user": ""}, "'user'"),
        ({"user": "Test User"}, "'user'"),
        ({"user": "a\u0000"}, "'user'"),
        ({"user": "x" * 28}, "'user'"),
        ({"template": []}, "'template'"),
        ({"resources": "big"}, "'resources'"),
        ({"resources": {"cpu": 1}}, "'resources.cpu'"),
        ({"resources": {"cpu": None}}, "'resources.cpu'"),
        ({"resources": {"cpu": "lots"}}, "'resources.cpu'"),
        ({"resources": {"cpu": "0"}}, "'resources.cpu'"),
        ({"resources": {"cpu": "-1"}}, "'resources.cpu'"),
        ({"resources": {"memory": "2 Gi"}}, "'resources.memory'"),
        ({"resources": {"memory": "1"}}, "'resources.memory'"),
        ({"resources": {"gpu": "1"}}, "'resources.gpu' is unknown"),
        ({"colour": "blue"}, "'colour' is unknown"),
    ],
)
def test_wrong_fields_of_a_session(api: Api, change: dict[str, Any], field: str) -> None:
    refused(api.http.post("/api/v1/sessions", json=SESSION | change), 400, field)
    assert api.http.get("/api/v1/sessions").json()["total"] == 0


def test_missing_fields_are_all_named(api: Api) -> None:
    refused(api.http.post("/api/v1/sessions", json={}), 400, "'user' is missing", "'template' is missing")


def test_an_unknown_template(api: Api) -> None:
    answer = api.http.post("/api/v1/sessions", json=SESSION | {"template": "nobody knows it"})
    assert refused(answer, 404, "nobody knows it")["error"] == "template_not_found"
    assert api.http.get("/api/v1/sessions").json()["total"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"image": "not-a-valid-image:reference::"}, "'image'"),
        ({"image": ""}, "'image'"),
        ({"image": "Upper/Case"}, "'image'"),
        ({"image": None}, "'image'"),
        ({"name": "Not_A_Name"}, "'name'"),
        ({"name": "-t"}, "'name'"),
        ({"resources": {"cpu": "1"}}, "'resources.memory' is missing"),
        ({"resources": {"cpu": "1e", "memory": "1Gi"}}, "'resources.cpu'"),
        ({"displayName": 7}, "'displayName'"),
        ({"vnc": {"port": "5900"}}, "'vnc.port'"),
        ({"vnc": {"port": True}}, "'vnc.port' must be a whole number (given: true)"),
        ({"vnc": {"port": 5900.5}}, "'vnc.port' must be a whole number (given: 5900.5)"),
        ({"vnc": {"port": 70000}}, "'vnc.port'"),
        ({"version": 2}, "'version' is unknown"),
    ],
)
def test_wrong_fields_of_a_template(api: Api, change: dict[str, Any], field: str) -> None:
    refused(api.http.post("/api/v1/templates", json=TEMPLATE | change), 400, field)
    assert api.http.get("/api/v1/templates").json()["total"] == 1


def test_the_plans_own_bad_templates(api: Api) -> None:
    answer = api.http.post("/api/v1/templates", json={"name": "invalid-template"})
    refused(answer, 400, "'image' is missing", "'resources' is missing")


def test_a_body_that_is_too_large(api: Api) -> None:
    answer = api.http.post("/api/v1/sessions", content=b'{"user": "' + b"x" * (1024 * 1024) + b'"}')
    assert refused(answer, 413, "1024 KiB")["error"] == "body_too_large"


def test_unknown_paths_and_wrong_verbs(api: Api) -> None:
    refused(api.http.get("/api/v1/nothing"), 404, "/api/v1/nothing")
    answer = api.http.patch("/api/v1/sessions")
    refused(answer, 405, "PATCH", "GET")
    assert "POST" in answer.headers["Allow"]
    refused(api.http.get("/api/v1/auth/login"), 405)
    for path in ("/api/v1/sessions/none", "/api/v1/sessions/none/connect", "/api/v1/templates/none"):
        refused(api.http.get(path), 404, "none")
    refused(api.http.get("/api/v1/sessions/"), 404, "/api/v1/sessions/")


@pytest.mark.parametrize("path", ["/api/v1/sessions/%00", "/api/v1/templates/a%00", "/vnc/%00"])
def test_names_that_no_store_can_hold(api: Api, path: str) -> None:
    assert refused(api.http.get(path), 404, "NUL")["error"] == "not_found"


def test_parameters_that_no_store_can_hold(api: Api) -> None:
    assert refused(api.http.get("/api/v1/sessions?user=%00"), 400, "'user'")["error"] == "invalid_parameter"


def test_what_is_no_http(api: Api) -> None:
    refused(api.http.request("NONSENSE", "/api/v1/sessions"), 400, "not a valid HTTP request")


PRIVATE = [
    ("GET", "/api/v1/version"),
    ("GET", "/api/v1/sessions"),
    ("POST", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/x"),
    ("POST", "/api/v1/sessions/x/hibernate"),
    ("GET", "/api/v1/templates"),
    ("GET", "/api/v1/agents"),
    ("GET", "/vnc/x"),
]


@pytest.mark.parametrize(("verb", "path"), PRIVATE)
@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer wrong", "Bearer a.b.c", "Basic YWRtaW46eA==", "Bearer \u00e9"]
)
def test_tokens_that_are_missing_or_wrong(api: Api, verb: str, path: str, header: str) -> None:
    answer = httpx.request(verb, f"{api.url}{path}", headers={b"Authorization": header.encode()})
    assert refused(answer, 401)["error"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_tokens_that_are_forged_expired_or_for_something_else(api: Api) -> None:
    forged = Tokens(b"another key").issue("api", "admin", "admin", 60)
    expired = Tokens(b"k").issue("api", "admin", "admin", -1)
    desktop = Tokens(b"k").issue("vnc:x", "admin", "viewer", 60)
    for token, part in ((forged, "not valid for this"), (expired, "expired"), (desktop, "desktop")):
        headers = {"Authorization": f"Bearer {token.text}"}
        refused(httpx.get(f"{api.url}/api/v1/sessions", headers=headers), 401, part)
    good = Tokens(b"k").issue("api", "admin", "admin", 60)
    assert httpx.get(f"{api.url}/api/v1/sessions", headers={"Authorization": f"Bearer {good.text}"}).is_success


def test_login(api: Api) -> None:
    answer = httpx.post(f"{api.url}/api/v1/auth/login", json={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["user"] == {"username": "admin", "role": "admin"}
    assert answer.json()["expiresAt"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for wrong in ({"username": "admin", "password": "x"}, {"username": "nobody", "password": PASSWORD}):
        refused(httpx.post(f"{api.url}/api/v1/auth/login", json=wrong), 401, "user name or the password")
    refused(httpx.post(f"{api.url}/api/v1/auth/login", json={"username": "admin"}), 400, "'password' is missing")


def test_health_and_version_say_exactly_this(api: Api) -> None:
    assert httpx.get(f"{api.url}/health").text == '{"status":"ok"}'
    assert api.http.get("/api/v1/version").json() == {"version": "v2.0-beta.1"}
