"""The use of pods over a window is computed from counters, and is no figure where the counters do not allow one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.measuring.resource_counters import Counter
from streamspace_acceptance.measuring.resource_use import MIB, record, use_of, uses
from tests.support.clock import FakeClock
from tests.support.samples import pod

SAMPLES = [Counter(float(at), (100 + at) * MIB, 0.25 * at, received_bytes=1000 * at, sent_bytes=0) for at in range(7)]


def test_use_of_rising_counters_is_their_rate() -> None:
    use = use_of("api-1", SAMPLES, window=6.0)
    assert use.trouble == ""
    assert use.millicores == pytest.approx(250)
    assert (use.memory_mean, use.memory_peak) == (103, 106)
    assert (use.received, use.sent, use.samples) == (1000, 0, 7)


def test_load_before_the_window_is_not_counted_by_a_source_that_is_late() -> None:
    """Looks 15 s apart: the first one was 12 s before the window, in which another load came to its end."""
    looks = [
        Counter(at, MIB, used) for at, used in ((-12.0, 0.0), (3.0, 9.0), (18.0, 12.0), (33.0, 15.0), (48.0, 18.0))
    ]
    assert use_of("api-1", looks, window=60.0).millicores == pytest.approx(200)
    assert use_of("api-1", looks[:3], window=60.0).millicores == pytest.approx(400)  # too few to leave one out
    assert "span 15.0 s" in use_of("api-1", looks[:2], window=60.0).trouble


@pytest.mark.parametrize(
    ("samples", "trouble"),
    [
        ([], "nothing about it"),
        (SAMPLES[:1], "span 0.0 s of 6.0 s"),
        (SAMPLES[:3], "span 2.0 s of 6.0 s"),
        ([*SAMPLES[:6], replace(SAMPLES[6], at=100.0)], "the source's clock was set meanwhile"),
        ([Counter(0.0, MIB, cores=0.1)], "span 0.0 s of 6.0 s"),
        ([*SAMPLES[:4], replace(SAMPLES[4], cpu_seconds=0.1), *SAMPLES[5:]], "a container started anew"),
    ],
)
def test_use_of_doubtful_counters_is_no_figure(samples: Sequence[Counter], trouble: str) -> None:
    assert trouble in use_of("api-1", samples, window=6.0).trouble


def test_use_by_rates_is_the_mean_of_those_in_the_window() -> None:
    rates = [Counter(10.0 * at, MIB, cores=cores) for at, cores in enumerate((0.0, 0.1, 0.3))]
    assert use_of("api-1", rates, window=20.0).millicores == pytest.approx(200)


class Source:
    """Counters that rise with the clock; every third read fails."""

    name, every = "a source", 1.0

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.reads = 0

    def read(self, pods: Sequence[Pod]) -> dict[str, Counter]:
        self.reads += 1
        if self.reads % 3 == 0:
            raise ClusterError("no answer")
        at = float(int(self.clock.now()))
        return {pod.meta.name: Counter(at, MIB, cpu_seconds=at / 2) for pod in pods}


def test_record_covers_the_window_and_keeps_errors() -> None:
    clock = FakeClock()
    samples, errors = record(Source(clock), [pod(name="api-1")], 6.0, clock)
    found = uses(samples, 6.0)
    assert [use.pod for use in found] == ["api-1"]
    assert found[0].span >= 5
    assert found[0].millicores == pytest.approx(500)
    assert errors == ["no answer"] * 2
