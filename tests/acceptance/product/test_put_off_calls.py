"""Calls that a gateway puts off for a while, and pages that are kept packed."""

import gzip
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import api as product_api
from streamspace_acceptance.product import responses
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer, RateLimited
from streamspace_acceptance.product.profile import load
from tests.support.web_server import Respond, says, web_server

DATE = "Mon, 30 Nov 2026 12:00:00 GMT"
PAGE = b"<!doctype html><title>Desktop</title>"


class Limiting:
    """A gateway that puts off the first calls, and says until when."""

    def __init__(self, retry_after: str, times: int = 1) -> None:
        self.retry_after = retry_after
        self.left = times

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        self.left -= 1
        if self.left < 0:
            return says(b'{"sessions": []}')(request)
        request.send_response_only(429)
        for name, value in (("Date", DATE), ("Retry-After", self.retry_after), ("Content-Length", "3")):
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(b"429")
        return None


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(product_api, "pause", lambda wait_seconds, _: seconds.append(wait_seconds))
    return seconds


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("2", 2.0), ("Mon, 30 Nov 2026 12:00:03 GMT", 3.0), ("Mon, 30 Nov 2026 11:59:00 GMT", 0.1)],
)
def test_question_that_a_gateway_puts_off_is_asked_again(waited: list[float], retry_after: str, seconds: float) -> None:
    with web_server(Limiting(retry_after)) as url, HttpClient(url, "t") as client:
        assert StreamSpaceApi(client, load()).sessions().ids == frozenset()
    assert waited == [seconds]


@pytest.mark.parametrize("retry_after", ["60", "Mon, 30 Nov 2026 12:01:00 GMT", "soon"])
def test_question_that_a_gateway_puts_off_for_long_is_limited(waited: list[float], retry_after: str) -> None:
    with web_server(Limiting(retry_after)) as url, HttpClient(url, "t") as client, pytest.raises(RateLimited):
        StreamSpaceApi(client, load()).sessions()
    assert waited == []


def test_creation_that_a_gateway_puts_off_is_not_repeated(waited: list[float]) -> None:
    limiting = Limiting("1")
    with web_server(limiting) as url, HttpClient(url, "t") as client, pytest.raises(RateLimited):
        StreamSpaceApi(client, load()).create_session("u", "t", None)
    assert (waited, limiting.left) == ([], 0)


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)], ids=["gzip", "deflate"]
)
def test_page_that_is_kept_packed_is_unpacked(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = says(pack(PAGE), content_type="text/html", headers={"Content-Encoding": encoding})
    with web_server(packed) as url, HttpClient(url, "t") as client:
        assert client.page(url).body == PAGE
        with pytest.raises(NoAnswer, match="compressed, although"):
            client.call("GET", "/api/v1/sessions")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (gzip.compress(b"x" * 2000), "holds more than 1000 bytes"),
        (gzip.compress(PAGE)[:-9], "ends too early"),
        (PAGE, "incorrect header"),
    ],
    ids=["too-long", "cut", "not-packed"],
)
def test_packed_page_that_cannot_be_read_is_no_page(monkeypatch: pytest.MonkeyPatch, body: bytes, words: str) -> None:
    monkeypatch.setattr(responses, "BODY_BYTES", 1000)
    packed = says(body, content_type="text/html", headers={"Content-Encoding": "gzip"})
    with web_server(packed) as url, HttpClient(url, "t") as client, pytest.raises(NoAnswer, match=words):
        client.page(url)


def test_answer_in_another_form_than_a_list_still_fails_after_a_limit(waited: list[float]) -> None:
    answers: list[Respond] = [Limiting("1"), says(b'{"error": "internal", "message": "No."}', 500)]

    def respond(request: BaseHTTPRequestHandler) -> None:
        (answers.pop(0) if len(answers) > 1 else answers[0])(request)

    with web_server(respond) as url, HttpClient(url, "t") as client, pytest.raises(Unmet, match="500"):
        StreamSpaceApi(client, load()).sessions()
    assert waited == [1.0]
