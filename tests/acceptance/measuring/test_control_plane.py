"""Kubernetes' own objectives: what keeps them, and from where the figures are."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.measuring.control_plane import ControlPlane, counts, mutating_calls, quantile
from tests.support.samples import KUBECONFIG
from tests.support.web_server import says, web_server

LINE = 'apiserver_request_duration_seconds_bucket{{verb="{}",scope="{}",subresource="{}",le="{}"}} {}\n'


def metrics(quick: int, slow: int, *, verb: str = "POST", scope: str = "resource", sub: str = "") -> str:
    """The counters after so many calls of up to 0.1 s and of 2 s."""
    bounds = {"0.1": quick, "1": quick, "2": quick + slow, "+Inf": quick + slow}
    return "".join(LINE.format(verb, scope, sub, bound, count) for bound, count in bounds.items())


@pytest.mark.parametrize(("quick", "slow", "bound"), [(100, 0, 0.1), (99, 1, 0.1), (98, 2, 2.0), (0, 0, None)])
def test_quantile_is_the_bound_of_99_calls_in_100(quick: int, slow: int, bound: float | None) -> None:
    before = counts(metrics(7, 50))
    assert quantile(before, counts(metrics(7 + quick, 50 + slow))) == bound


@pytest.mark.parametrize("other", [{"verb": "WATCH"}, {"verb": "GET"}, {"scope": ""}, {"sub": "exec"}])
def test_other_calls_are_not_counted(other: dict[str, str]) -> None:
    assert counts(metrics(1, 1, **other)) == {}


@pytest.mark.parametrize(
    ("start", "call", "outside"),
    [
        (4.9, 0.9, ""),
        (5.1, 0.9, "pods start in 5.1 s (5 s)"),
        (4.9, 1.1, "mutating calls take 1.10 s (1 s)"),
        (4.9, None, ""),
    ],
)
def test_objectives_that_a_cluster_misses_are_told(start: float, call: float | None, outside: str) -> None:
    plane = ControlPlane([0.5, start], call, "reviews")
    assert plane.outside.endswith(outside)
    assert bool(plane.outside) == bool(outside)
    assert "(5 s allowed)" in plane.describe()


def measured(respond: Callable[[BaseHTTPRequestHandler], None], folder: Path) -> tuple[float | None, str]:
    with web_server(respond) as url:
        config = folder / "config"
        config.write_text(KUBECONFIG % url)
        with mutating_calls(Cluster([config], "streamspace")) as calls:
            return calls.result()


def test_counters_come_first(tmp_path: Path) -> None:
    looks = iter([metrics(10, 0), metrics(10, 5)])

    def respond(request: BaseHTTPRequestHandler) -> None:
        answer = next(looks).encode() if request.path == "/metrics" else json.dumps({"status": {}}).encode()
        says(answer)(request)

    assert measured(respond, tmp_path) == (2.0, "the API server's counters")


def test_without_counters_reviews_are_timed(tmp_path: Path) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        says(b'{"status": {"allowed": true}}', 403 if request.path == "/metrics" else 201)(request)

    call, source = measured(respond, tmp_path)
    assert call is not None
    assert source.startswith("1 reviews of this user's rights (the API server's counters: get /metrics: 403")


def test_without_both_there_is_a_reason(tmp_path: Path) -> None:
    call, source = measured(says(b"{}", 404), tmp_path)
    assert call is None
    assert "404" in source


def test_time_of_webhooks_is_left_out_where_kubernetes_does_so() -> None:
    with_webhooks = metrics(0, 100)
    without = metrics(100, 0).replace("request_duration", "request_sli_duration")
    assert quantile({}, counts(with_webhooks)) == 2.0
    assert quantile({}, counts(with_webhooks + without)) == 0.1
