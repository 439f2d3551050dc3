"""The HTTP client gives an answer or NoAnswer, in time, whatever the server does."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from itertools import count

import pytest

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import api as product_api
from streamspace_acceptance.product import http, responses
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer, Unanswered
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.redaction import redactor
from tests.support.samples import answer
from tests.support.web_server import says, web_server


def api(client: HttpClient) -> StreamSpaceApi:
    return StreamSpaceApi(client, load())


def test_an_answer_and_its_exchange() -> None:
    with web_server(says(b'{"sessions": []}')) as url, HttpClient(url, "secret-token") as client:
        answer = client.call("GET", "/api/v1/sessions")
        ((exchange, times),) = client.log.since(0)
    assert (answer.status, answer.object()) == (200, {"sessions": []})
    assert answer.sent_at <= answer.received_at
    assert (exchange.status, times) == (200, 1)
    assert "secret-token" not in repr(exchange)


def test_equal_polls_are_logged_once() -> None:
    with web_server(says(b"{}")) as url, HttpClient(url, "t") as client:
        for _ in range(3):
            client.call("GET", "/x")
        assert [times for _, times in client.log.since(0)] == [3]


@pytest.mark.parametrize(("idle", "connections"), [(60.0, 1), (0.0, 2)])
def test_http_idle_connection_is_not_reused(monkeypatch: pytest.MonkeyPatch, idle: float, connections: int) -> None:
    """Its server may be about to close it: the call would have no answer, though nothing is wrong."""
    monkeypatch.setattr(http, "IDLE_SECONDS", idle)
    ports = set()

    def respond(request: BaseHTTPRequestHandler) -> None:
        ports.add(request.client_address[1])
        request.protocol_version, request.close_connection = "HTTP/1.1", False
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    with web_server(respond) as url, HttpClient(url, "t") as client:
        for _ in range(2):
            client.call("GET", "/")
    assert len(ports) == connections


def test_nobody_listens() -> None:
    with web_server(says(b"")) as url:
        pass
    with HttpClient(url, "t") as client, pytest.raises(NoAnswer, match="refused"):
        client.call("GET", "/")


def test_connection_that_ends_without_an_answer_is_told_from_others() -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True

    with web_server(respond) as url, HttpClient(url, "t") as client, pytest.raises(Unanswered) as ended:
        client.call("GET", "/")
    assert ended.value.is_cut
    with HttpClient(url, "t") as client, pytest.raises(NoAnswer) as refused:
        client.call("GET", "/")
    assert not isinstance(refused.value, Unanswered)


def test_an_answer_that_drips_for_ever_is_abandoned() -> None:
    abandoned = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not abandoned.wait(0.01):
            request.wfile.write(b" ")
            request.wfile.flush()

    def drip_headers(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not abandoned.wait(0.01):
            request.wfile.write(b"X: y\r\n")
            request.wfile.flush()

    for respond in (drip, drip_headers):
        abandoned.clear()
        with web_server(respond) as url, HttpClient(url, "t") as client, pytest.raises(NoAnswer):
            client.call("GET", "/", seconds=0.3)  # the server drips until it is over
        abandoned.set()


def test_an_answer_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "BODY_BYTES", 1000)
    with web_server(says(b"x" * 1001)) as url, HttpClient(url, "t") as client, pytest.raises(NoAnswer, match="longer"):
        client.call("GET", "/")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff{}", b"<html>", b"[" * 9999]
)
def test_only_a_strict_json_object_is_read(body: bytes) -> None:
    with web_server(says(body)) as url, HttpClient(url, "t") as client, pytest.raises(Unmet, match="JSON object"):
        client.call("GET", "/").object()


def test_a_byte_order_mark_is_ignored() -> None:
    with web_server(says(b'\xef\xbb\xbf{"a": 1}')) as url, HttpClient(url, "t") as client:
        assert client.call("GET", "/").object() == {"a": 1}


def test_a_list_of_sessions_is_read_by_type() -> None:
    sessions: list[object] = [
        {"sessionId": "a", "status": "Running", "user": "u", "template": "t", "name": "a"},
        {"sessionId": 7, "status": "Running"},
        {"sessionId": "b"},
        "c",
        {"sessionId": "d", "status": ["Running"]},
    ]
    with web_server(says(json.dumps({"sessions": sessions}).encode())) as url, HttpClient(url, "t") as client:
        listed = api(client).sessions()
    assert listed.ids == {"a", "b", "d"}
    assert (listed.status("a"), listed.times("a"), listed.status("c")) == ("Running", 1, None)
    assert [listed.status(name) for name in "bd"] == [
        "null, which is not a status",
        '["Running"], which is not a status',
    ]


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 200), (b'{"sessions": {}}', 200), (b'{"sessions": []}', 500), (b"oops", 200)]
)
def test_no_list_of_sessions_is_a_failure(body: bytes, status: int) -> None:
    with web_server(says(body, status)) as url, HttpClient(url, "t") as client, pytest.raises(Unmet):
        api(client).sessions()


def test_two_entries_of_a_session_that_disagree_are_no_status() -> None:
    both = [{"sessionId": "a", "status": status} for status in ("Running", "Pending")]
    with web_server(says(json.dumps({"sessions": both}).encode())) as url, HttpClient(url, "t") as client:
        assert api(client).sessions().status("a") == "Pending and Running"


@pytest.mark.parametrize(
    "body", [b'{"sessionId": "b", "status": "Running"}', b'{"sessionId": "a", "status": 1}', b"{}"]
)
def test_the_status_of_another_session_is_no_answer(body: bytes) -> None:
    with web_server(says(body)) as url, HttpClient(url, "t") as client, pytest.raises(Unmet):
        api(client).status("a")


def test_an_id_stays_one_segment_of_the_path() -> None:
    assert load().calls["get_session"].to("a/../b?c") == "/api/v1/sessions/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_in_the_apis_place_is_no_answer(status: int) -> None:
    for content_type, gateways in (("text/html", True), ("application/json; charset=utf-8", False)):
        respond = says(b'{"error": "x"}', status, content_type)
        with web_server(respond) as url, HttpClient(url, "t") as client:
            if gateways:
                with pytest.raises(NoAnswer, match=f"a gateway before the API says {status}"):
                    client.call("POST", "/api/v1/sessions", {})
            else:
                assert client.call("POST", "/api/v1/sessions", {}).status == status
            assert client.lost_calls == int(gateways)


OWN_REFUSAL = b'{"error": "too_many", "message": "Too many sessions are starting."}'


@pytest.mark.parametrize(
    ("body", "content_type", "everywhere", "own"),
    [
        (OWN_REFUSAL, "application/json", False, True),
        (OWN_REFUSAL, "application/json", True, False),
        (b'{"message": "API rate limit exceeded"}', "application/json", False, False),
        (b"<h1>429</h1>", "text/html", False, False),
    ],
)
def test_429_is_the_products_in_its_own_form_while_other_calls_go_on(
    body: bytes, content_type: str, everywhere: bool, own: bool
) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        if everywhere or request.command == "POST":
            says(body, 429, content_type)(request)
        else:
            says(b'{"sessions": []}')(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        if own:
            assert api(client).create_session("u", "t", None).status == 429
        else:
            with pytest.raises(NoAnswer, match="calls is limited"):
                api(client).create_session("u", "t", None)


@pytest.mark.parametrize(
    ("method", "retry_after", "limited", "asked"),
    [("GET", "1", 1, 2), ("GET", "soon", 1, 1), ("GET", "11", 1, 1), ("GET", "0", 2, 3), ("POST", "1", 1, 1)],
)
def test_question_that_is_limited_is_asked_again_as_told(
    monkeypatch: pytest.MonkeyPatch, method: str, retry_after: str, limited: int, asked: int
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(product_api, "pause", lambda seconds, _: calls.append("pause"))

    def respond(request: BaseHTTPRequestHandler) -> None:
        is_control = request.path == "/api/v1/agents" or request.command != method
        calls.append("control" if is_control else "call")
        if is_control or calls.count("call") > limited:
            says(b'{"sessions": []}')(request)
            return
        request.send_response(429)
        request.send_header("Retry-After", retry_after)
        request.send_header("Content-Type", "application/json")
        request.end_headers()
        request.wfile.write(OWN_REFUSAL)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        answer = api(client).call("list_sessions" if method == "GET" else "create_session", body=None)
    assert (calls.count("call"), answer.status) == (asked, 200 if asked > limited else 429)


def test_503_of_html_is_a_gateways() -> None:
    page = says(b"<h1>503</h1>", 503, "text/html")
    says_so = pytest.raises(NoAnswer, match="a gateway before the API says 503")
    with web_server(page) as url, HttpClient(url, "t") as client, says_so:
        client.call("GET", "/api/v1/sessions")


@pytest.mark.parametrize(("refused", "broken"), [(("/api/v1/templates",), False), (("/api/v1/", ""), True)])
def test_a_token_is_no_good_only_when_it_is_refused_elsewhere_too(refused: tuple[str, ...], broken: bool) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        says(b'{"sessions": []}', 401 if request.path.startswith(refused) else 200)(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        with pytest.raises(NoAnswer if broken else Unmet) as caught:
            api(client).template_names()
        assert ("no longer accepted" in str(caught.value)) == broken
        assert client.lost_calls == int(broken)


def test_changing_tokens_are_masked_without_being_registered() -> None:
    """As of a list of sessions, each with an address that is signed anew, asked for as often as a wait asks."""
    numbers = count()

    def respond(request: BaseHTTPRequestHandler) -> None:
        one = {"url": f"http://a/?token=signed-anew-{next(numbers)}", "vncToken": f"made-anew-{next(numbers)}"}
        sessions = [one]
        says(json.dumps({"sessions": sessions}).encode())(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        for _ in range(300):
            client.call("GET", "/api/v1/sessions")
        exchange, _ = client.log.since(0)[-1]
    assert "made-anew-599" in exchange.response
    assert "signed-anew" not in redactor.redact(exchange.response)
    assert "made-anew" not in redactor.redact(exchange.response)
    learned = [number for number in range(600) if redactor.redact(f"made-anew-{number}") == redactor.MASK]
    assert 0 < len(learned) < 100


REFUSAL = b'{"error": "too_many_creations", "message": "Too many sessions are starting."}'


@pytest.mark.parametrize(
    ("body", "server", "all_calls", "own"),
    [
        (REFUSAL, "streamspace", False, True),
        (REFUSAL, "nginx", False, False),
        (REFUSAL, "streamspace", True, False),
        (b"<html>429 Too Many Requests</html>", "streamspace", False, False),
        (b'{"message": "API rate limit exceeded"}', "streamspace", False, False),
    ],
)
def test_429_is_the_apis_own_or_a_gateways(body: bytes, server: str, all_calls: bool, own: bool) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        limited = request.command == "POST" or all_calls
        request.server_version, request.sys_version = server if limited else "streamspace", ""
        says(body if limited else b'{"sessions": []}', 429 if limited else 200)(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        if own:
            assert api(client).create_session("u", "t", None).status == 429
            return
        with pytest.raises(http.RateLimited, match="the rate of calls is limited"):
            api(client).create_session("u", "t", None)


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"X-Cache": "HIT"}, "X-Cache: HIT"),
        ({"X-Cache": "Hit from cloudfront"}, "X-Cache: Hit from cloudfront"),
        ({"X-Cache": "MISS"}, ""),
        ({"Age": "12"}, "Age: 12"),
        ({"Age": "0"}, ""),
        ({"Age": "soon"}, ""),
        ({}, ""),
    ],
)
def test_answer_of_a_cache_is_known_by_its_header(headers: dict[str, str], kept: str) -> None:
    with web_server(says(b"", headers=headers)) as url, HttpClient(url, "t") as client:
        answer = client.call("GET", "/")
    assert answer.kept == kept
    assert answer.likely("lost") == (f"the answer is an earlier one, from a cache ({kept})" if kept else "lost")


def cookies_of(calls: Callable[[HttpClient, str], object]) -> list[str | None]:
    """The cookies of each request to a server whose every answer sets one."""
    cookies = list[str | None]()

    def respond(request: BaseHTTPRequestHandler) -> None:
        cookies.append(request.headers["Cookie"])
        says(b"{}", headers={"Set-Cookie": "session=of-the-administrator; Path=/"})(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        calls(client, url)
    return cookies


def test_cookie_of_an_earlier_answer_does_not_go_with_a_call() -> None:
    assert cookies_of(lambda client, _: (client.call("GET", "/x"), client.call_as(None, "GET", "/x"))) == [None, None]


def test_page_gets_no_cookie_of_an_earlier_answer() -> None:
    def log_in_and_look_twice(client: HttpClient, url: str) -> None:
        client.call("POST", "/login")
        client.page(f"{url}/vnc")
        client.page(f"{url}/vnc")

    assert cookies_of(log_in_and_look_twice) == [None, None, None]


def test_page_keeps_its_cookie_over_a_redirect() -> None:
    cookies = list[str | None]()

    def respond(request: BaseHTTPRequestHandler) -> None:
        cookies.append(request.headers["Cookie"])
        headers = {"Set-Cookie": "viewer=1; Path=/", "Location": "/b"}
        says(b"", 302 if request.path == "/a" else 200, headers=headers)(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        assert client.page(f"{url}/a").status == 200
    assert cookies == [None, "viewer=1"]


def test_answers_are_asked_for_in_english() -> None:
    asked: list[str] = []

    def respond(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers.get("Accept-Language", ""))
        says(b"{}")(request)

    with web_server(respond) as url, HttpClient(url, "t") as client:
        client.call("GET", "/")
        client.page(f"{url}/page")
    assert asked == ["en", "en"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "unauthorized", "message": "A token is required."}, "A token is required."),
        ({"title": "Forbidden", "detail": "not yours"}, "not yours"),
        ({"error": "unauthorized"}, '{"error": "unauthorized"}'),
        (b"<html>no</html>", "<html>no</html>"),
    ],
)
def test_words_of_an_answer_are_its_message_or_its_beginning(body: object, words: str) -> None:
    assert answer(body, 401).words() == words
