"""Calls without a complete answer: an API that answers others is to blame, a network that cuts one answer is not."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import http as http_module
from streamspace_acceptance.product import unanswered
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer, Unanswered
from streamspace_acceptance.product.profile import load
from tests.support.web_server import says, web_server

SESSIONS, AGENTS = "/api/v1/sessions", "/api/v1/agents"
BODY = json.dumps({"sessions": [], "agents": []}).encode()
SECONDS = 0.6


class Product:
    """An API that hangs at the paths of `hangs`, and cuts its answers where `cuts` says so of a path and a number.

    Of those it sends the beginning, or nothing where `begins` is not set.
    """

    def __init__(
        self,
        hangs: tuple[str, ...] = (),
        cuts: Callable[[str, int], bool] = lambda *_: False,
        *,
        begins: bool = True,
    ) -> None:
        self._hangs, self._cuts, self._begins = hangs, cuts, begins
        self._asked = 0
        self.is_over = threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        if any(path.startswith(hanging) for hanging in self._hangs):
            self.is_over.wait(5)
        self._asked += 1
        if not self._cuts(path, self._asked):
            return says(BODY)(request)
        request.close_connection = True
        if not self._begins:
            return None
        request.send_response(200)
        request.send_header("Content-Length", str(len(BODY)))
        request.end_headers()
        request.wfile.write(BODY[:9])
        return None


@contextmanager
def api_of(product: Product) -> Iterator[StreamSpaceApi]:
    with web_server(product) as url, HttpClient(url, "t") as http:
        yield StreamSpaceApi(http, load())
        product.is_over.set()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr("streamspace_acceptance.deadline.LOOK_UP_SECONDS", 0.1)


def test_call_that_hangs_while_others_are_answered_fails() -> None:
    with api_of(Product((SESSIONS,))) as api, pytest.raises(Unmet, match=r"meanwhile \d other calls were answered"):
        api.call("list_sessions", seconds=SECONDS)


def test_call_that_hangs_as_all_others_do_is_no_failure() -> None:
    with api_of(Product(("/",))) as api, pytest.raises(Unanswered, match=r"no complete answer|timed out"):
        api.call("list_sessions", seconds=SECONDS)


@pytest.mark.parametrize(
    "cuts",
    [
        lambda path, asked: path == SESSIONS and asked % 5 == 1,
        lambda path, _asked: path == SESSIONS,
    ],
)
@pytest.mark.parametrize("begins", [True, False])
def test_answers_that_are_cut_again_fail(cuts: Callable[[str, int], bool], begins: bool) -> None:
    with (
        api_of(Product(cuts=cuts, begins=begins)) as api,
        pytest.raises(Unmet, match="further answers were cut as well"),
    ):
        api.call("list_sessions")


@pytest.mark.parametrize("cuts", [lambda _path, asked: asked == 1, lambda *_: True])
@pytest.mark.parametrize("begins", [True, False])
def test_answer_that_is_cut_once_or_as_all_are_is_no_failure(cuts: Callable[[str, int], bool], begins: bool) -> None:
    with api_of(Product(cuts=cuts, begins=begins)) as api, pytest.raises(Unanswered) as caught:
        api.call("list_sessions")
    assert caught.value.is_cut


def test_answer_that_is_cut_by_an_api_that_goes_away_is_no_failure() -> None:
    def away() -> None:
        raise NoAnswer("connection refused")

    assert unanswered.failure(Unanswered("cut", "GET /", is_cut=True), away, away) is None
