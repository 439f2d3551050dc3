"""The load: each call begins when it is due, whatever the others take, and a generator that fell behind says so."""

from __future__ import annotations

import gc
import os
import threading
from functools import partial

import pytest

from streamspace_acceptance.clock import now, pause
from streamspace_acceptance.measuring.open_loop import Load, ScheduledCall, call_on_schedule, evenly
from tests.support.interrupted_load import interrupted_load

SLOW_SECONDS = 0.4


def wait(seconds: float) -> None:
    pause(seconds, threading.Event())


@pytest.mark.quiet
def test_load_of_a_slow_product_begins_each_call_in_time() -> None:
    load = call_on_schedule([lambda: wait(SLOW_SECONDS)] * 10, evenly(10, 0.02))
    assert load.distrust == ""
    assert all(call.lag >= 0 for call in load.calls)
    assert load.calls[-1].due - load.began == pytest.approx(0.18)
    spent = max(call.answered or 0.0 for call in load.calls) - load.began
    assert spent < 2 * SLOW_SECONDS  # one after the other they would take 4 s


@pytest.mark.quiet
def test_load_measures_known_delays() -> None:
    delays = [0.02 * number for number in range(1, 21)]
    load = call_on_schedule([partial(wait, seconds) for seconds in delays], evenly(20, 0.01))
    errors = [
        abs((call.answered or 0.0) - (call.sent or 0.0) - delay) for call, delay in zip(load.calls, delays, strict=True)
    ]
    assert max(errors) < 0.05


def test_load_keeps_the_error_of_a_call() -> None:
    def refuse() -> str:
        raise OSError("refused")

    load = call_on_schedule([refuse, lambda: "accepted"], [0.0, 0.0])
    assert str(load.calls[0].error) == "refused"
    assert load.calls[1].outcome == "accepted"
    assert load.dropped == 0


def test_load_that_fell_behind_distrusts_itself() -> None:
    load: Load[None] = Load([ScheduledCall(1, due=10.0, sent=10.02, answered=10.1)], 10.0, 0.1)
    assert "20 ms late" in load.distrust
    assert "start lag p99 20.0 ms" in load.describe()


def test_load_that_dropped_a_call_distrusts_itself() -> None:
    load: Load[None] = Load([ScheduledCall(1, 10.0, 10.0, 10.1), ScheduledCall(2, 10.0)], 10.0, 0.1)
    assert "dropped 1 of 2" in load.distrust


def test_load_that_is_interrupted_sends_no_further_call() -> None:
    sent: list[int] = []
    with interrupted_load():
        call_on_schedule([lambda: sent.append(1), lambda: sent.append(2)], [0.0, 0.4])
    wait(0.6)
    assert 2 not in sent


def test_load_without_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="0 calls"):
        call_on_schedule([], [])


def test_load_says_when_it_began() -> None:
    before = now()
    assert before < call_on_schedule([lambda: None], [0.0]).began <= now()


@pytest.mark.skipif(not hasattr(os, "SCHED_RR") or os.geteuid() != 0, reason="only root has real time on Linux")
def test_load_takes_turns_before_others_only_while_it_runs() -> None:
    usual = os.sched_getscheduler(0)
    load = call_on_schedule([lambda: os.sched_getscheduler(0)], [0.0])
    assert load.calls[0].outcome == os.SCHED_RR | os.SCHED_RESET_ON_FORK
    assert os.sched_getscheduler(0) == usual
    assert gc.isenabled()
