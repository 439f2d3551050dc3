"""The release criteria of a run, each met or not: the rules of the decision, then the plan's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from streamspace_acceptance.reporting import release_criteria
from streamspace_acceptance.verdict.decision import Decision
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import RunResult, compact


@dataclass(frozen=True)
class ReleaseCriterion:
    """`rule` states it; `detail` says what the run showed of it, or is empty."""

    rule: str
    verdict: Verdict
    detail: str

    @property
    def message(self) -> str:
        """The verdict, and what the run showed."""
        return f"{self.verdict}: {self.detail}" if self.detail else str(self.verdict)

    @property
    def met(self) -> bool:
        """Whether the run showed it: what is unproven is not met."""
        return self.verdict is Verdict.PROVEN


def of_run(run: RunResult, decision: Decision) -> Iterator[ReleaseCriterion]:
    """Every release criterion, those by which the decision is made first."""
    yield _no_failure(run, decision)
    yield _core(run, decision)
    caveats = "; ".join(decision.caveats)
    yield ReleaseCriterion(
        "The run can decide about a release", Verdict.UNPROVEN if caveats else Verdict.PROVEN, caveats
    )
    for words, lines in release_criteria.overall(run).items():
        yield ReleaseCriterion(f"Plan: {words}", release_criteria.worst(lines), release_criteria.share(lines))


def _no_failure(run: RunResult, decision: Decision) -> ReleaseCriterion:
    failed = [f"failed: {compact(decision.failed)}"] if decision.failed else []
    failed += [f"failed precondition: “{precondition.sentence}”" for precondition in decision.failed_preconditions]
    judged = sum(line.verdict in (Verdict.PROVEN, Verdict.FAILED) for line in run.lines())
    verdict = Verdict.FAILED if failed else Verdict.PROVEN if judged else Verdict.UNPROVEN
    return ReleaseCriterion(
        "No criterion and no precondition failed", verdict, "; ".join([f"{judged} criteria were judged", *failed])
    )


def _core(run: RunResult, decision: Decision) -> ReleaseCriterion:
    """Not as among the plan's own, a P0 criterion that does not apply to the target is missing here."""
    core = list(run.lines("P0"))
    verdict = release_criteria.worst(core)
    if verdict is Verdict.PROVEN and decision.missing:
        verdict = Verdict.UNPROVEN
    return ReleaseCriterion("Every P0 criterion is proven", verdict, release_criteria.share(core))
