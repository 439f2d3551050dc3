"""Users and what they may do: a session is its own user's and the administrator's business."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from streamspace_sandbox.streamspace.api.auth import Tokens
from tests.support.streamspace_stack import Api, FakeAgent

MALLORY = {"username": "mallory", "password": "a-password", "email": "m@x", "fullName": "Mallory"}


@contextmanager
def logged_in(api: Api, name: str = "mallory") -> Iterator[httpx.Client]:
    """A client of an ordinary user."""
    assert api.http.post("/api/v1/users", json=MALLORY | {"username": name}).status_code == 201
    answer = httpx.post(f"{api.url}/api/v1/auth/login", json={"username": name, "password": MALLORY["password"]})
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    with httpx.Client(base_url=api.url, headers=bearer, timeout=10) as client:
        yield client


@pytest.fixture
def mallory(api: Api) -> Iterator[httpx.Client]:
    with logged_in(api) as client:
        yield client


@pytest.fixture
def session(api: Api, agent: Callable[..., FakeAgent]) -> str:
    """A running session of testuser."""
    agent("a")
    session_id: str = api.create()["sessionId"]
    api.await_status(session_id, "Running")
    return session_id


def test_user_created_and_deleted_is_known_and_forgotten(api: Api) -> None:
    made = api.http.post("/api/v1/users", json=MALLORY)
    assert made.status_code == 201
    assert made.json() == {"id": "mallory", "username": "mallory", "role": "user"}
    assert api.http.post("/api/v1/users", json=MALLORY).status_code == 409
    assert api.http.delete("/api/v1/users/mallory").status_code == 204
    assert api.http.delete("/api/v1/users/mallory").status_code == 404
    assert api.http.delete("/api/v1/users/admin").status_code == 409


@pytest.mark.parametrize("change", [{"password": "short"}, {"username": "Not A Name"}, {"role": "admin"}])
def test_user_with_a_mistake_is_refused(api: Api, change: dict[str, str]) -> None:
    assert api.http.post("/api/v1/users", json=MALLORY | change).status_code == 400


def test_token_of_a_deleted_user_is_refused(api: Api, mallory: httpx.Client) -> None:
    assert mallory.get("/api/v1/sessions").status_code == 200
    api.http.delete("/api/v1/users/mallory")
    assert mallory.get("/api/v1/sessions").status_code == 401


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/api/v1/users"),
        ("DELETE", "/api/v1/users/testuser"),
        ("POST", "/api/v1/templates"),
        ("PUT", "/api/v1/templates/firefox-browser"),
        ("DELETE", "/api/v1/templates/firefox-browser"),
        ("GET", "/api/v1/agents"),
    ],
)
def test_what_needs_an_administrator_is_refused(mallory: httpx.Client, verb: str, path: str) -> None:
    answer = mallory.request(verb, path, json={} if verb in ("POST", "PUT") else None)
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("verb", "suffix"), [("GET", ""), ("GET", "/connect"), ("POST", "/hibernate"), ("POST", "/wake"), ("DELETE", "")]
)
def test_session_of_another_user_is_unknown(
    api: Api, mallory: httpx.Client, session: str, verb: str, suffix: str
) -> None:
    answer = mallory.request(verb, f"/api/v1/sessions/{session}{suffix}")
    assert (answer.status_code, answer.json()["error"]) == (404, "session_not_found")
    assert api.session(session)["status"] == "Running"


def test_list_holds_ones_own_sessions_alone(api: Api, mallory: httpx.Client, session: str) -> None:
    own = mallory.post("/api/v1/sessions", json={"user": "mallory", "template": "firefox-browser"})
    assert own.status_code == 201
    for query in ("", "?user=testuser", "?user=mallory"):
        listed = mallory.get(f"/api/v1/sessions{query}").json()
        assert session not in str(listed)
    assert [entry["sessionId"] for entry in mallory.get("/api/v1/sessions").json()["sessions"]] == [
        own.json()["sessionId"]
    ]
    assert mallory.delete(f"/api/v1/sessions/{own.json()['sessionId']}").status_code == 202


def test_session_for_somebody_else_is_refused(api: Api, mallory: httpx.Client) -> None:
    answer = mallory.post("/api/v1/sessions", json={"user": "testuser", "template": "firefox-browser"})
    assert answer.status_code == 403
    assert api.http.get("/api/v1/sessions").json()["total"] == 0


def test_desktop_of_another_user_stays_closed(api: Api, mallory: httpx.Client, session: str) -> None:
    token = mallory.headers["Authorization"].removeprefix("Bearer ")
    other = Tokens(b"k").issue("vnc:another", "testuser", "viewer", 60).text
    for text, status in ((token, 404), (other, 401)):
        assert httpx.get(f"{api.url}/vnc/{session}?token={text}").status_code == status
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"ws://127.0.0.1:{api.port}/api/v1/vnc/{session}?token={text}"),
        ):
            pass
        assert refused.value.response.status_code == status
