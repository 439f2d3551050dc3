"""Measurements of input lag: the figures, whether they can be trusted, and the table for the report."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.evidence.run_evidence import KeptDistribution
from streamspace_acceptance.measuring import histogram, node_busy
from streamspace_acceptance.measuring.distribution import percentile
from streamspace_acceptance.measuring.network_path import NetworkPath

SHARE = 0.9
"""A user calls a desktop slow when one answer in ten is: the 90th percentile is judged."""
INJECTED_MILLISECONDS = 60.0
TRUSTED_MILLISECONDS = 20.0
"""The self-check: a delay put in on purpose must be found again to within so much."""
HELD_UP_MILLISECONDS, BUSY_MILLISECONDS = 2.0, 8.0
"""A page whose own timer is so late (90th percentile) is kept waiting by its machine, and so is all else there: with
the first now and then, which explains some late answers, with the second all the time. A quiet machine is late by
0.3 ms; two cores with fifteen processes waiting for them, by 5 ms, when an answer took 41 ms (median) and up to 344 ms.
"""
NEVER = math.inf
BUSY_PAGE = 0.7
"""A page whose own thread uses so large a share of a processor is late for what it does itself."""


@dataclass(frozen=True)
class InputLag:
    """Lags in milliseconds, `NEVER` where nothing changed: by the kind of input; and those with the delay put in.

    `drifts`: how late the page's own timer was meanwhile, in milliseconds. `load`: the share of a processor (0..1) that
    the page's own thread used. `nodes`: the busy share of each node's processors.
    """

    session: str
    lags: Mapping[str, Sequence[float]]
    delayed: Sequence[float]
    checked_kind: str
    drifts: Sequence[float]
    network: NetworkPath = field(default_factory=NetworkPath)
    load: float = 0.0
    nodes: Mapping[str, float] = field(default_factory=dict)

    def percentile(self, kind: str) -> float:
        """The 90th percentile of one kind of input, by nearest rank."""
        return percentile(self.lags[kind], SHARE)

    def kept(self, kind: str) -> KeptDistribution:
        """All lags of one kind of input, so that those of several runs can be added up."""
        return histogram.encode(f"{kind} input lag", self.lags[kind], "ms")

    @property
    def worst(self) -> float:
        """The 90th percentile of the kind of input that is the slowest."""
        return max(self.percentile(kind) for kind in self.lags)

    @property
    def found_again(self) -> float:
        """How much of the delay that was put in is in the figures: the difference of the medians."""
        return statistics.median(self.delayed) - statistics.median(self.lags[self.checked_kind])

    def distrust(self, limit: float) -> str:
        """Why these figures cannot be trusted; empty when they can.

        A product that is slow now and then makes the two medians differ by whatever it likes. Where it is slower than
        `limit` milliseconds, that much is allowed for, as long as nothing was seen before it can have been sent.
        """
        tolerance = TRUSTED_MILLISECONDS
        if self.worst >= limit and min(self.delayed) >= INJECTED_MILLISECONDS:
            tolerance += self.worst - min(map(min, self.lags.values()))
        if not abs(self.found_again - INJECTED_MILLISECONDS) <= tolerance:  # NaN is no trust either
            return (
                f"a delay of {INJECTED_MILLISECONDS:g} ms put in on purpose was measured as {self.found_again:.0f} ms"
            )
        return ""

    def excuse(self, limit: float) -> str:
        """How the machine itself explains answers that took `limit` milliseconds and more; empty when it does not."""
        if self.load >= BUSY_PAGE:
            return ""
        usual = max(statistics.median(lags) for lags in self.lags.values())
        patience = BUSY_MILLISECONDS if usual >= limit else HELD_UP_MILLISECONDS
        if self.drift > patience:
            return f"the page's own timer was late by {self.drift:.1f} ms"
        return node_busy.full(self.nodes)

    @property
    def cause(self) -> str:
        """The likely cause of late answers."""
        if self.load >= BUSY_PAGE:
            return f"the page's own scripts keep it busy: its thread used {self.load:.0%} of a processor"
        return "something holds input or pictures back between the browser and the session's desktop"

    @property
    def drift(self) -> float:
        """How late the page's own timer was, in milliseconds (90th percentile)."""
        return percentile(self.drifts, SHARE) if self.drifts else NEVER

    def table(self) -> str:
        """For the report."""
        lines = ["input     presses   median    p90    longest"]
        for kind, lags in self.lags.items():
            lines.append(
                f"{kind:9} {len(lags):7} {statistics.median(lags):5.0f} ms {self.percentile(kind):4.0f} ms"
                f" {max(lags):6.0f} ms"
            )
        lines.append(
            f"self-check: {INJECTED_MILLISECONDS:g} ms put in on purpose ({len(self.delayed)} times,"
            f" {self.checked_kind}), {self.found_again:.0f} ms found again"
        )
        lines.append(
            f"the page's own timer was late by {percentile(self.drifts, SHARE) if self.drifts else 0:.1f} ms (p90),"
            f" its thread used {self.load:.0%} of a processor"
        )
        lines += [self.network.describe()] if self.network.count else []
        lines += [node_busy.describe(self.nodes)] if self.nodes else []
        return "\n".join(lines)
