"""Round trips through a connection, a self-check with a known delay, and the runner's own lateness meanwhile."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring.distribution import Distribution, percentile

SHARE = 0.9
"""A user calls a desktop slow when one answer in ten is: the 90th percentile is judged, as for input lag."""
PAUSE_MILLISECONDS = 20.0
"""From the end of a round trip to the next one."""
INJECTED_MILLISECONDS, TRUSTED_MILLISECONDS = 30.0, 8.0
"""The self-check: a delay put in on purpose must be found again to within so much."""
HELD_UP_MILLISECONDS, BUSY_MILLISECONDS = 2.0, 8.0
"""A runner whose own pauses end so late (90th percentile) is kept waiting by its machine, and so is all else there:
with the first now and then, which explains some long round trips, with the second all the time.
"""


def with_omitted_trips(trips: Sequence[float], pause: float = PAUSE_MILLISECONDS) -> list[float]:
    """The round trips with those that were not begun since an earlier one had not ended, all in milliseconds.

    A connection that stands still for a second is one slow round trip, and would be thirty if they were begun by the
    clock: one each `pause` and usual round trip. Each of them would have waited for the rest of that second.
    """
    usual = pause + statistics.median(trips)
    missed = (trip - number * usual for trip in trips for number in range(1, math.ceil(trip / usual)))
    return [*trips, *missed]


@dataclass(frozen=True)
class RoundTrips:
    """Round trips in milliseconds, those with the delay put in, and how late the runner's own pauses ended."""

    trips: Sequence[float]
    delayed: Sequence[float]
    lateness: Sequence[float]

    @property
    def judged(self) -> float:
        """The 90th percentile, by nearest rank: of all round trips, or of those by the clock where that is greater."""
        return max(percentile(self.trips, SHARE), percentile(with_omitted_trips(self.trips), SHARE))

    @property
    def found_again(self) -> float:
        """How much of the delay that was put in is in the figures: the difference of the medians."""
        return statistics.median(self.delayed) - statistics.median(self.trips)

    @property
    def late(self) -> float:
        """How late the runner's own pauses ended, in milliseconds (90th percentile)."""
        return percentile(self.lateness, SHARE)

    def distrust(self, limit: float) -> str:
        """Why these figures cannot be trusted; empty when they can.

        Where the product is slower than `limit` milliseconds now and then, the medians may differ by as much, as long
        as no answer came before the delay was over.
        """
        tolerance = TRUSTED_MILLISECONDS
        if self.judged >= limit and min(self.delayed) >= INJECTED_MILLISECONDS:
            tolerance += self.judged - min(self.trips)
        if abs(self.found_again - INJECTED_MILLISECONDS) <= tolerance:
            return ""
        return f"a delay of {INJECTED_MILLISECONDS:g} ms put in on purpose was measured as {self.found_again:.0f} ms"

    def excuse(self, limit: float) -> str:
        """How the runner's own machine explains round trips of `limit` ms and more; empty when it does not."""
        patience = BUSY_MILLISECONDS if statistics.median(self.trips) >= limit else HELD_UP_MILLISECONDS
        if percentile(self.trips, SHARE) < limit and (late := percentile(self.lateness, 0.99)) > BUSY_MILLISECONDS:
            return f"one in a hundred of the runner's own pauses ended {late:.1f} ms late, and so do a few round trips"
        return f"the runner's own pauses ended {self.late:.1f} ms late" if self.late > patience else ""

    def figures(self) -> Sequence[Figure]:
        """The judged figure, and the other percentiles of the round trips."""
        all_trips = Distribution.of(self.trips)
        others = {"median": all_trips.p50, "99th percentile": all_trips.p99, "longest": all_trips.greatest}
        judged = Figure("WebSocket latency (90th percentile)", self.judged, "ms")
        return judged, *(Figure(f"WebSocket latency ({name})", value, "ms") for name, value in others.items())

    def table(self) -> str:
        """For the report."""
        return (
            f"round trips: {Distribution.of(self.trips).describe('ms')}\n"
            f"self-check: {INJECTED_MILLISECONDS:g} ms put in on purpose ({len(self.delayed)} times),"
            f" {self.found_again:.1f} ms found again\n"
            f"the runner's own pauses ended late by {Distribution.of(self.lateness).describe('ms')}"
        )
