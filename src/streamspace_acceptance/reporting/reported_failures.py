"""The failures of a run: criteria and preconditions. A BROKEN step is not a failure of the product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.scenario_result import Failure, ScenarioResult, StepResult
from streamspace_acceptance.verdict.verdict_file import CriterionResult, FailedPrecondition, RunResult


@dataclass(frozen=True)
class ReportedFailure:
    """One failure. The reports link to its issue text by `name`.

    `expected` is the sentence that failed, `tests` are the tests of the plan in which it failed. Either `line` is
    the criterion, or `preconditions` are the steps that FAILED at the same sentence.
    """

    name: str
    expected: str
    priority: str
    reason: str
    failure: Failure | None
    causes: tuple[str, ...]
    tests: tuple[str, ...]
    line: CriterionResult | None = None
    preconditions: tuple[FailedPrecondition, ...] = ()

    @property
    def headline(self) -> str:
        """The failure in one line."""
        return self.failure.actual if self.failure else self.reason.partition("\n")[0]

    def shown_by(self, scenario: ScenarioResult) -> bool:
        """Whether it was seen in `scenario`."""
        if self.line is not None:
            return self.line.id in scenario.criteria
        return any((failed.scenario, failed.test) == (scenario.name, scenario.test) for failed in self.preconditions)

    def is_at(self, step: StepResult) -> bool:
        """Whether it was seen at `step` of such a scenario."""
        if self.line is not None:
            return step.criterion == self.line.id
        return any(failed.sentence == step.sentence for failed in self.preconditions)


def of_run(run: RunResult) -> list[ReportedFailure]:
    """All failures: the criteria in the plan's order, then the preconditions in the run's."""
    failed = [line for line in run.lines() if line.verdict is Verdict.FAILED]
    return [*map(_of_line, failed), *_of_preconditions(run)]


def _of_line(line: CriterionResult) -> ReportedFailure:
    return ReportedFailure(
        line.id, line.text, line.priority, line.reason, line.failure, line.causes, (line.test,), line=line
    )  # fmt: skip


def _of_preconditions(run: RunResult) -> Iterator[ReportedFailure]:
    """One for each sentence, however many scenarios failed at it."""
    groups: dict[str, list[FailedPrecondition]] = {}
    for failed in run.failed_preconditions:
        groups.setdefault(failed.sentence.partition(" ")[2], []).append(failed)
    for number, (sentence, group) in enumerate(groups.items(), 1):
        first = group[0]
        tests = tuple(dict.fromkeys(failed.test for failed in group if failed.test is not None))
        causes = tuple(dict.fromkeys(cause for failed in group for cause in failed.causes))
        yield ReportedFailure(
            f"precondition-{number}", sentence, _priority(run, tests), first.reason, first.failure, causes, tests,
            preconditions=tuple(group),
        )  # fmt: skip


def _priority(run: RunResult, tests: Sequence[str]) -> str:
    """The highest among the tests that it blocks; P1 beyond the plan."""
    return min((test.priority for test in run.tests if test.id in tests), default="P1")
