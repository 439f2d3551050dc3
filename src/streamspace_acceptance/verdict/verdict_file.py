"""verdict.json as it is read: all that the decision and the reports need of a run.

Its shape is published in docs/verdict.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.run_evidence import Attachment, Figure, KeptDistribution
from streamspace_acceptance.verdict.judgement import NO_SENTENCE, Verdict
from streamspace_acceptance.verdict.scenario_result import (
    Failure,
    Json,
    ProblemResult,
    ScenarioResult,
    attachments_of,
    failure_of,
    problem_of,
    scenario_of,
)

SCHEMA = "urn:streamspace-acceptance:verdict:2"
KILLED = "killed"
"""The interruption of a run that could not note one by itself."""
NOT_SELECTED = "not selected in this run"


class VerdictFileError(Exception):
    """It is not a verdict.json of this version of the suite."""


@dataclass(frozen=True)
class CriterionResult:
    """One criterion of the register. `asked`: whether the run was to judge it; if not, it is UNPROVEN.

    `siblings`: how many criteria its test has, itself among them. `applies`: whether it can be judged on this target
    at all. `seconds` is the time that its Then sentence took.
    `causes`: the errors that the cluster reported meanwhile. `evidence`: the files that show it, below the reports.
    `deviations`: the places of the contract profile at which it was judged by other words than the plan's.
    """

    id: str
    test: str
    priority: str
    text: str
    verdict: Verdict
    reason: str
    siblings: int
    sentence: str | None = None
    asked: bool = True
    applies: bool = True
    seconds: float = 0.0
    limit: float | None = None
    unit: str | None = None
    figures: tuple[Figure, ...] = ()
    failure: Failure | None = None
    causes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    distributions: tuple[KeptDistribution, ...] = ()

    @property
    def selectable(self) -> bool:
        """Whether it is UNPROVEN for no other reason than that it was not selected."""
        return not self.asked and self.sentence is not None

    @property
    def headline(self) -> str:
        """Why it is not proven, in one line: what was seen, where that is known."""
        return self.failure.actual if self.failure else self.reason.partition("\n")[0]


@dataclass(frozen=True)
class TestResult:
    """One test of the plan with all its criteria, also those that the run was not asked about."""

    __test__ = False  # not a pytest class

    id: str
    phase: int
    priority: str
    title: str
    lines: tuple[CriterionResult, ...]

    @property
    def asked(self) -> bool:
        """Whether the run was to judge any of it."""
        return any(line.asked for line in self.lines)

    @property
    def verdict(self) -> Verdict:
        """The worst of its criteria that apply to the target."""
        lines = [line for line in self.lines if line.applies] or self.lines
        return min((line.verdict for line in lines), key=list(Verdict).index)


@dataclass(frozen=True)
class FailedPrecondition:
    """A step that FAILED although it proves no criterion. `test` is None beyond the plan."""

    scenario: str
    test: str | None
    sentence: str
    reason: str
    failure: Failure | None = None
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunResult:
    """One run. `ended` is None if it did not finish. Times are in UTC.

    `problems` is what went wrong beside the steps.
    """

    began: datetime
    ended: datetime | None
    tester: str
    environment: dict[str, str]
    tests: tuple[TestResult, ...]
    scenarios: tuple[ScenarioResult, ...]
    attachments: tuple[Attachment, ...]
    problems: tuple[ProblemResult, ...]
    interruption: str | None
    deviations: tuple[Deviation, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing will be added to it."""
        return self.ended is not None or self.interruption == KILLED

    @property
    def beside(self) -> list[ProblemResult]:
        """The problems that belong to no scenario."""
        return [problem for problem in self.problems if problem.scenario is None]

    @property
    def beyond(self) -> list[ProblemResult]:
        """The defects of the product that no criterion is about, found by the clean-up."""
        return [problem for problem in self.problems if problem.judged.verdict is Verdict.FAILED]

    @property
    def failed_beyond(self) -> list[FailedPrecondition]:
        """The steps that FAILED in scenarios beyond the plan."""
        return [failed for failed in self.failed_preconditions if failed.test is None]

    @property
    def failed_preconditions(self) -> list[FailedPrecondition]:
        """The steps at which scenarios failed without a criterion: mostly what they need of the product.

        As long as a scenario runs nothing is known, as with criteria.
        """
        return [
            FailedPrecondition(
                scenario.name, scenario.test, step.sentence, step.judged.reason, step.judged.failure,
                scenario.judged.causes,
            )
            for scenario in self.scenarios if not scenario.running
            for step in scenario.steps if step.criterion is None and step.judged.verdict is Verdict.FAILED
        ]  # fmt: skip

    @property
    def embedded(self) -> bool:
        """Whether it was of the embedded StreamSpace."""
        return run_facts.EMBEDDED in self.environment.get(run_facts.TARGET, "")

    @property
    def time_scale(self) -> float:
        """By what the plan's seconds were multiplied."""
        return run_facts.time_scale(self.environment)

    @property
    def product(self) -> str:
        """ "StreamSpace v2.0-beta.1", with the version where it is known."""
        return " ".join(filter(None, ("StreamSpace", self.environment.get(run_facts.PRODUCT_VERSION))))

    @property
    def accepts_deviations(self) -> bool:
        """Whether it was run with `-D accept-deviations`."""
        return self.environment.get(run_facts.DEVIATIONS) == run_facts.ACCEPTED

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return None if self.ended is None else (self.ended - self.began).total_seconds()

    def lines(self, priority: str | None = None) -> Iterator[CriterionResult]:
        """Every criterion of the register, or those of one priority, in the plan's order."""
        return (line for test in self.tests for line in test.lines if priority in (None, line.priority))

    def of_phase(self, phase: int) -> list[TestResult]:
        """The tests of a phase."""
        return [test for test in self.tests if test.phase == phase]

    @property
    def phases(self) -> list[int]:
        """The phases with selected criteria."""
        return sorted({test.phase for test in self.tests if test.asked})


