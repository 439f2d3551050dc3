"""Changes since earlier runs of the same target: criteria that turned red or green, and figures that got worse.

A criterion is compared with the last run that judged it. A figure, and the time that a criterion took to be shown, is
compared with the last runs that proved it. A busy machine is not news: the difference must exceed a quarter of their
median, three of their spreads, and a smallest difference for its unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.run_evidence import Figure, KeptDistribution
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult

LOOKS_BACK = 10
LEAST = 5
"""The fewest earlier values to compare with: the spread of fewer is mostly luck."""
TOLERANCE = 0.25
SPREADS = 3.0
# 1.4826 times the median absolute deviation estimates the standard deviation of a normal distribution.
_MAD_TO_DEVIATION = 1.4826
# unit -> (whether more is worse, the smallest difference that is reported). Other units are counts: more may be better
# or worse.
_UNITS = {
    "s": (True, 0.5),
    "ms": (True, 10.0),
    "millicores": (True, 20.0),
    "MiB": (True, 16.0),
    "sessions/min": (False, 1.0),
    "frames/s": (False, 1.0),
}
_RED = (Verdict.FAILED, Verdict.BROKEN)
TIME_TAKEN = "time to be shown"


@dataclass(frozen=True)
class VerdictChange:
    """A criterion with another verdict than in the run of `when`."""

    line: CriterionResult
    before: Verdict
    when: datetime


@dataclass(frozen=True)
class Worse:
    """A figure that is worse than usual; `usual` is the median of `runs` earlier ones, in the same unit."""

    line: CriterionResult
    figure: Figure
    usual: Figure
    runs: int


@dataclass(frozen=True)
class MergedDistribution:
    """A distribution of this run, and that of all values of the last `runs` runs that proved the criterion."""

    line: CriterionResult
    here: KeptDistribution
    earlier: KeptDistribution
    runs: int


@dataclass(frozen=True)
class Trend:
    """`lost` is what an earlier run proved and this one did not show. `runs` is how many could be compared with."""

    runs: int
    red: tuple[VerdictChange, ...] = ()
    green: tuple[VerdictChange, ...] = ()
    lost: tuple[VerdictChange, ...] = ()
    worse: tuple[Worse, ...] = ()
    together: tuple[MergedDistribution, ...] = ()

    def earlier(self, line: CriterionResult) -> VerdictChange | None:
        """How the criterion stood before it turned red."""
        return next((change for change in self.red if change.line.id == line.id), None)


def trend(run: RunResult, earlier: Sequence[RunResult]) -> Trend:
    """`run` beside the `earlier` runs (oldest first) of the same target."""
    comparable = [previous for previous in earlier if _target(previous) == _target(run)]
    judged = [line for line in run.lines() if _has_judged(run, line)]
    changes = [change for line in judged if (change := _change(line, comparable)) is not None]
    return Trend(
        runs=len(comparable),
        red=tuple(change for change in changes if change.line.verdict in _RED and change.before not in _RED),
        green=tuple(change for change in changes if change.line.verdict is Verdict.PROVEN),
        lost=tuple(
            change for change in changes if change.line.verdict is Verdict.UNPROVEN and change.before is Verdict.PROVEN
        ),
        worse=tuple(worse for line in run.lines() for worse in _worse(line, comparable)),
        together=tuple(together for line in run.lines() for together in _together(line, comparable)),
    )


def is_worse(figure: Figure, earlier: Sequence[float]) -> bool:
    """Whether `figure` is worse than the earlier values, beyond doubt."""
    if len(earlier) < LEAST or figure.unit not in _UNITS:
        return False
    more_is_worse, least = _UNITS[figure.unit]
    usual = median(earlier)
    deviation = _MAD_TO_DEVIATION * median(abs(value - usual) for value in earlier)
    difference = figure.value - usual if more_is_worse else usual - figure.value
    return difference > max(TOLERANCE * usual, SPREADS * deviation, least)


def _target(run: RunResult) -> tuple[str, float]:
    """All embedded ones are the same target; others are identified by their address."""
    return "embedded" if run.embedded else run.environment.get(run_facts.TARGET, ""), run.time_scale


def _change(line: CriterionResult, earlier: Sequence[RunResult]) -> VerdictChange | None:
    last = next(((run, before) for run, before in _judged(line, earlier)), None)
    if last is None or last[1].verdict is line.verdict:
        return None
    return VerdictChange(line, last[1].verdict, last[0].began)


def _worse(line: CriterionResult, earlier: Sequence[RunResult]) -> Iterator[Worse]:
    proven = [before for _, before in _judged(line, earlier) if before.verdict is Verdict.PROVEN][:LOOKS_BACK]
    taken = [_time_taken(line)] if line.verdict is Verdict.PROVEN else []
    for figure in (*line.figures, *taken):
        values = [
            earlier_figure.value
            for before in proven
            for earlier_figure in (*before.figures, _time_taken(before))
            if _same(earlier_figure, figure)
        ]
        if is_worse(figure, values):
            yield Worse(line, figure, Figure(figure.name, median(values), figure.unit), len(values))


def _together(line: CriterionResult, earlier: Sequence[RunResult]) -> Iterator[MergedDistribution]:
    proven = [before for _, before in _judged(line, earlier) if before.verdict is Verdict.PROVEN][:LOOKS_BACK]
    for here in line.distributions:
        same = [kept for before in proven for kept in before.distributions if _same(kept, here)]
        with suppress(ValueError):  # a damaged one cannot be added up; its own run's report says so
            if same:
                yield MergedDistribution(line, here, histogram.merge(same)[0], len(same))


def _judged(line: CriterionResult, earlier: Sequence[RunResult]) -> Iterator[tuple[RunResult, CriterionResult]]:
    """The criterion in earlier runs that judged it, newest first."""
    return (
        (run, before)
        for run in reversed(earlier)
        for before in run.lines()
        if before.id == line.id and _has_judged(run, before)
    )


def _has_judged(run: RunResult, line: CriterionResult) -> bool:
    """Whether the run was asked about the criterion, and not interrupted or killed before it was shown either way."""
    return line.asked and (run.interruption is None or line.verdict in (Verdict.PROVEN, Verdict.FAILED))


def _same(figure: Figure | KeptDistribution, other: Figure | KeptDistribution) -> bool:
    return (figure.name, figure.unit) == (other.name, other.unit)


def _time_taken(line: CriterionResult) -> Figure:
    return Figure(TIME_TAKEN, line.seconds, "s")
