"""The peak use of a burst: the greatest of each component's pods, by counters or by rates."""

from __future__ import annotations

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.performance.peak_use import PeakUse, Sample, rates
from streamspace_acceptance.measuring.resource_counters import Counter
from streamspace_acceptance.measuring.resource_use import MIB
from streamspace_acceptance.waiting import Recording


def counter(at: float, cpu: float, mebibytes: float = 100.0) -> Counter:
    return Counter(at, mebibytes * MIB, cpu)


def test_peak_is_that_of_the_pod_that_used_most() -> None:
    samples = Recording[Sample]()
    samples.append({"api-1": counter(0, 0.0), "api-2": counter(0, 5.0, 300.0)})
    samples.append(ClusterError("the kubelet does not answer"))
    samples.append({"api-1": counter(2, 0.8), "api-2": counter(2, 5.1, 200.0)})
    samples.append({"api-1": counter(4, 0.9)})
    use = PeakUse("the kubelet's summary", {"API": ["api-1", "api-2"], "agent": []}, samples)
    found = {figure.name: (figure.value, figure.unit) for figure in use.figures}
    assert found == {"API CPU (peak)": (pytest.approx(400), "millicores"), "API memory (peak)": (300, "MiB")}
    assert "from the kubelet's summary" in use.describe()


def test_rates_leave_out_samples_that_are_old_or_begin_anew() -> None:
    assert rates([counter(0, 1.0), counter(0, 1.0), counter(2, 2.0), counter(4, 0.1)]) == [0.5]
    assert rates([Counter(0, 1.0, None, 0.25), Counter(15, 1.0, None, 0.75)]) == [0.25, 0.75]


def test_peak_without_a_source_says_why() -> None:
    assert PeakUse("no source: forbidden").describe().endswith(": none (from no source: forbidden)")
