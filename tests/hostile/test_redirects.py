"""Whatever redirects a call, and to wherever: no token follows it there."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.hostile.calls import ACCEPTED, DEPLOYED, KUBERNETES, LOGS, READ, Ask, Place, execute, vnc
from tests.hostile.conftest import Hostile, outcome_of
from tests.support.web_server import says, web_server

CALLS: dict[str, Ask] = READ | ACCEPTED | DEPLOYED | KUBERNETES | LOGS | {"exec": execute, "VNC": vnc}


class _Elsewhere:
    """A server of somebody else's, and one that redirects to it; what the former is told."""

    def __init__(self) -> None:
        self.address = self.redirects = ""
        self.heard: list[tuple[str, str | None]] = []

    def hear(self, request: BaseHTTPRequestHandler) -> None:
        self.heard.append((request.path, request.headers["Authorization"]))
        says(b'{"items": [], "sessions": []}')(request)

    def redirect(self, request: BaseHTTPRequestHandler) -> None:
        scheme = "ws" if "Upgrade" in request.headers else "http"
        request.protocol_version = "HTTP/1.1"
        request.send_response(307)
        request.send_header("Location", f"{scheme}://{self.address}/elsewhere")
        request.send_header("Content-Length", "0")
        request.send_header("Connection", "close")
        request.end_headers()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[_Elsewhere]:
    found = _Elsewhere()
    with web_server(found.hear) as hears, web_server(found.redirect) as found.redirects:
        found.address = hears.replace("http://127.0.0.1", "localhost")
        yield found


@pytest.mark.parametrize("call", CALLS)
def test_no_token_follows_a_redirect(hostile: Hostile, hurried: None, elsewhere: _Elsewhere, call: str) -> None:
    elsewhere.heard.clear()
    outcome = outcome_of(CALLS[call], Place(elsewhere.redirects, hostile.folder))
    assert [token for _, token in elsewhere.heard if token is not None] == []
    # A browser would follow to a page, too; and a viewer to a desktop. Of all others nobody elsewhere hears at all.
    assert call in ("the page", "VNC") or (elsewhere.heard == [] and outcome.error is not None)
