"""The largest number of sessions that run at once: what each step of the ramp showed, and what ended it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.measuring.capacity_search import CapacitySearch
from streamspace_acceptance.measuring.distribution import Distribution

KNEE_FACTOR, KNEE_PLAN_SECONDS, KNEE_REAL_SECONDS = 1.25, 2.0, 1.0
"""The knee of the start-up time: the first step's median times 1.25, and a fixed part (Login VSI's rule). The fixed
part is 2 s of the plan, and at least one real second, since no time scale shortens the start of a container."""
KNEE_STEPS = 2
"""So many steps in a row must be over the limit: one alone may be chance."""


def knee_limit(baseline: float, scale: float) -> float:
    """The start-up time, in seconds, above which a step lies beyond the knee."""
    return KNEE_FACTOR * baseline + max(KNEE_PLAN_SECONDS * scale, KNEE_REAL_SECONDS)


@dataclass(frozen=True)
class Step:
    """One number that was tried. `starts` are the start-up times of the sessions that it added, in seconds.

    `conditions` say why the number did not hold; `reasons` are what the product and Kubernetes said about that; `lost`
    are earlier sessions that did not survive the step, in a sentence each. `plane_outside`: how the cluster missed its
    own objectives meanwhile, as a part of a sentence. `taken`: sessions and pods of the product that were taken away
    by nobody's defect, in a sentence each.
    """

    number: int
    added: int
    alive: int
    seconds: float
    starts: Sequence[float]
    conditions: Sequence[str]
    reasons: Sequence[str]
    lost: Sequence[str]
    crashes: Sequence[str]
    busy: dict[str, float]
    samples: Sequence[str]
    generator: str
    plane_outside: str = ""
    taken: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether all of the sessions ran, the earlier ones included."""
        return not self.conditions

    @property
    def median(self) -> float | None:
        """The median start-up time of the sessions that the step added."""
        return Distribution.of(self.starts).p50 if self.starts else None

    def row(self) -> list[str]:
        """Its line in the table."""
        spread = Distribution.of(self.starts) if self.starts else None
        busy = max(self.busy.values(), default=None)
        return [
            f"{self.number}",
            f"{self.added}",
            f"{self.alive}",
            "-" if spread is None else f"{spread.p50:.2f}",
            "-" if spread is None else f"{spread.p95:.2f}",
            "-" if busy is None else f"{busy:.0%}",
            f"{self.seconds:.1f}",
            "holds" if self.holds else "; ".join(self.conditions),
        ]


HEADERS = ("sessions", "added", "alive", "start p50 (s)", "start p95 (s)", "busy", "took (s)", "result")


def baseline(steps: Sequence[Step]) -> float | None:
    """The least median of those of the steps that held and added as many sessions as the first; None without any."""
    alike = [step for step in steps if step.holds and step.added == steps[0].added]
    return min((step.median for step in alike if step.median is not None), default=None)


@dataclass(frozen=True)
class Recovery:
    """The release of all sessions and what followed. `troubles` is empty if the product recovered.

    `excuse`: that the machine itself had no processor left for the release, or that others had taken the room since, as
    a part of a sentence. `start`: the median start-up time afterwards, in seconds. `crashes`: the product's own pods
    that restarted meanwhile.
    """

    seconds: float
    start: float | None
    troubles: Sequence[str]
    excuse: str = ""
    crashes: Sequence[str] = ()

    def describe(self) -> str:
        """For the report."""
        start = "no session was started" if self.start is None else f"sessions start in {self.start:.2f} s again"
        troubles = "; ".join(self.troubles) or "all sessions are gone, and the API is healthy"
        return f"released in {self.seconds:.1f} s; {start}; {troubles}"