def read(path: Path) -> RunResult:
    """The run that wrote the file; VerdictFileError when it is not a verdict.json of this version."""
    try:
        return of_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise VerdictFileError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise VerdictFileError(f"{path} cannot be read: {error}") from error


def of_json(document: Json) -> RunResult:
    """The run in `document`; VerdictFileError when it is not of this version."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise VerdictFileError(f"it is not a {SCHEMA}")
    try:
        run, ended = document["run"], document["run"]["ended"]
        asked = {item["id"]: item for item in document["criteria"]}
        return RunResult(
            began=datetime.fromisoformat(run["began"]),
            ended=None if ended is None else datetime.fromisoformat(ended),
            tester=run["tester"],
            environment=document["environment"],
            tests=tuple(_test(test, asked) for test in document["tests"]),
            scenarios=tuple(map(scenario_of, document["scenarios"])),
            attachments=attachments_of(document["attachments"]),
            problems=tuple(map(problem_of, document["problems"])),
            interruption=document["interruption"],
            deviations=tuple(Deviation(**deviation) for deviation in document.get("deviations", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise VerdictFileError(f"it does not match its schema: {type(error).__name__}: {error}") from error


def compact(lines: Iterable[CriterionResult]) -> str:
    """The criteria in few words: "tests 1.1a, 1.1b and 1.2-1, 1.2-3", with whole tests by their names."""
    groups = [list(group) for _, group in groupby(lines, key=lambda line: line.test)]
    whole = [group[0].test for group in groups if len(group) == group[0].siblings]
    parts = [line.id for group in groups if len(group) < group[0].siblings for line in group]
    tests = f"{'test' if len(whole) == 1 else 'tests'} {', '.join(whole)}" if whole else ""
    return " and ".join(filter(None, (tests, ", ".join(parts))))


def _test(test: Json, asked: dict[str, Json]) -> TestResult:
    lines = tuple(_line(test, item, asked.get(item["id"])) for item in test["criteria"])
    return TestResult(test["id"], test["phase"], test["priority"], test["title"], lines)


def _line(test: Json, item: Json, judged: Json | None) -> CriterionResult:
    siblings, sentence = len(test["criteria"]), item["sentence"]
    if judged is None:
        reason = NOT_SELECTED if sentence is not None else NO_SENTENCE
        return CriterionResult(
            item["id"], test["id"], test["priority"], item["text"], Verdict.UNPROVEN, reason, siblings, sentence,
            asked=False, limit=item["limit"], unit=item["unit"],
        )  # fmt: skip
    return CriterionResult(
        id=item["id"],
        test=test["id"],
        priority=test["priority"],
        text=item["text"],
        verdict=Verdict(judged["verdict"]),
        reason=judged["reason"],
        siblings=siblings,
        sentence=sentence,
        applies=judged.get("applies", True),
        seconds=judged["seconds"],
        limit=item["limit"],
        unit=item["unit"],
        figures=tuple(map(_figure, judged.get("measured", ()))),
        failure=failure_of(judged),
        causes=tuple(judged.get("causes", ())),
        evidence=tuple(judged.get("evidence", ())),
        deviations=tuple(judged.get("deviations", ())),
        distributions=tuple(KeptDistribution(**kept) for kept in judged.get("distributions", ())),
    )


def _figure(figure: Json) -> Figure:
    return Figure(figure["name"], figure["value"], figure["unit"], figure.get("allowed", ""))
