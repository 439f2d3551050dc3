"""The troubles in an error, and the pages of a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl

import pytest

from streamspace_acceptance.product import refusals
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.samples import Json
from tests.support.web_server import says, web_server

REQUEST = {"name": "x", "image": "not an image", "resources": {"cpu": "a lot"}}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"details": [{"loc": ["body", "image"], "msg": "must be a reference"}]}, ["body.image: must be a reference"]),
        ({"errors": {"image": ["is not valid"]}}, ["image: is not valid"]),
        ({"errors": ["image is empty", "x"]}, ["image is empty"]),
        ({"details": {"causes": [{"field": "spec.cpu", "message": "is too much"}]}}, ["spec.cpu: is too much"]),
        ({"errors": [{"name": "image", "reason": "missing required argument"}]}, ["image: missing required argument"]),
        ({"errors": [{"detail": "is no image", "source": {"pointer": "/image"}}]}, ["/image: is no image"]),
        ({"errors": [{"title": "x", "detail": [{"path": "cpu", "message": "is required"}]}]}, ["cpu: is required"]),
        ({"title": "Bad Request", "detail": "the image is empty", "status": 400}, ["the image is empty"]),
        ({"detail": "invalid"}, []),
        ({"message": "the image is empty"}, []),
        ({"details": [REQUEST]}, []),
        ({"details": json.dumps(REQUEST)}, []),
        ({"details": [json.dumps(REQUEST)]}, []),
        ({"details": {"resources": {"cpu": "10000m", "memory": "1Gi"}}}, []),
        ({"request": [{"field": "image", "message": "is not valid"}]}, []),
    ],
)
def test_refusal_tells_troubles_and_no_request(error: dict[str, Any], told: list[str]) -> None:
    assert refusals.troubles(error) == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"error": "bad_image", "message": "the image is empty"}, ["the image is empty"]),
        (
            {"error": "bad", "message": ["image must be a text", "cpu is empty"]},
            ["image must be a text", "cpu is empty"],
        ),
        (
            {"error": {"code": "bad", "message": "not valid", "details": ["cpu is empty"]}},
            ["not valid", "cpu is empty"],
        ),
        ({"error": {"issues": [{"path": ["image"], "message": "must be a text"}]}}, ["image: must be a text"]),
        (
            {"message": "", "errors": [{"field": "image", "defaultMessage": "must be a text"}]},
            ["image: must be a text"],
        ),
        ({"error": "image must be a text"}, ["image must be a text"]),
        ({"error": "bad_image", "message": ""}, []),
        ({"error": "bad_image", "message": [REQUEST, json.dumps(REQUEST)]}, []),
        ({"error": REQUEST, "message": "not valid"}, ["not valid"]),
    ],
)
def test_message_may_be_one_sentence_or_several(error: dict[str, Any], told: list[str]) -> None:
    assert refusals.sentences(error, "message") == told


def pages(request: BaseHTTPRequestHandler) -> None:
    path, _, query = request.path.partition("?")
    number = int(query.removeprefix("page=") or 1)
    following: dict[int, object] = {1: {"next": f"{path}?page=2"}, 2: {"_links": {"next": {"href": "?page=3"}}}}
    sessions = [{"sessionId": f"s-{number}", "status": "Running"}]
    body = {"sessions": sessions, "next": None, **following.get(number, {})}  # type: ignore[dict-item]
    says(json.dumps(body).encode())(request)


def test_list_in_pages_is_read_to_its_end() -> None:
    with web_server(pages) as url, HttpClient(url, "token") as http:
        assert StreamSpaceApi(http, load()).sessions().ids == {"s-1", "s-2", "s-3"}


@pytest.mark.parametrize("place", ["http://api.internal:8080/api/v1/sessions?page=2", "/api/v1/sessions?page=2"])
def test_next_page_of_a_product_behind_a_gateway_is_found(place: str) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        assert request.path.startswith("/below/api/v1/sessions")
        number = 2 if request.path.endswith("page=2") else 1
        body = {"sessions": [{"sessionId": f"s-{number}", "status": "Running"}], "next": place if number == 1 else None}
        says(json.dumps(body).encode())(request)

    with web_server(respond) as url, HttpClient(f"{url}/below", "token") as http:
        assert StreamSpaceApi(http, load()).sessions().ids == {"s-1", "s-2"}


def linked(request: BaseHTTPRequestHandler) -> None:
    path, _, query = request.path.partition("?")
    number = int(query.removeprefix("page=") or 1)
    body = json.dumps({"sessions": [{"sessionId": f"s-{number}", "status": "Running"}]}).encode()
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    links = f'<{path}?page=1>; rel="first"' + (f', <{path}?page={number + 1}>; rel="next"' if number < 3 else "")
    request.send_header("Link", links)
    request.end_headers()
    request.wfile.write(body)


def test_list_in_pages_of_the_header_link_is_read_to_its_end() -> None:
    with web_server(linked) as url, HttpClient(url, "token") as http:
        assert StreamSpaceApi(http, load()).sessions().ids == {"s-1", "s-2", "s-3"}


@pytest.mark.parametrize(
    "tells",
    [
        lambda number: {"page": number, "totalPages": 3},
        lambda number: {"pagination": {"currentPage": number, "last_page": 3}},
        lambda number: {"page": number, "perPage": 1, "total": 3},
        lambda number: {"meta": {"offset": number - 1, "totalCount": 3}},
        lambda number: {"nextCursor": number + 1 if number < 3 else None},
    ],
)
def test_list_in_pages_that_are_counted_is_read_to_its_end(tells: Callable[[int], Json]) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        asked = dict(parse_qsl(request.path.partition("?")[2]))
        number = int(asked.get("page", asked.get("cursor", int(asked.get("offset", 0)) + 1)))
        body = {"sessions": [{"sessionId": f"s-{number}", "status": "Running"}], **tells(number)}
        says(json.dumps(body).encode())(request)

    with web_server(respond) as url, HttpClient(url, "token") as http:
        assert StreamSpaceApi(http, load()).sessions().ids == {"s-1", "s-2", "s-3"}


@pytest.mark.parametrize(
    "tells",
    [
        {"page": 1, "totalPages": 3},
        {"page": 1, "totalPages": 1},
        {"page": 1, "total": 7},
        {"page": 0, "totalPages": 3},
        {"page": True, "totalPages": 3},
        {"offset": 0, "total": 1},
        {"nextCursor": ""},
    ],
)
def test_page_that_is_the_last_or_comes_again_counts_once(tells: Json) -> None:
    body = json.dumps({"sessions": [{"sessionId": "s", "status": "Running"}], **tells}).encode()
    with web_server(says(body)) as url, HttpClient(url, "token") as http:
        assert StreamSpaceApi(http, load()).sessions().times("s") == 1


@pytest.mark.parametrize(("total", "said"), [(7, "not among the 1 of 7 that the list shows"), (1, "not listed")])
def test_list_that_shows_a_part_says_so(total: int, said: str) -> None:
    body = json.dumps({"sessions": [{"sessionId": "s", "status": "Running"}], "total": total}).encode()
    with web_server(says(body)) as url, HttpClient(url, "token") as http:
        listed = StreamSpaceApi(http, load()).sessions()
    assert listed.describe("t").startswith(said)
    assert listed.describe("s") == "Running"


@pytest.mark.parametrize(
    "next_page",
    ["http://elsewhere.example/api/v1/sessions", "http://elsewhere.example/?p=2", 7, "", "/api/v1/sessions"],
)
def test_list_whose_next_page_is_none_ends(next_page: object) -> None:
    body = json.dumps({"sessions": [], "next": next_page}).encode()
    with web_server(says(body)) as url, HttpClient(url, "token") as http:
        assert StreamSpaceApi(http, load()).sessions().ids == frozenset()
