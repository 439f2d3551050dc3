"""Percentiles of measurements, by nearest rank: each is a value that was measured, never one in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values do not exceed; ValueError for no values."""
    if not values:
        raise ValueError("no values to take a percentile of")
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


@dataclass(frozen=True)
class Distribution:
    """`count` figures by their percentiles, in their own unit."""

    count: int
    p50: float
    p90: float
    p95: float
    p99: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Distribution:
        """The distribution of one or more figures; ValueError for none."""
        p50, p90, p95, p99 = (percentile(figures, share) for share in (0.5, 0.9, 0.95, 0.99))
        return cls(len(figures), p50, p90, p95, p99, max(figures))

    def describe(self, unit: str) -> str:
        """For a table: `p50 1.20 s, p90 1.80 s, p99 2.00 s, max 2.00 s (20 values)`."""
        parts = {"p50": self.p50, "p90": self.p90, "p99": self.p99, "max": self.greatest}
        return ", ".join(f"{name} {value:.2f} {unit}" for name, value in parts.items()) + f" ({self.count} values)"
