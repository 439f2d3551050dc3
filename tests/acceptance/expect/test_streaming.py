"""Each expectation of streaming is seen to fail, to be unproven, and to hold."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.desktop.stream_meter import Traffic
from streamspace_acceptance.domain.performance.streaming import MOVING, STILL, Streaming
from streamspace_acceptance.measuring import network_path
from streamspace_acceptance.measuring.frame_rate import CYCLE, Frame, FrameRate
from streamspace_acceptance.measuring.input_lag import InputLag
from streamspace_acceptance.measuring.network_path import NetworkPath
from streamspace_acceptance.outcomes import Unmet, Unproven
from tests.support.web_server import says, web_server


def rate(received: float, *, drawn: float = 30.0, source: float = 30.0, seconds: float = 6.0) -> FrameRate:
    step = drawn / received
    frames = [Frame(n / received, round(n * step) % CYCLE) for n in range(int(received * seconds))]
    return FrameRate(seconds, source, frames)


def streaming(**changes: Any) -> Streaming:
    found = Streaming(
        "session s",
        30.0,
        trips=[4.0] * 100,
        delayed=[34.0] * 10,
        lateness=[0.2] * 100,
        rates=[rate(29.0, drawn=29.0), rate(30.0)],
        slow=rate(10.0, drawn=10.0, source=10.0),
        traffic=[(STILL, Traffic(7.5, 1024, 512, 0)), (MOVING, Traffic(7.5, 75 * 1024, 7680, 180))],
    )
    return replace(found, **changes)


def test_a_quick_connection_that_lasts_is_proven() -> None:
    trips = expect.streaming.latency_below(streaming(), 50)
    assert trips.judged == 4.0


@pytest.mark.parametrize(
    ("changes", "actual"),
    [
        ({"trips": [55.0] * 100, "delayed": [85.0] * 10}, r"55 ms \(90th percentile\)\ntimeline: 100 round trips"),
        ({"trips": [4.0] * 85 + [60.0] * 15}, "60 ms"),
        ({"ended": "no framebuffer update came"}, "it ended: no framebuffer update came"),
        ({"trips": [55.0] * 100, "delayed": [85.0] * 10, "lateness": [3.0] * 100}, "55 ms"),
    ],
)
def test_a_slow_or_lost_connection_fails(changes: dict[str, Any], actual: str) -> None:
    with pytest.raises(Unmet, match=actual):
        expect.streaming.latency_below(streaming(**changes), 50)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trips": [], "ended": "the WebSocket does not open"}, "the WebSocket does not open"),
        ({"delayed": [4.0] * 10}, "was measured as 0 ms"),
        ({"trips": [4.0] * 85 + [60.0] * 15, "lateness": [3.0] * 100}, "this machine is too busy"),
        ({"trips": [55.0] * 100, "delayed": [85.0] * 10, "lateness": [9.0] * 100}, "this machine is too busy"),
        ({"trips": [55.0] * 100, "delayed": [85.0] * 10, "nodes": {"n1": 0.99}}, "n1 was 99% busy"),
    ],
)
def test_latency_without_a_valid_figure_is_unproven(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unproven, match=reason):
        expect.streaming.latency_below(streaming(**changes), 50)


def test_enough_pictures_are_proven_with_the_other_metrics() -> None:
    figures = {figure.name: figure.value for figure in expect.streaming.frame_rate_at_least(streaming(), 15)}
    assert figures["frame rate (mean)"] == pytest.approx(29.5)
    assert figures["bandwidth to the page while it moves"] == pytest.approx(10.0)
    assert figures["bandwidth from the page while it moves"] == pytest.approx(1.0)
    assert figures["frame rate in the page"] == pytest.approx(24.0)
    expect.streaming.frame_rate_at_least(streaming(rates=[rate(16.0)]), 15)


def test_too_few_pictures_are_compared_with_those_of_the_page() -> None:
    with pytest.raises(Unmet, match=r"sends fewer .*; the user's page drew 24\.0 a second"):
        expect.streaming.frame_rate_at_least(streaming(rates=[rate(11.2)], line=20_000.0), 15)
    with pytest.raises(Unmet, match=r"2\.0 s without one"):
        expect.streaming.frame_rate_at_least(streaming(rates=[FROZEN], line=200.0), 15)


def test_page_that_draws_few_of_the_pictures_fails() -> None:
    traffic = [(MOVING, Traffic(7.5, 75 * 1024, 7680, 38))]
    with pytest.raises(Unmet, match=r"the page draws 5\.1 a second, of 29\.5 that come"):
        expect.streaming.frame_rate_at_least(streaming(traffic=traffic), 15)
    with pytest.raises(Unproven, match="this machine is too busy"):
        expect.streaming.frame_rate_at_least(streaming(traffic=traffic, lateness=[4.0] * 100), 15)
    uncounted = [(MOVING, Traffic(7.5, 75 * 1024, 7680, 0))]
    expect.streaming.frame_rate_at_least(streaming(traffic=uncounted), 15)


FROZEN = FrameRate(6.0, 30.0, rate(30.0, seconds=4.0).frames)


@pytest.mark.parametrize(
    ("rates", "actual"),
    [
        ([rate(14.0)], "14.0 pictures a second"),
        ([rate(14.0), rate(15.5)], "14.8 pictures a second"),
        ([FrameRate(6.0, 30.0, [])], "0.0 pictures a second, 6.0 s without one"),
        ([FROZEN], "2.0 s without one"),
    ],
)
def test_too_few_pictures_fail(rates: list[FrameRate], actual: str) -> None:
    with pytest.raises(Unmet, match=actual):
        expect.streaming.frame_rate_at_least(streaming(rates=rates), 15)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rates": [], "no_motion": "no program could be started"}, "no program could be started"),
        ({"ended": "no framebuffer update came"}, r"see 4.3-1"),
        ({"slow": None}, "fails the self-check"),
        ({"slow": rate(14.0, drawn=14.0, source=10.0)}, "was to draw 10 pictures/s and drew 14"),
        ({"rates": [rate(12.0, drawn=12.0)]}, "the source of motion is itself too slow"),
        ({"rates": [rate(14.0)], "lateness": [4.0] * 100}, "this machine is too busy"),
        ({"rates": [rate(14.0)], "nodes": {"n1": 0.99}}, "n1 was 99% busy"),
        ({"rates": [rate(11.0)], "line": 200.0}, "comes with 200 KiB/s, and the uncompressed pictures took 176 KiB/s"),
        ({"rates": [FrameRate(6.0, 30.0, [Frame(n / 30, None) for n in range(180)])]}, "are not those of the source"),
    ],
)
def test_pictures_without_a_valid_count_are_unproven(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unproven, match=reason):
        expect.streaming.frame_rate_at_least(streaming(**changes), 15)


def lag(keyboard: float, mouse: float, *, drift: float = 0.3, found: float = 60.0) -> InputLag:
    lags = {"keyboard": [keyboard] * 30, "mouse": [mouse] * 30}
    return InputLag("session s", lags, [keyboard + found] * 10, "keyboard", [drift] * 100)


def test_each_kind_of_input_has_a_limit_of_its_own() -> None:
    slow_mouse = lag(20.0, 105.0)
    assert expect.streaming.input_lag_below(slow_mouse, "keyboard", 50).value == 20.0
    with pytest.raises(Unmet, match="105 ms"):
        expect.streaming.input_lag_below(slow_mouse, "mouse", 100)
    with pytest.raises(Unmet, match="session s, keyboard lag"):
        expect.streaming.input_lag_below(lag(55.0, 70.0), "keyboard", 50)


def test_lag_without_a_valid_figure_is_unproven() -> None:
    for input_lag in (lag(55.0, 20.0, drift=9.0), lag(20.0, 20.0, found=5.0)):
        with pytest.raises(Unproven):
            expect.streaming.input_lag_below(input_lag, "keyboard", 50)


def test_measurement_that_the_suite_ended_itself_is_unproven() -> None:
    found = streaming(cut_short="the suite's viewer does not understand the VNC server: a message of type 150 came")
    for judge, limit in ((expect.streaming.latency_below, 50), (expect.streaming.frame_rate_at_least, 15)):
        with pytest.raises(Unproven, match=r"not measured for 30 s: .* a message of type 150"):
            judge(found, limit)


FAR, NEAR = NetworkPath("host:443", 40.0, 10), NetworkPath("host:443", 4.0, 10)


def test_latency_that_the_network_explains_is_unproven() -> None:
    slow = {"trips": [55.0] * 100, "delayed": [85.0] * 10}
    with pytest.raises(Unproven, match="the network to host:443 alone takes"):
        expect.streaming.latency_below(streaming(**slow, network=FAR), 50)
    with pytest.raises(Unmet, match="55 ms"):
        expect.streaming.latency_below(streaming(**slow, network=NEAR), 50)
    slower = {"trips": [95.0] * 100, "delayed": [125.0] * 10}
    with pytest.raises(Unmet, match="95 ms"):
        expect.streaming.latency_below(streaming(**slower, network=FAR), 50)


def test_frame_rate_that_the_network_explains_is_unproven() -> None:
    few = [rate(12.0, drawn=30.0), rate(12.0, drawn=30.0)]
    with pytest.raises(Unproven, match=r"alone takes 80.0 ms"):
        expect.streaming.frame_rate_at_least(streaming(rates=few, network=NetworkPath("host:443", 80.0, 10)), 15)
    with pytest.raises(Unmet, match=r"12\.0 pictures a second"):
        expect.streaming.frame_rate_at_least(streaming(rates=few, network=FAR), 15)


def test_input_lag_that_the_network_explains_is_unproven() -> None:
    lag = InputLag("session s", {"keyboard": [60.0] * 30}, [120.0] * 10, "keyboard", [0.2], FAR)
    with pytest.raises(Unproven, match=r"alone takes 40\.0 ms"):
        expect.streaming.input_lag_below(lag, "keyboard", 50)
    with pytest.raises(Unmet, match="60 ms"):
        expect.streaming.input_lag_below(replace(lag, network=NEAR), "keyboard", 50)


def test_network_path_to_a_server_that_listens_is_measured() -> None:
    with web_server(says(b"")) as url:
        found = network_path.measure(url)
    assert found.count == network_path.TIMES
    assert found.milliseconds > 0
    assert network_path.measure("http://127.0.0.1:1").count == 0


def test_network_path_leads_to_the_address_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may have several addresses, the first of which refuses, as `localhost` often does."""
    resolve = socket.getaddrinfo

    def resolve_both(host: str, port: int, *options: Any, **more: Any) -> list[Any]:
        addresses = ("127.0.0.2", "127.0.0.1") if host == "desktops.example" else (host,)
        return [entry for address in addresses for entry in resolve(address, port, *options, **more)]

    with web_server(says(b"")) as url:
        monkeypatch.setattr(socket, "getaddrinfo", resolve_both)
        found = network_path.measure(url.replace("127.0.0.1", "desktops.example"))
    assert found.count == network_path.TIMES


def test_line_behind_a_proxy_is_told_by_its_quickest_answer() -> None:
    asked: list[None] = []
    with web_server(says(b"")) as url:
        found = network_path.measure(url, lambda: asked.append(None))
    assert (len(asked), found.answer > 0) == (network_path.TIMES, True)
    late = replace(found, milliseconds=0.2, answer=60.0)
    assert "the quickest answer to a small question 60.0 ms" in late.explains(130, 100)
    assert late.explains(170, 100) == ""


REPEATED = FrameRate(6.0, 30.0, [Frame(n / 30, 7 + n % 2) for n in range(180)])


@pytest.mark.parametrize("changes", [{"rates": [REPEATED]}, {"gaps": [0.1, 1.4]}])
def test_pictures_that_hide_a_freeze_fail(changes: dict[str, Any]) -> None:
    with pytest.raises(Unmet, match="s without one at the longest"):
        expect.streaming.frame_rate_at_least(streaming(**changes), 15)
