"""Logging in: a product that accepts everybody fails as one that accepts nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.deployment import login
from streamspace_acceptance.domain.deployment.credentials import Credentials
from streamspace_acceptance.domain.deployment.health import ask
from streamspace_acceptance.domain.deployment.login import LoginClient, altered, altered_at_the_end
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Wait
from tests.support.web_server import Respond, says, web_server

RUNS_OWN, NEW = "the-token-of-the-run", "eyJh.eyJz.c2lnbmF0dXJl"
PASSWORD = "k7-Zq"
Body = dict[str, Any]


class Product:
    """A StreamSpace's login and list of sessions, with the parts that a test spoils."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []
        self.right: list[bool] = []
        self.knows: Callable[[str], bool] = lambda password: password == PASSWORD
        self.knows_name: Callable[[str], bool] = lambda name: name == "admin"
        self.accepts: Callable[[str | None], bool] = lambda token: token in (RUNS_OWN, NEW)
        self.login: Body = {"token": NEW}
        self.open: tuple[str, ...] = ()
        self.reads_first = False
        self.leads_to = ""
        self.fails = ""
        self.refuses = ""
        self.status_of_failure = 500

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = token if scheme == "Bearer" else None
        self.seen.append((request.path, given))
        if request.path.endswith("/login"):
            sent = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            self.right.append((sent["username"], sent["password"]) == ("admin", PASSWORD))
            is_known = self.knows(sent["password"]) and self.knows_name(sent["username"])
            return self._answer(request, self.login if is_known else None)
        if request.path == self.fails:
            return says(b'{"error": "internal", "message": "Something went wrong."}', self.status_of_failure)(request)
        if self.refuses and request.path.startswith(self.refuses):
            return self._answer(request, None)
        if request.path in self.open:
            return self._answer(request, {"templates": []})
        if self.reads_first and request.path.endswith("/hibernate"):
            return says(b'{"error": "session_not_found", "message": "There is no such session."}', 404)(request)
        return self._answer(request, {"sessions": []} if self.accepts(given) else None)

    def _answer(self, request: BaseHTTPRequestHandler, body: Body | None) -> None:
        if body is None and self.leads_to and not request.path.endswith("/login"):
            request.send_response(302)
            request.send_header("Location", self.leads_to)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        says(json.dumps(body or {"error": "unauthorized"}).encode(), 200 if body is not None else 401)(request)


@contextmanager
def door(respond: Respond) -> Iterator[LoginClient]:
    with web_server(respond) as url, HttpClient(url, RUNS_OWN) as http:
        yield LoginClient(http, load())


def judge(respond: Respond) -> None:
    with door(respond) as found:
        expect.deployment.login_works(found.try_out(Credentials("admin", PASSWORD, "the log")), found)


def test_a_sound_login_opens_and_never_with_the_runs_own_token() -> None:
    product = Product()
    judge(product)
    assert RUNS_OWN not in [token for _, token in product.seen]
    assert [token for path, token in product.seen if path.endswith("/login")] == [None] * 13
    assert NEW in [token for _, token in product.seen]


@pytest.mark.parametrize("place", ["/login?next=/api/v1/sessions", "https://accounts.example.com/realms/desktops"])
def test_a_call_that_is_led_to_a_login_is_refused(place: str) -> None:
    product = Product()
    product.leads_to = place
    judge(product)


def test_a_token_that_one_call_refuses_names_the_call() -> None:
    product = Product()
    product.refuses = "/api/v1/agents"
    with pytest.raises(Unmet, match="GET /api/v1/agents takes other tokens"):
        judge(product)


def test_token_of_an_ordinary_user_is_not_the_administrators() -> None:
    product = Product()
    product.fails, product.status_of_failure = "/api/v1/templates", 403
    with pytest.raises(Unmet, match="POST /api/v1/templates with the token of the administrator's login") as caught:
        judge(product)
    assert caught.value.expected == "the rights of an administrator"


def test_a_password_without_letters_has_no_other_case() -> None:
    product = Product()
    product.knows = lambda password: password == "1234"
    with door(product) as found:
        tried = found.try_out(Credentials("admin", "1234", "the log"))
    assert "the password in another case" not in tried.wrong_logins


def test_a_call_that_is_led_elsewhere_on_the_same_server_is_not_refused() -> None:
    product = Product()
    product.leads_to = "/desktops/all"
    with pytest.raises(Unmet, match="does not check tokens"):
        judge(product)


@pytest.mark.parametrize("status", [500, 200])
def test_call_that_fails_with_every_token_is_not_open(status: int) -> None:
    product = Product()
    product.fails, product.status_of_failure = "/api/v1/agents", status
    judge(product)


@pytest.mark.parametrize("status", [500, 200])
def test_login_that_fails_is_not_blamed_on_the_credentials(status: int) -> None:
    with pytest.raises(Unmet, match="the API fails at logins"):
        judge(says(b'{"error": "internal", "message": "Something went wrong."}', status))


