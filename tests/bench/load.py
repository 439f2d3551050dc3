"""How punctual the load is: ten creations a second, each answered after a while by a server."""

from __future__ import annotations

from functools import partial
from http.server import BaseHTTPRequestHandler

from streamspace_acceptance.clock import SYSTEM_CLOCK
from streamspace_acceptance.measuring.open_loop import call_on_schedule, evenly
from streamspace_acceptance.product.http import HttpClient
from tests.bench.figure import BenchFigure
from tests.support.web_server import says, web_server

CALLS, GAP = 100, 0.1
ANSWER_SECONDS = 0.4


def punctuality() -> list[BenchFigure]:
    """The start lag of the calls, and how many of them were never sent."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        SYSTEM_CLOCK.wait(ANSWER_SECONDS)
        says(b"{}", 201)(request)

    with web_server(respond) as url, HttpClient(url, "t") as http:
        load = call_on_schedule([partial(http.call, "POST", "/api/v1/sessions", {})] * CALLS, evenly(CALLS, GAP))
    return [
        BenchFigure("load of 10 creations a second: start lag p99", 1000 * load.lag, 10, "ms", load.describe()),
        BenchFigure("load of 10 creations a second: dropped", load.dropped, 0, "calls"),
    ]
