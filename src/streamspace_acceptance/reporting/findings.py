"""What the product failed at in a run: criteria, and what scenarios need of it before they come to theirs.

Each has a name, by which the reports link to its issue text. What is BROKEN says nothing about the product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamspace_acceptance.reporting.scenarios import Scenario, Step
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, FailedPrecondition, Failure, RunResult


@dataclass(frozen=True)
class Finding:
    """One thing that the product failed at.

    `what` says what should have been so, `tests` are the tests of the plan in which it was seen. Either `line` is the
    criterion, or `setbacks` are the steps that FAILED at the same sentence on the way to criteria.
    """

    name: str
    what: str
    priority: str
    reason: str
    failure: Failure | None
    causes: tuple[str, ...]
    tests: tuple[str, ...]
    line: CriterionResult | None = None
    setbacks: tuple[FailedPrecondition, ...] = ()

    @property
    def headline(self) -> str:
        """What happened, in one line."""
        return self.failure.actual if self.failure else self.reason.partition("\n")[0]

    def shown_by(self, scenario: Scenario) -> bool:
        """Whether it was seen in `scenario`."""
        if self.line is not None:
            return scenario.test == self.line.test and self.line.id in scenario.criteria
        return any((one.scenario, one.test or "") == (scenario.name, scenario.test) for one in self.setbacks)

    def is_at(self, step: Step) -> bool:
        """Whether it was seen at `step` of such a scenario."""
        if self.line is not None:
            return self.line.sentence is not None and step.sentence.endswith(f" {self.line.sentence}")
        return any(one.sentence == step.sentence for one in self.setbacks)


def of_run(run: RunResult) -> list[Finding]:
    """Everything that wants an issue: the criteria in the plan's order, then the setbacks in the run's."""
    failed = [line for line in run.lines() if line.verdict is Verdict.FAILED]
    return [*map(_of_line, failed), *_of_setbacks(run)]


def _of_line(line: CriterionResult) -> Finding:
    return Finding(
        line.id, line.text, line.priority, line.reason, line.failure, line.causes, (line.test,), line=line
    )  # fmt: skip


def _of_setbacks(run: RunResult) -> Iterator[Finding]:
    """One for each sentence, however many scenarios came to grief at it."""
    groups: dict[str, list[FailedPrecondition]] = {}
    for one in run.setbacks:
        groups.setdefault(one.sentence.partition(" ")[2], []).append(one)
    for number, (sentence, group) in enumerate(groups.items(), 1):
        first = group[0]
        tests = tuple(dict.fromkeys(one.test for one in group if one.test is not None))
        causes = tuple(dict.fromkeys(cause for one in group for cause in one.causes))
        yield Finding(
            f"setback-{number}", sentence, _priority(run, tests), first.reason, first.failure, causes, tests,
            setbacks=tuple(group),
        )  # fmt: skip


def _priority(run: RunResult, tests: Sequence[str]) -> str:
    """The highest among the tests that it holds up; beyond the plan there is none, and P1 is the lower."""
    return min((test.priority for test in run.tests if test.id in tests), default="P1")
