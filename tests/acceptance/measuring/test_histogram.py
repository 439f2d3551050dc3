"""Distributions that are kept: their percentiles are those of the values, also of the values of several runs."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import pytest

from streamspace_acceptance.evidence import run_evidence
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_acceptance.measuring.input_lag import NEVER

NAMES = ("p50", "p90", "p95", "p99", "greatest")


def lags(seed: int, count: int) -> list[float]:
    quantiles = NormalDist(3.0, 0.1 * seed)
    return [math.exp(quantiles.inv_cdf((number + 0.5) / count)) for number in range(count)]


def near(found: Distribution, values: list[float]) -> bool:
    expected = Distribution.of(values)
    close = [math.isclose(getattr(found, name), getattr(expected, name), rel_tol=0.002) for name in NAMES]
    return found.count == len(values) and all(close)


@pytest.mark.parametrize("count", [1, 2, 7, 12, 30, 101, 5000])
def test_histogram_keeps_percentiles_by_nearest_rank(count: int) -> None:
    values = lags(5, count)
    assert near(histogram.decode(histogram.encode("lag", values, "ms")), values)


def test_histograms_of_two_runs_are_that_of_all_values() -> None:
    quick, slow = lags(1, 300), [10 * value for value in lags(2, 20)]
    parts = [histogram.encode("lag", values, "ms") for values in (quick, slow)]
    (both,) = histogram.merge(parts)
    assert (both.name, both.unit) == ("lag", "ms")
    assert near(histogram.decode(both), quick + slow)


def test_histograms_of_other_names_or_units_stay_apart() -> None:
    kept = [histogram.encode(name, [1.0], unit) for name, unit in (("a", "ms"), ("b", "ms"), ("a", "s"))]
    assert histogram.merge(kept) == kept


def test_histogram_counts_a_value_that_never_came() -> None:
    found = histogram.decode(histogram.encode("lag", [20.0, 30.0, NEVER], "ms"))
    assert (found.count, found.greatest) == (3, math.inf)
    assert found.p50 == pytest.approx(30.0, rel=0.001)


def test_histogram_beyond_its_range_is_endless_not_dropped() -> None:
    found = histogram.decode(histogram.encode("start", [2 * histogram.MOST], "s"))
    assert (found.count, found.p50) == (1, math.inf)


@pytest.mark.parametrize("text", ["", "HISTFAAA", "no base64 at all", "HISTFAAABfV4nD2WQY5k"])
def test_damaged_histogram_is_refused_by_its_name(text: str) -> None:
    damaged = replace(histogram.encode("lag", [1.0], "ms"), hdr=text)
    with pytest.raises(ValueError, match="“lag” is damaged"):
        histogram.decode(damaged)


def test_histogram_without_values_is_not_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    evidence = RunEvidence(tmp_path_factory.mktemp("evidence"))
    with run_evidence.collected(evidence):
        histogram.record("lag", [], "ms")
        histogram.record("start", [1.0], "s")
    assert [kept.name for kept in evidence.distributions_of(None)] == ["start"]