@dataclass
class SessionCapacity:
    """The search with its steps. `limited` says that the nodes had no room for the rest of the ramp; `refused`, the
    answer with which the API refused every session of a step, as it does to users that it does not know.
    """

    search: CapacitySearch
    scale: float
    steps: list[Step] = field(default_factory=list)
    limited: str = ""
    refused: str = ""
    recovery: Recovery | None = None
    knee: str = ""

    @property
    def largest(self) -> int:
        """The largest number that held."""
        return self.search.good

    @property
    def ended_by(self) -> Step | None:
        """The step of the smallest number that did not hold; None if every number of the ramp did."""
        failed = [step for step in self.steps if not step.holds]
        return min(failed, key=lambda step: step.number, default=None)

    @property
    def crashes(self) -> list[str]:
        """The product's own pods that restarted meanwhile, in a sentence each."""
        ended = () if self.recovery is None else self.recovery.crashes
        return [*(crash for step in self.steps for crash in step.crashes), *ended]

    @property
    def lost(self) -> list[str]:
        """Sessions that ran and did not survive others that were added, in a sentence each."""
        return [loss for step in self.steps for loss in step.lost]

    @property
    def taken(self) -> list[str]:
        """Everything that nobody's defect took away, in a sentence each: then the number that failed says nothing."""
        return [words for step in self.steps if not step.holds for words in step.taken]

    @property
    def baseline(self) -> float | None:
        """The start-up time that the knee is measured from: the least median of the steps that held.

        The first step may have been slow, since it pulled images.
        """
        return baseline(self.steps)

    @property
    def determined(self) -> bool:
        """Whether the search came to an end that says something."""
        return self.search.exact or self.search.reached_end or bool(self.knee or self.limited)

    @property
    def result(self) -> str:
        """The result in one sentence."""
        if self.knee:
            return f"{self.largest} sessions; beyond them the start-up time rises: {self.knee}"
        if self.search.bad is not None:
            ended = self.ended_by
            why = "; ".join(ended.conditions) if ended is not None else "unknown"
            return f"{self.largest} sessions; at {self.search.bad}: {why}"
        if self.limited:
            return f"at least {self.largest} sessions: {self.limited}"
        return f"at least {self.largest} sessions: the ramp's end"

    @property
    def bottleneck(self) -> list[str]:
        """The words of the product and Kubernetes about the first number that failed; empty where nothing says why."""
        if self.knee:
            return [self.knee]
        if self.search.bad is None:
            return [self.limited or f"none up to the ramp's end ({self.largest} sessions)"]
        ended = self.ended_by
        return [] if ended is None else list(dict.fromkeys([*ended.crashes, *ended.lost, *ended.reasons]))

    def describe_bottleneck(self) -> str:
        """The same as text, a line each."""
        return "\n".join([self.result, *(self.bottleneck or ["nothing says why"])])

    @property
    def figures(self) -> list[Figure]:
        """The plan's Metrics to Record; the largest number first."""
        figures = [Figure("largest number", self.largest, "sessions")]
        if self.search.bad is not None:
            figures.append(Figure("first number that failed", self.search.bad, "sessions"))
        figures += [
            Figure(f"start p95 at {step.number}", Distribution.of(step.starts).p95, "s")
            for step in self.steps
            if step.starts and step.holds
        ]
        if self.recovery is not None:
            figures.append(Figure("release of all sessions", self.recovery.seconds, "s"))
        return figures

    def describe(self) -> str:
        """The table of the steps with the result below it."""
        rows = [list(HEADERS), *(step.row() for step in self.steps)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        first = self.baseline
        knee = (
            "" if first is None else f"knee of the start-up time: median above {knee_limit(first, self.scale):.2f} s, "
        )
        others = [f"{step.number}" for step in self.steps if step.starts and step.added != self.steps[0].added]
        last = self.steps[-1] if self.steps else None
        return "\n".join(
            [
                *lines,
                "",
                f"result: {self.result}",
                f"{knee}the least median times {KNEE_FACTOR:g} and a fixed {KNEE_PLAN_SECONDS:g} s of the plan"
                f" (at least {KNEE_REAL_SECONDS:g} s), in {KNEE_STEPS} steps in a row",
                *([f"not judged by the knee, for they add another number: {', '.join(others)}"] if others else []),
                *([node_busy.describe(last.busy), last.generator] if last is not None else []),
                *(f"desktops at {step.number}: {'; '.join(step.samples)}" for step in self.steps if step.samples),
                f"recovery: {self.recovery.describe() if self.recovery is not None else 'not tried'}",
            ]
        )
