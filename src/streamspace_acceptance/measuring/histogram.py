"""Distributions that can be stored and merged: HdrHistograms, in the compressed form of its version 2.

A distribution of several runs is that of all their values together, which no percentiles of the single runs can tell.
Values are kept as whole thousandths of their unit, to three digits: a percentile is up to 0.1 % too great.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

from hdrh.histogram import HdrHistogram

from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.run_evidence import KeptDistribution
from streamspace_acceptance.measuring.distribution import Distribution

PARTS = 1000
"""The parts of a unit: microseconds of ms, milliseconds of s."""
MOST = 3_600_000
"""The greatest value, in the unit: an hour of milliseconds. Greater ones count as endless, as those that never came."""
DIGITS = 3


def encode(name: str, values: Sequence[float], unit: str) -> KeptDistribution:
    """The values in their unit as a histogram; an infinite one is a value that never came."""
    histogram = _empty()
    for value in values:
        histogram.record_value(_parts(value))
    return KeptDistribution(name, unit, histogram.encode().decode("ascii"))


def record(name: str, values: Sequence[float], unit: str) -> None:
    """Keep the histogram of the values for the running step, unless there are none."""
    if values:
        attachments.keep_distribution(encode(name, values, unit))


def merge(distributions: Sequence[KeptDistribution]) -> list[KeptDistribution]:
    """Those of the same name and unit as one, in the order of the first of each; ValueError for a damaged one."""
    groups: dict[tuple[str, str], list[KeptDistribution]] = {}
    for distribution in distributions:
        groups.setdefault((distribution.name, distribution.unit), []).append(distribution)
    return [group[0] if len(group) == 1 else reduce(_sum, group) for group in groups.values()]


def decode(distribution: KeptDistribution) -> Distribution:
    """The percentiles in the unit; ValueError for a histogram that is damaged or empty."""
    histogram = _decoded(distribution)
    count = histogram.get_total_count()
    if not count:
        raise ValueError(f"the distribution “{distribution.name}” has no values")
    p50, p90, p95, p99, greatest = (_percentile(histogram, count, share) for share in (0.5, 0.9, 0.95, 0.99, 1.0))
    return Distribution(count, p50, p90, p95, p99, greatest)


def _percentile(histogram: HdrHistogram, count: int, share: float) -> float:
    """By nearest rank, as for figures that are not kept; the library itself rounds the rank."""
    rank = max(math.ceil(share * count), 1)
    value = float(histogram.get_value_at_percentile(100 * rank / count)) / PARTS
    return value if value < MOST else math.inf


def _sum(one: KeptDistribution, other: KeptDistribution) -> KeptDistribution:
    histogram = _decoded(one)
    histogram.add(_decoded(other))
    return KeptDistribution(one.name, one.unit, histogram.encode().decode("ascii"))


def _parts(value: float) -> int:
    return MOST * PARTS if value >= MOST else max(round(value * PARTS), 0)


def _empty() -> HdrHistogram:
    return HdrHistogram(1, MOST * PARTS, DIGITS)


def _decoded(distribution: KeptDistribution) -> HdrHistogram:
    histogram = _empty()
    try:
        histogram.decode_and_add(distribution.hdr.encode("ascii"))
    except Exception as error:  # the library has errors of its own for some damages, and none for others
        raise ValueError(f"the distribution “{distribution.name}” is damaged: {error}") from error
    return histogram
