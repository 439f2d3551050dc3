"""The failures of a run: criteria and preconditions. A BROKEN step is not a failure of the product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.scenario_result import Failure, ScenarioResult, StepResult
from streamspace_acceptance.verdict.verdict_file import CriterionResult, FailedPrecondition, RunResult

_PARTICULARS = re.compile(r"\d+\.\d+ s\b|'[^']*'|(?<=[-_])[0-9a-f]{4,}\b")
"""The parts of a failure that differ from others of its cause: seconds, quoted names, and ends of generated ones."""


@dataclass(frozen=True)
class ReportedFailure:
    """One failure. The reports link to its issue text by `name`.

    `expected` is the sentence that failed, the first of several; `tests` are the tests of the plan in which it failed.
    Either `line` is the criterion, or `preconditions` are the steps that FAILED at the same sentence, or alike at
    other ones.
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
    """One for each cause, however many scenarios failed of it."""
    groups: list[list[FailedPrecondition]] = []
    for failed in run.failed_preconditions:
        known = next((group for group in groups if any(_is_the_same(failed, other) for other in group)), None)
        if known is None:
            groups.append([failed])
        else:
            known.append(failed)
    for number, group in enumerate(groups, 1):
        first = group[0]
        tests = tuple(dict.fromkeys(failed.test for failed in group if failed.test is not None))
        causes = tuple(dict.fromkeys(cause for failed in group for cause in failed.causes))
        yield ReportedFailure(
            f"precondition-{number}", _sentence(first), _priority(run, tests), first.reason, first.failure, causes,
            tests, preconditions=tuple(group),
        )  # fmt: skip


def _is_the_same(failed: FailedPrecondition, other: FailedPrecondition) -> bool:
    """Alike at one sentence, or with the same words at several, as of a product that refuses every session."""
    if failed.failure is None or other.failure is None:
        return failed.failure is other.failure and _sentence(failed) == _sentence(other)
    if failed.failure.expected != other.failure.expected:
        return False
    return _sentence(failed) == _sentence(other) or _words(failed.failure) == _words(other.failure)


def _words(failure: Failure) -> str:
    """The words of the failure without its particulars."""
    return _PARTICULARS.sub("", failure.actual)


def _sentence(failed: FailedPrecondition) -> str:
    return failed.sentence.partition(" ")[2]


def _priority(run: RunResult, tests: Sequence[str]) -> str:
    """The highest among the tests that it blocks; P1 beyond the plan."""
    return min((test.priority for test in run.tests if test.id in tests), default="P1")
