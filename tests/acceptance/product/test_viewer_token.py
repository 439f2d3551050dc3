"""The token of a session's user, for a desktop that opens for that user alone."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler

from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from tests.support.web_server import says, web_server


class Product:
    """An API that gives each login a token of its own, and accepts the administrator's and the last one."""

    def __init__(self) -> None:
        self.logins = 0

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.path.endswith("/login"):
            self.logins += 1
            says(json.dumps({"token": f"token-{self.logins}"}).encode(), 200, "application/json")(request)
            return
        is_open = request.headers.get("Authorization") in ("Bearer admin", f"Bearer token-{self.logins}")
        body = b'{"name": "s-1", "user": "testuser", "state": "running"}' if is_open else b'{"error": "login ended"}'
        says(body, 200 if is_open else 401, "application/json")(request)


def test_viewer_whose_login_has_ended_logs_in_again() -> None:
    product = Product()
    with web_server(product.respond) as url, HttpClient(url, "admin") as http:
        api = StreamSpaceApi(http, load("shipped-v2.0-beta"), "their password")
        assert [api.viewer_token("s-1"), api.viewer_token("s-1")] == ["token-1", "token-1"]
        product.logins += 1
        assert api.viewer_token("s-1") == "token-3"
