"""A whole ramp against a StreamSpace in memory: each planted limit is found exactly, with its reason."""

from __future__ import annotations

import _thread
import json
import signal
from collections.abc import Iterator, Sequence
from functools import partial

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.performance import capacity, capacity_ramp, cluster_limits, held_sessions
from streamspace_acceptance.domain.performance.capacity import SessionCapacity
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.measuring.node_busy import NodeBusyMeter
from streamspace_acceptance.measuring.open_loop import evenly
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.rfb import Framebuffer
from streamspace_acceptance.waiting import now, shutdown_deadline
from tests.support import crowded_product
from tests.support.crowded_product import CrowdedProduct, scenario_of

GONE_SECONDS = 60.0
QUOTA = "exceeded quota: sessions"
KILLED = "Container api failed liveness probe, will be restarted"
SLOW_SECONDS, KNEE_SECONDS, SLOW_SCALE = 2.0, 0.6, 0.05
"""A slow start, what is beyond the knee, and a time scale that allows for both.

A start without a delay takes half a second on a very busy machine.
"""


@pytest.fixture(autouse=True)
def desktops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_sessions, "handshake", lambda *_: Framebuffer(1280, 720, "desktop", now()))
    monkeypatch.setattr(capacity_ramp, "evenly", partial(evenly, gap=0.002))
    monkeypatch.setattr(capacity, "KNEE_REAL_SECONDS", 30.0)  # starts are slower on a busy machine


def ramp(product: CrowdedProduct, monkeypatch: pytest.MonkeyPatch, numbers: Sequence[int]) -> SessionCapacity:
    monkeypatch.setattr(capacity_ramp, "following", product.following)
    with product.clients() as clients:
        registry = Registry(clients)
        try:
            return capacity_ramp.CapacityRamp(scenario_of(clients, registry), "t", numbers).run()
        finally:
            product.stays = False
            registry.clean_up()
            assert product.sessions == {}


@pytest.mark.parametrize(("limit", "numbers"), [(7, (10, 20)), (23, (10, 20, 30)), (1, (4,)), (12, (5, 12, 20))])
def test_ramp_finds_a_planted_capacity(monkeypatch: pytest.MonkeyPatch, limit: int, numbers: Sequence[int]) -> None:
    found = ramp(CrowdedProduct(limit, QUOTA), monkeypatch, numbers)
    assert (found.largest, found.search.bad, found.search.exact) == (limit, limit + 1, True)
    assert found.bottleneck == [f"the API: {QUOTA}"]
    expect.capacity.determined(found)
    expect.capacity.all_within_run(found)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, though a shell that started the tests in the background has it ignored."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_ramp_of_80_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(number: int) -> None:
        if number == 45:
            _thread.interrupt_main()

    product = CrowdedProduct()
    product.when_made = interrupt
    monkeypatch.setattr(capacity_ramp, "following", product.following)
    with product.clients() as clients, shutdown_deadline() as hasten:
        registry = Registry(clients)
        with pytest.raises(KeyboardInterrupt):
            # One step: a busy machine would end several at an earlier one.
            capacity_ramp.CapacityRamp(scenario_of(clients, registry), "t", (80,)).run()
        hasten(10.0)
        began = now()
        registry.clean_up()
        assert now() - began < GONE_SECONDS
    assert product.most >= 45
    assert product.sessions == {}