@pytest.mark.parametrize("body", [b"<h1>429</h1>", b'{"error": "too_many", "message": "Too many logins."}'])
def test_logins_that_are_limited_are_waited_for(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    waited, left, product = list[float](), [5], Product()

    def go_on(wait: Wait) -> None:
        waited.append(wait.budget.seconds)
        left[0] = 5

    def respond(request: BaseHTTPRequestHandler) -> None:
        left[0] -= request.path.endswith("/login")
        if left[0] < 0 and request.path.endswith("/login"):
            says(body, 429, headers={"Retry-After": "30"})(request)
        else:
            product(request)

    monkeypatch.setattr(login, "elapse", go_on)
    judge(respond)
    assert waited == [30.0, 30.0]
    product.knows = lambda _: True
    with pytest.raises(Unmet, match="any password is accepted"):
        judge(respond)


def test_logins_that_are_limited_for_long_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "elapse", lambda _: None)
    for seconds in ("600", "50"):  # the latter again and again
        with (
            pytest.raises(NoAnswer, match="calls is limited"),
            door(says(b"429", 429, headers={"Retry-After": seconds})) as found,
        ):
            found.log_in("admin", PASSWORD)


def test_wrong_logins_do_not_follow_each_other() -> None:
    product = Product()
    judge(product)
    assert product.right == [True, *[False, True] * 6]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"login": {}},
        {"login": {"token": ""}},
        {"login": {"token": None}},
        {"login": {"token": 7}},
        {"login": {"token": "two words"}},
        {"login": {"access_token": NEW}},
        {"accepts": lambda token: token == RUNS_OWN},
        {"accepts": lambda _token: True},
        {"accepts": lambda token: token is not None},
        {"accepts": lambda token: token is not None and token.count(".") == 2},
        {"accepts": lambda token: token is None or token == NEW},
        {"open": ("/api/v1/agents",)},
        {"open": ("/api/v1/templates",)},
        {"reads_first": True},
        {"leads_to": "/api/v1/sessions/"},
        {"knows": lambda _password: True},
        {"knows": lambda _password: False},
        {"knows": lambda password: password.endswith(PASSWORD)},
        {"knows": lambda password: password[:4] == PASSWORD[:4]},
        {"knows": lambda password: password.startswith(PASSWORD)},
        {"knows": lambda password: password.lower() == PASSWORD.lower()},
        {"accepts": lambda token: token is not None and token[:12] == NEW[:12]},
        {"refuses": "/api/v1/templates"},
        {"knows_name": lambda _name: True},
        {"knows": lambda password: password in (PASSWORD, "")},
    ],
)
def test_a_login_that_is_not_as_it_should_be(spoiled: dict[str, Any]) -> None:
    product = Product()
    for name, value in spoiled.items():
        setattr(product, name, value)
    with pytest.raises(Unmet):
        judge(product)


@pytest.mark.parametrize("respond", [says(b"{}"), says(b"<html>"), says(b"", 500), says(b'{"sessions": []}')])
def test_a_server_that_says_the_same_to_everything(respond: Respond) -> None:
    with pytest.raises(Unmet):
        judge(respond)


def test_login_without_a_token_is_judged_by_its_own_answer() -> None:
    """A server that fails at logins may end each connection after its answer, and so cut the next one."""
    with web_server(says(b"{}", 500)) as url, HttpClient(url, RUNS_OWN) as http:
        client = LoginClient(http, load())
        found = client.try_out(Credentials("admin", PASSWORD, "the log"))
        assert http.logins == 1
        with pytest.raises(Unmet, match="fails at logins"):
            expect.deployment.login_works(found, client)


def test_a_login_that_is_not_answered() -> None:
    with HttpClient("http://127.0.0.1:9", RUNS_OWN) as http, pytest.raises(Unmet):
        LoginClient(http, load()).try_out(Credentials("admin", PASSWORD, "the log"))


def test_no_exchange_shows_a_password() -> None:
    with web_server(Product()) as url, HttpClient(url, RUNS_OWN) as http:
        LoginClient(http, load()).try_out(Credentials("admin", PASSWORD, "the log"))
        assert PASSWORD not in str(http.log.since(0.0))


@pytest.mark.parametrize("token", ["a.b.c", "a.b.A", "opaque", "A", "a.b."])
def test_an_altered_token_is_another_one(token: str) -> None:
    assert altered(token) != token
    assert altered_at_the_end(token) != token


@pytest.mark.parametrize(
    ("body", "status", "well"),
    [
        (b'{"status": "ok"}', 200, True),
        (b'{"status": "ok", "version": "v2"}', 200, True),
        (b'{"status": "ok"}', 503, False),
        (b'{"status": "degraded"}', 200, False),
        (b'{"status": "not ok"}', 200, False),
        (b'{"status": true}', 200, False),
        (b"{}", 200, False),
        (b"ok", 200, False),
        (b"<html>ok</html>", 200, False),
    ],
)
def test_health_is_a_word_and_not_a_status(body: bytes, status: int, well: bool) -> None:
    with web_server(says(body, status)) as url, HttpClient(url, RUNS_OWN) as http:
        assert ask(StreamSpaceApi(http, load())).well is well


def test_an_api_that_is_not_there_is_not_well() -> None:
    with HttpClient("http://127.0.0.1:9", RUNS_OWN) as http:
        assert not ask(StreamSpaceApi(http, load())).well
