"""Percentiles by nearest rank."""

import pytest

from streamspace_acceptance.measuring.distribution import Distribution, percentile


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 10), (0.9, 18), (0.95, 19), (0.99, 20), (1.0, 20)])
def test_percentile_is_a_measured_value(share: float, value: float) -> None:
    assert percentile(list(range(20, 0, -1)), share) == value


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_distribution_of_one_value_is_that_value() -> None:
    found = Distribution.of([3.0])
    assert {found.p50, found.p90, found.p95, found.p99, found.greatest} == {3.0}
    assert found.describe("s") == "p50 3.00 s, p90 3.00 s, p99 3.00 s, max 3.00 s (1 values)"