def test_ramp_that_nothing_limits_ends_with_its_last_number(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    found = ramp(product, monkeypatch, (4, 8))
    assert found.result == "at least 8 sessions: the ramp's end"
    assert product.most == 8
    assert found.recovery is not None
    assert found.recovery.troubles == []
    assert found.recovery.start is not None


def test_ramp_names_the_answer_that_refused_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct(6)
    product.refuses = json.dumps({"error": "quota", "message": "Six are enough."}).encode()
    found = ramp(product, monkeypatch, (4, 8))
    assert (found.largest, found.search.exact) == (6, True)
    assert "Six are enough." in found.bottleneck[0]


def test_ramp_of_a_silent_product_has_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ramp(CrowdedProduct(5), monkeypatch, (4, 8))
    assert (found.largest, found.bottleneck) == (5, [])
    with pytest.raises(Unmet, match="nothing says why"):
        expect.capacity.bottleneck_documented(found)


def test_ramp_names_a_session_that_ended_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ramp(CrowdedProduct(shared=6), monkeypatch, (4, 8))
    assert (found.largest, found.search.exact) == (6, True)
    with pytest.raises(Unmet, match="s-1 lost its pod"):
        expect.capacity.all_within_run(found)
    expect.capacity.determined(found)
    expect.capacity.bottleneck_documented(found)


def test_ramp_ends_with_a_crash_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ramp(CrowdedProduct(crash=6), monkeypatch, (4, 8, 12))
    assert [step.number for step in found.steps] == [4, 8]
    with pytest.raises(Unmet, match="streamspace-api-1 of the product was restarted"):
        expect.capacity.determined(found)
    expect.capacity.bottleneck_documented(found)
    expect.capacity.all_within_run(found)


def test_ramp_stops_at_the_knee_of_the_start_up_time(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    monkeypatch.setattr(crowded_product, "SCALE", SLOW_SCALE)
    monkeypatch.setattr(capacity, "KNEE_REAL_SECONDS", KNEE_SECONDS)
    product.start = lambda others: SLOW_SECONDS if others >= 4 else 0.0
    found = ramp(product, monkeypatch, (2, 4, 6, 8, 10))
    assert (found.largest, [step.number for step in found.steps]) == (4, [2, 4, 6, 8])
    assert "from 6 sessions on" in found.knee
    expect.capacity.determined(found)


def test_ramp_ends_where_the_nodes_have_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    node = product.raw_nodes()[0]
    node["status"]["allocatable"] |= {"cpu": "2"}
    monkeypatch.setattr(product, "raw_nodes", lambda: [node])
    found = ramp(product, monkeypatch, (4, 20))
    assert found.largest == 8
    assert "the scarcest is cpu to request" in found.result
    expect.capacity.determined(found)


def test_ramp_reports_a_product_that_is_unhealthy_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    product.health = "degraded"
    found = ramp(product, monkeypatch, (3,))
    with pytest.raises(Unmet, match="after the release: the API's health: 200"):
        expect.capacity.determined(found)


def test_ramp_reports_sessions_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    product.stays = True
    found = ramp(product, monkeypatch, (3,))
    with pytest.raises(Unmet, match="left behind after"):
        expect.capacity.determined(found)


@pytest.mark.parametrize("capacity", [0, 3])
def test_refusal_of_every_session_is_told_from_a_limit(monkeypatch: pytest.MonkeyPatch, capacity: int) -> None:
    product = CrowdedProduct(capacity)
    product.refuses = b'{"error": "not_found", "message": "no such user"}'
    found = ramp(product, monkeypatch, (4,))
    assert found.largest == capacity
    if capacity:
        expect.capacity.determined(found)
    else:
        with pytest.raises(Unproven, match="no such user"):
            expect.capacity.determined(found)


def test_ramp_whose_first_step_was_slow_still_finds_the_knee(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    monkeypatch.setattr(crowded_product, "SCALE", SLOW_SCALE)
    monkeypatch.setattr(capacity, "KNEE_REAL_SECONDS", KNEE_SECONDS)
    product.start = lambda others: 0.0 if 2 <= others < 6 else SLOW_SECONDS
    found = ramp(product, monkeypatch, (2, 4, 6, 8, 10))
    assert (found.largest, "from 8 sessions on" in found.knee) == (6, True)


def test_product_that_is_slow_after_the_release_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    monkeypatch.setattr(crowded_product, "SCALE", 1.0)
    monkeypatch.setattr(capacity, "KNEE_PLAN_SECONDS", 1.0)
    monkeypatch.setattr(capacity, "KNEE_REAL_SECONDS", 1.0)
    product.start = lambda _others: 0.0 if product.made <= 4 else 7.0
    found = ramp(product, monkeypatch, (4,))
    with pytest.raises(Unmet, match=r"after the release: sessions start in ([7-9]|1\d)\.\d\d s"):
        expect.capacity.determined(found)


def test_crash_while_all_sessions_are_released_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    product = CrowdedProduct()
    product.when_deleted = lambda: setattr(product, "restarts", 1)
    found = ramp(product, monkeypatch, (4,))
    with pytest.raises(Unmet, match="streamspace-api-1 of the product was restarted"):
        expect.capacity.determined(found)


@pytest.mark.parametrize("reason", ["", "the nodes have room for 0 such sessions beside other pods, and 3 are needed"])
def test_room_that_others_took_after_the_release_is_unproven(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    product = CrowdedProduct()
    product.when_deleted = lambda: setattr(product, "capacity", 0)
    monkeypatch.setattr(cluster_limits, "crowded_out", lambda *_: reason)
    found = ramp(product, monkeypatch, (4,))
    with pytest.raises(Unproven if reason else Unmet, match=reason or "one more session does not run"):
        expect.capacity.determined(found)


@pytest.mark.parametrize(("share", "message"), [(0.99, KILLED), (0.5, KILLED), (0.99, "Stopping container api")])
def test_probe_that_had_no_processor_is_no_crash(monkeypatch: pytest.MonkeyPatch, share: float, message: str) -> None:
    product = CrowdedProduct(crash=3)
    about = {"involvedObject": {"uid": "u-api"}}
    monkeypatch.setattr(product, "events", lambda: [{"reason": "Killing", "message": message, **about}])
    monkeypatch.setattr(NodeBusyMeter, "shares", lambda _: {"n": share})
    found = ramp(product, monkeypatch, (2, 4))
    starved = (share, message) == (0.99, KILLED)
    with pytest.raises(Unproven if starved else Unmet, match="by its liveness probe" if starved else "was restarted"):
        expect.capacity.determined(found)
