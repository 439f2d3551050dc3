"""Summary statistics of several measurements."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Least, median, mean and greatest of `count` figures, in their own unit."""

    count: int
    least: float
    median: float
    mean: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Summary:
        """The summary of one or more figures; ValueError for none."""
        if not figures:
            raise ValueError("no figures to sum up")
        return cls(len(figures), min(figures), statistics.median(figures), statistics.fmean(figures), max(figures))
