"""A rate from the moments at which things were completed, with its confidence interval.

The rate is the plan's: so many completions in the time from the begin of the load to the last of them. Its interval
comes from the times between completions, the first counted from the begin: Student's t at 95 %. Where a product works
through a queue, long and short intervals alternate, and the true interval is narrower than this one. Of several loads
each gives one value, its mean time for a completion, whatever the order within it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SECONDS_A_MINUTE = 60.0
# Student's t, two-sided 95 %, by degrees of freedom; between two of them the smaller one counts, which errs widely.
_T = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228,
    11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110, 18: 2.101, 19: 2.093, 20: 2.086,
    25: 2.060, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980, 1000: 1.962,
}  # fmt: skip
MOST_RUNS = 99
"""A difference that would take more runs than this to decide is none that a run can show."""

Answer = Literal["at least", "below", "undecided"]


def student_t(freedom: int) -> float:
    """The factor for a 95 % interval at so many degrees of freedom; ValueError for none."""
    if freedom < 1:
        raise ValueError("an interval needs two values")
    return _T[max(known for known in _T if known <= freedom)]


def half_interval(values: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean of those values; ValueError for fewer than two."""
    return student_t(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


@dataclass(frozen=True)
class Rate:
    """`completed` things in `seconds`, and the rate a minute with its 95 % interval.

    A minute has 60 s times `scale`: on a target whose clock is ten times as fast (0.1), 6 s. The interval rests on
    `values` values with this `deviation`, from `runs` loads.
    """

    completed: int
    seconds: float
    deviation: float
    scale: float
    values: int
    runs: int = 1

    @classmethod
    def of(cls, completions: Sequence[float], began: float, scale: float) -> Rate:
        """The rate of those moments of one clock; ValueError for fewer than two."""
        moments = sorted(completions)
        if len(moments) < 2:
            raise ValueError("a rate needs two completions")
        intervals = [after - before for before, after in zip([began, *moments[:-1]], moments, strict=True)]
        return cls(len(moments), moments[-1] - began, statistics.stdev(intervals), scale, len(moments))

    @classmethod
    def of_runs(cls, rates: Sequence[Rate]) -> Rate:
        """The rate of several loads of equal size; that of the only one where there is one."""
        if len(rates) == 1:
            return rates[0]
        means = [rate.seconds / rate.completed for rate in rates]
        completed, seconds = sum(rate.completed for rate in rates), sum(rate.seconds for rate in rates)
        return cls(completed, seconds, statistics.stdev(means), rates[0].scale, len(rates), len(rates))

    @property
    def per_minute(self) -> float:
        """The plan's figure: completions a minute until the last of them."""
        return self._a_minute(self.seconds / self.completed)

    @property
    def low(self) -> float:
        """The lower bound of the interval."""
        return self._a_minute(self.seconds / self.completed + self._half)

    @property
    def high(self) -> float:
        """The upper bound of the interval; infinite if so few values allow any rate."""
        return self._a_minute(self.seconds / self.completed - self._half)

    @property
    def precision(self) -> float:
        """Half of the interval of the time for a completion, as a share of that time."""
        return self._half * self.completed / self.seconds

    def answer(self, limit: float) -> Answer:
        """Whether the rate is at least `limit` a minute, as far as the interval decides it."""
        if self.low >= limit:
            return "at least"
        return "below" if self.high < limit else "undecided"

    def further_runs(self, limit: float) -> int | None:
        """How many more runs like this one would decide, if they turned out alike; None for more than MOST_RUNS."""
        distance = abs(self.seconds / self.completed - SECONDS_A_MINUTE * self.scale / limit)
        for runs in range(1, MOST_RUNS + 1):
            count = self.values // self.runs * (self.runs + runs)
            if student_t(count - 1) * self.deviation / math.sqrt(count) < distance:
                return runs
        return None

    @property
    def _half(self) -> float:
        return student_t(self.values - 1) * self.deviation / math.sqrt(self.values)

    def _a_minute(self, seconds: float) -> float:
        return SECONDS_A_MINUTE * self.scale / seconds if seconds > 0 else math.inf

    def describe(self) -> str:
        """`16.2 a minute (95 %: 13.0 to 21.5), 20 in 7.41 s`; on a scaled clock also by the real one."""
        real = f", {self.per_minute / self.scale:.0f} by the wall clock" if self.scale != 1 else ""
        return (
            f"{self.per_minute:.1f} a minute (95 %: {self.low:.1f} to {self.high:.1f}{real}), "
            f"{self.completed} in {self.seconds:.2f} s{f' of {self.runs} bursts' if self.runs > 1 else ''}"
        )
