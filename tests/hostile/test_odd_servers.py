"""Places where nothing answers in the usual way: some are told as what they are by the deadline, some are sound."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler

import pytest

from tests.hostile.calls import KUBERNETES, LATE_SECONDS, READ, SECONDS, Ask, Place, execute, vnc
from tests.hostile.conftest import Hostile, outcome_of
from tests.support.web_server import says, web_server

CALLS: dict[str, Ask] = {
    "list sessions": READ["list sessions"],
    "list pods": KUBERNETES["list pods"],
    "exec": execute,
    "VNC": vnc,
}


@pytest.mark.parametrize("call", CALLS)
def test_a_tls_handshake_that_is_never_answered(hostile: Hostile, hurried: None, call: str) -> None:
    silent = hostile.addresses["plain"].replace("http", "https", 1)  # waits for the end of a request
    outcome = outcome_of(CALLS[call], Place(silent, hostile.folder))
    assert outcome.error is not None
    assert not isinstance(outcome.error, AssertionError)
    assert re.search("no complete answer|timed out", str(outcome.error))
    assert outcome.seconds <= SECONDS + LATE_SECONDS


@pytest.mark.parametrize("call", CALLS)
def test_a_name_that_nobody_knows(hostile: Hostile, hurried: None, call: str) -> None:
    outcome = outcome_of(CALLS[call], Place("http://streamspace.invalid:8080", hostile.folder))
    assert outcome.error is not None
    assert not isinstance(outcome.error, AssertionError)
    assert re.search("[Nn]ame|resolve|no complete answer", str(outcome.error))
    assert outcome.seconds <= SECONDS + LATE_SECONDS


@pytest.mark.parametrize("kind", ["text/html", "text/plain", ""])
def test_json_by_another_name_over_an_old_protocol_is_json(hostile: Hostile, hurried: None, kind: str) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        assert request.protocol_version == "HTTP/1.0"
        says(b'{"sessions": [], "items": []}', content_type=kind)(request)

    with web_server(respond) as url:
        assert READ["list sessions"](Place(url, hostile.folder))
        assert KUBERNETES["list pods"](Place(url, hostile.folder)) == []
