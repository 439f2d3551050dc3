"""Rights to a session: what goes beyond a refusal is red, and what cannot be tried is told."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.rights.actions import EXPIRED, OtherUserAttempts, VisitorAttempts
from streamspace_acceptance.domain.rights.attempts import Attempt, Attempts, Kind, attempt_all
from streamspace_acceptance.domain.rights.other_users import OtherUsers
from streamspace_acceptance.outcomes import FoundByCleanUp, NotApplicable, Unmet, Unproven
from streamspace_acceptance.product import rfb, tokens
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.web_server import Respond, says, web_server


def jwt(**claims: object) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def attempts(*succeeded: tuple[Kind, str], trouble: str | None = None) -> Attempts:
    """Each kind by a visitor and with an expired token, of which those given have succeeded."""
    made = [
        Attempt(kind, who, f"call of {kind}", "an answer", (kind, who) in succeeded)
        for kind in Kind
        for who in ("no token", EXPIRED)
    ]
    return Attempts("s", tuple(made), trouble)


def visitors(found: Attempts, expired: str | None = None) -> VisitorAttempts:
    return VisitorAttempts(found, ("no token",), expired)


JUDGES = {
    Kind.SEE: (expect.rights.visitors_see_nothing, expect.rights.other_user_sees_nothing),
    Kind.OPEN: (expect.rights.visitors_open_nothing, expect.rights.other_user_opens_nothing),
    Kind.CHANGE: (expect.rights.visitors_change_nothing, expect.rights.other_user_changes_nothing),
}


def test_attempts_that_were_all_refused_pass() -> None:
    for of_visitors, of_others in JUDGES.values():
        of_visitors(visitors(attempts()))
        of_others(OtherUserAttempts(attempts()))
    expect.rights.expired_token_refused(visitors(attempts()))


@pytest.mark.parametrize("kind", Kind)
def test_attempt_that_succeeds_fails_its_sentence_alone(kind: Kind) -> None:
    found = attempts((kind, "no token"))
    for other, (of_visitors, of_others) in JUDGES.items():
        if other is kind:
            with pytest.raises(Unmet, match=f"call of {kind} with no token: an answer"):
                of_visitors(visitors(found))
            with pytest.raises(Unmet):
                of_others(OtherUserAttempts(found))
        else:
            of_visitors(visitors(found))
            of_others(OtherUserAttempts(found))
    expect.rights.expired_token_refused(visitors(found))


@pytest.mark.parametrize("kind", Kind)
def test_expired_token_that_works_fails_its_sentence_alone(kind: Kind) -> None:
    found = visitors(attempts((kind, EXPIRED), trouble="the session is not listed afterwards"))
    with pytest.raises(Unmet, match="an expired token: an answer"):
        expect.rights.expired_token_refused(found)
    for of_visitors, _ in list(JUDGES.values())[:2]:
        of_visitors(found)
    if kind is Kind.CHANGE:
        expect.rights.visitors_change_nothing(found)


def test_expired_token_worth_what_any_is_passes() -> None:
    expect.rights.expired_token_refused(visitors(attempts((Kind.SEE, EXPIRED), (Kind.SEE, "no token"))))


def test_expired_token_that_is_not_known_does_not_apply() -> None:
    with pytest.raises(NotApplicable, match="set STREAMSPACE_EXPIRED_TOKEN"):
        expect.rights.expired_token_refused(visitors(attempts(), "no expired token is known"))


def test_session_changed_although_refused_fails() -> None:
    found = attempts(trouble="the session is Hibernated afterwards")
    with pytest.raises(Unmet, match="Hibernated afterwards"):
        expect.rights.visitors_change_nothing(visitors(found))
    with pytest.raises(Unmet, match="Hibernated afterwards"):
        expect.rights.other_user_changes_nothing(OtherUserAttempts(found))


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("opaque", "does not say when it expires"),
        ("a.b.c", "does not say when it expires"),
        (jwt(sub="x"), "never says that it expires"),
        (jwt(exp=True), "never says that it expires"),
        (jwt(exp=1e300), "never says that it expires"),
        (jwt(exp=0), "expires at 1970-01-01T00:00:00+00:00"),
        (jwt(exp=1.5), "expires at 1970-01-01T00:00:01+00:00"),
    ],
)
def test_token_tells_of_its_expiry_what_it_says(token: str, told: str) -> None:
    assert tokens.describe_expiry(token) == told


def test_unsigned_token_keeps_its_claims() -> None:
    token = tokens.unsigned(jwt(sub="x"))
    assert token is not None
    assert token.endswith(".")
    assert tokens.claims(token) == {"sub": "x"}
    assert tokens.unsigned("opaque") is None


class Accounts:
    """The users of a product. `answers` are the statuses of a creation, a login and a deletion."""

    def __init__(self, *answers: int, account: object = "u-7") -> None:
        self.creation, self.login, self.deletion = answers
        self.account = account
        self.deleted: list[str] = []
        self.body: dict[str, Any] = {}

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        if request.command == "DELETE":
            self.deleted.append(request.path)
            return says(b'{"error": "e", "message": "m"}', self.deletion)(request)
        sent = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        if request.path.endswith("/login"):
            return says(json.dumps({"token": f"the-token-of-{sent['username']}"}).encode(), self.login)(request)
        self.body = sent
        return says(json.dumps({"id": self.account}).encode(), self.creation)(request)


def users(http: HttpClient, password: str | None = None) -> OtherUsers:
    return OtherUsers(clients_of(http, password))


def clients_of(http: HttpClient, password: str | None = None) -> Clients:
    return Clients(StreamSpaceApi(http, load(), password), cast("Cluster", None), Budgets(0.1))


def test_other_user_is_made_logged_in_and_deleted() -> None:
    product = Accounts(201, 200, 204)
    with web_server(product) as url, HttpClient(url, "t") as http:
        made = users(http)
        user = made.make()
        assert user.token == f"the-token-of-{user.name}"
        assert product.body["username"] == user.name
        assert product.body["password"] not in str(http.log.since(0.0))
        made.clean_up()
        made.clean_up()
    assert product.deleted == ["/api/v1/users/u-7"]


def test_other_user_is_deleted_by_number() -> None:
    product = Accounts(201, 200, 204, account=7)
    with web_server(product) as url, HttpClient(url, "t") as http:
        made = users(http)
        made.make()
        made.clean_up()
    assert product.deleted == ["/api/v1/users/7"]


def test_other_user_has_the_sessions_of_its_own_shard() -> None:
    with web_server(Accounts(201, 200, 204)) as url, HttpClient(url, "t") as http:
        clients = replace(clients_of(http), user_suffix="-s2")
        made = OtherUsers(clients)
        user = made.make()
        made.clean_up()
    assert clients.own_user(user.name) == user.name


def test_other_user_with_known_password_is_not_made() -> None:
    product = Accounts(500, 200, 500)
    with web_server(product) as url, HttpClient(url, "t") as http:
        made = users(http, "a password of all users")
        user = made.make()
        made.clean_up()
    assert (user.name, user.token) == ("testuser2", "the-token-of-testuser2")
    assert (product.body, product.deleted) == ({}, [])


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_product_without_accounts_does_not_apply(status: int) -> None:
    product = Accounts(status, 200, 204)
    with web_server(product) as url, HttpClient(url, "t") as http:
        made = users(http)
        with pytest.raises(NotApplicable, match=str(status)):
            made.make()
        made.clean_up()
    assert product.deleted == []


def test_other_user_who_cannot_log_in_is_unproven() -> None:
    product = Accounts(201, 401, 204)
    with web_server(product) as url, HttpClient(url, "t") as http:
        made = users(http)
        with pytest.raises(Unproven, match="cannot log in"):
            made.make()
        made.clean_up()
    assert product.deleted == ["/api/v1/users/u-7"]


def test_other_user_who_cannot_be_deleted_is_a_finding() -> None:
    with web_server(Accounts(201, 200, 500)) as url, HttpClient(url, "t") as http:
        made = users(http)
        made.make()
        with pytest.raises(FoundByCleanUp, match="refuses to delete users"):
            made.clean_up()


def tried(respond: Respond) -> dict[Kind, bool]:
    """Which kinds of attempts succeed with no token, by the calls of the API alone."""
    with web_server(respond) as url, HttpClient(url, "t") as http:
        session: Any = SimpleNamespace(id="s-1", api=StreamSpaceApi(http, load()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rfb, "attempt", lambda *_, **__: rfb.HandshakeTrouble("refused"))
            patch.setattr("streamspace_acceptance.domain.rights.attempts._trouble", lambda *_: None)
            session.pods = list
            session.api.session = lambda _id: {"user": "testuser"}
            found = attempt_all(session, {"no token": None})
    return {kind: any(attempt.succeeded for attempt in found.of(kind)) for kind in Kind}


LOGIN_PAGE = b"<html>Log in</html>"


@pytest.mark.parametrize(
    "respond",
    [
        says(b"", 302, headers={"Location": "https://login.example.com/"}),
        says(b"", 302, headers={"Location": "/login"}),
        says(LOGIN_PAGE, 200, "text/html; charset=utf-8"),
        says(b'{"error": "e", "message": "m"}', 404),
        says(b'{"error": "e", "message": "too many wrong tokens"}', 429),
        says(b'{"error": "unauthorized", "message": "Log in to see s-1."}', 200),
        lambda request: says(f"<form action='/login?next={request.path}'>".encode(), 200, "text/html")(request),
        lambda request: says(f"<a href='/login?next={quote(request.path, safe='')}'>".encode(), 200, "text/html")(
            request
        ),
    ],
)
def test_way_to_a_login_is_a_refusal(respond: Respond) -> None:
    assert tried(respond) == {Kind.SEE: False, Kind.OPEN: False, Kind.CHANGE: False}


@pytest.mark.parametrize(
    ("respond", "kinds"),
    [
        (says(b'{"status": "Running"}'), {Kind.SEE, Kind.CHANGE}),
        (says(b"<html>s-1 is Running</html>", 200, "text/html"), {Kind.SEE}),
        (says(b'{"url": "http://host/view/s-1"}'), set(Kind)),
    ],
)
def test_answer_with_the_session_is_no_refusal(respond: Respond, kinds: set[Kind]) -> None:
    assert {kind for kind, succeeded in tried(respond).items() if succeeded} == kinds


def test_list_of_other_sessions_does_not_show_one_of_a_longer_name() -> None:
    others = says(b'{"sessions": [{"sessionId": "s-12"}, {"sessionId": "a-s-1"}], "total": 2}')

    def respond(request: BaseHTTPRequestHandler) -> None:
        (others if request.path.partition("?")[0].endswith("/sessions") else says(b"null"))(request)

    assert tried(respond)[Kind.SEE] is False
