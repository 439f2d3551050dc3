"""The whole of streaming against a desktop in memory, whose block moves and may freeze for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets, Seconds
from streamspace_acceptance.clock import SYSTEM_CLOCK, now
from streamspace_acceptance.desktop.stream_meter import Traffic
from streamspace_acceptance.domain.performance import motion, streaming
from streamspace_acceptance.domain.performance.streaming import Streaming
from streamspace_acceptance.measuring import network_path
from streamspace_acceptance.measuring.network_path import NetworkPath
from streamspace_acceptance.product.rfb import Framebuffer, NotInTime
from streamspace_acceptance.product.rfb_client import Box, Rectangle

PLAN = Seconds(6.0)


class Desktop:
    """A viewer of a desktop that draws at the rate of the program that was typed, but for when it `is_frozen`."""

    middle = (640, 360)
    framebuffer = Framebuffer(1280, 720, "desk", 0.0)
    delay = 0.0

    def __init__(self, is_frozen: Callable[[float], bool]) -> None:
        self.began, self.rate, self.shown = now(), 0.0, 0
        self.is_frozen = is_frozen

    def click(self, _x: int, _y: int) -> None:
        """The terminal has the focus."""

    def type(self, text: str) -> None:
        rates = {motion.program(rate): rate for rate in (streaming.SOURCE_RATE, streaming.SLOW_RATE)}
        self.rate = rates.get(text, 0.0)

    def number(self) -> int:
        elapsed = now() - self.began
        if self.rate and not self.is_frozen(elapsed):
            self.shown = int(elapsed * self.rate) % 216
        return self.shown

    def picture(self, box: Box) -> Rectangle:
        if self.delay:
            SYSTEM_CLOCK.wait(self.delay)
        number = self.number()
        red, green, blue = (motion.LEVELS[number // factor % 6] for factor in (36, 6, 1))
        return Rectangle(box, bytes((blue, green, red, 0)) * (box[2] * box[3]))

    def round_trip(self) -> float:
        began = now()
        self.picture((0, 0, 1, 1))
        return now() - began

    def request(self, box: Box, *, incremental: bool) -> None:
        self.asked = box

    def update(self, seconds: float) -> list[Rectangle]:
        before, end = self.shown, now() + seconds
        while self.number() == before:
            if now() > end:
                raise NotInTime("no framebuffer update came")
            SYSTEM_CLOCK.wait(0.002)
        return [self.picture(self.asked)]


def streamed(monkeypatch: pytest.MonkeyPatch, is_frozen: Callable[[float], bool]) -> Streaming:
    """What is measured over six seconds: two still parts, two moving ones."""
    monkeypatch.setattr(network_path, "measure", lambda _: NetworkPath())
    monkeypatch.setattr(streaming, "CHECK_SECONDS", 1.0)

    @contextmanager
    def viewing() -> Iterator[Desktop]:
        yield Desktop(is_frozen)

    meter = SimpleNamespace(take=lambda: Traffic(1.0, 0, 0, 0))
    viewer = SimpleNamespace(connections=(1, 1), stream_meter=lambda *_: meter, largest_file=lambda _: "")
    session = SimpleNamespace(subject="session s", vnc=SimpleNamespace(viewing=viewing))
    desktop = SimpleNamespace(session=session, wait_until_rendered=lambda: None, opened=lambda: viewer)
    cluster = SimpleNamespace(pods=list)  # without a pod to look into nothing is known of the nodes
    clients = SimpleNamespace(budgets=Budgets(1.0), http=SimpleNamespace(base_url="http://localhost"), cluster=cluster)
    found = list[Streaming]()

    def put(result: Streaming) -> Streaming:
        found.append(result)
        return result

    scenario: Any = SimpleNamespace(desktop=desktop, clients=clients, results=SimpleNamespace(put=put))
    streaming.record(scenario, PLAN)
    return found[0]


def test_streaming_of_a_moving_desktop_is_measured_in_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = streamed(monkeypatch, lambda _: False)
    assert (found.ended, found.no_motion, found.cut_short) == ("", "", "")
    assert [name for name, _ in found.traffic] == ["still", "moving", "still", "moving"]
    assert len(found.rates) == len(found.gaps) == 2
    assert found.slow is not None
    assert found.round_trips.delayed


def test_freeze_while_round_trips_are_measured_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "TRIPS_SHARE", 0.9)
    found = streamed(monkeypatch, lambda elapsed: elapsed > 2.0)
    assert max(found.gaps) > 0.8
