"""Allure results, a view of verdict.json: one file for each scenario, and one for each error that belongs to none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import VERDICTS
from streamspace_acceptance.evidence.run_evidence import Attachment
from streamspace_acceptance.reporting import plan_text
from streamspace_acceptance.reporting.allure import metrics, properties
from streamspace_acceptance.reporting.decision_page import PHASES
from streamspace_acceptance.reporting.junit import HOOKS, classname
from streamspace_acceptance.reporting.markdown import limit, measured, plain, table
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.register import TEST_TAG
from streamspace_acceptance.verdict.scenario_result import Judged, ProblemResult, ScenarioResult, StepResult
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, TestResult

Json = dict[str, Any]

STATUSES = {
    Verdict.PROVEN: "passed",
    Verdict.FAILED: "failed",
    Verdict.BROKEN: "broken",
    Verdict.UNPROVEN: "skipped",
}
CATEGORIES = {
    "failed": "FAILED: the product is wrong",
    "broken": "BROKEN: the suite, the cluster or the network is wrong",
    "skipped": "UNPROVEN: it could not be shown",
}
"""Allure's status -> the name of its category."""
_SEVERITIES = {"p0": "blocker", "p1": "critical"}
NOT_RUN = "Not run"
BEYOND_THE_PLAN = "Scenarios beyond the plan"
"""Named so that it comes after the phases, which Allure sorts by name."""
CRITERION = "criterion"
"""The label with the id of a criterion that a scenario proves."""


class AllureResults:
    """The results in `folder`. Each write replaces what has changed since the last one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = datetime.now(UTC)
        self._plan = plan_text.load()
        self._tests: dict[str, TestResult] = {}
        self._time_scale = 1.0
        self._scenarios: dict[str, tuple[ScenarioResult, tuple[CriterionResult, ...]]] = {}

    def write(self, run: RunResult, *, verdicts: str = "") -> None:
        """Write the run as it is by now; `verdicts` is the text of its verdict.json, once that is final."""
        self._began = run.began
        self._time_scale = run.time_scale
        self._tests = tests = {test.id: test for test in run.tests}
        for scenario in run.scenarios:
            self.update(scenario)
        for number, problem in enumerate(run.beside):
            uuid = str(uuid5(NAMESPACE_URL, f"{run.began} {number} {problem.name}"))
            self._put_json(f"{uuid}-result.json", _problem(uuid, problem, tests.get(problem.test or ""), run))
        if run.is_over:
            self._put_not_run(run)
        attachments = list(map(_attachment, run.attachments))
        if verdicts:
            self._put(f"{VERDICTS}-attachment.json", verdicts)
            attachments.append({"name": VERDICTS, "source": f"{VERDICTS}-attachment.json", "type": "application/json"})
        if attachments:
            self._put_json("run-globals.json", {"attachments": attachments})
        self._put(properties.FILE, properties.of_run(run))
        if found := metrics.samples(run):
            self._put_json(metrics.FILE, found)
        # For Allure's own commands, which do not read the settings of this project's page.
        self._put_json("categories.json", categories())
        self._put_json("executor.json", properties.executor(run))

    def update(self, scenario: ScenarioResult) -> None:
        """Write the result of one scenario, unless it is on disk already."""
        test = self._tests.get(scenario.test or "")
        criteria = () if test is None else tuple(line for line in test.lines if line.id in scenario.criteria)
        if self._scenarios.get(scenario.id) != (scenario, criteria):
            document = _scenario(scenario, test, self._began)
            document["description"] = description(scenario, criteria, self._time_scale)
            document["attachments"] += self._plan_section(scenario.test, scenario.id)
            self._put_json(f"{scenario.id}-result.json", document)
            self._scenarios[scenario.id] = scenario, criteria

    def _put_not_run(self, run: RunResult) -> None:
        """An entry for each test that has criteria about which the run was not asked: they count as skipped."""
        for test in run.tests:
            lines = [line for line in test.lines if not line.asked]
            if lines:
                document = _not_run(test, lines, run)
                document["attachments"] = self._plan_section(test.id, test.id)
                self._put_json(f"{document['uuid']}-result.json", document)

    def _plan_section(self, test: str | None, of: str) -> list[Json]:
        """The plan's section as an attachment: Allure's reports open from anywhere, and make no links to files.

        Each result, named `of`, has a file of its own, since Allure shows a file once.
        """
        section = self._plan.tests.get(test or "")
        if section is None:
            return []
        source = f"plan-{of}-attachment.html"
        if not (self._folder / source).exists():
            self._put(source, section.page())
        return [{"name": f"The plan: {section.title}", "source": source, "type": "text/html"}]

    def _put_json(self, name: str, document: object) -> None:
        self._put(name, json.dumps(document, ensure_ascii=False))

    def _put(self, name: str, text: str) -> None:
        files.write(self._folder / name, text)


def _scenario(scenario: ScenarioResult, test: TestResult | None, run_began: datetime) -> Json:
    began = scenario.began or run_began
    cells = [f"{name}={value}" for name, value in scenario.examples.items()]
    return {
        "uuid": scenario.id,
        "name": scenario.name,
        "fullName": scenario.place,
        # Of titles alone, scenarios of the same title in different files would pass for retries of each other.
        "testCaseId": _digest(scenario.place),
        "historyId": _digest(scenario.place, *cells),
        "titlePath": _title_path(scenario, test),
        "parameters": [{"name": name, "value": value} for name, value in scenario.examples.items()],
        "labels": list(_labels(scenario, test)),
        **_times(began, scenario.seconds),
        **_status(scenario.judged),
        "steps": list(_steps(scenario.steps, began)),
        "attachments": list(map(_attachment, scenario.attachments)),
    }


def categories() -> list[Json]:
    """The categories as Allure reads them."""
    return [{"name": name, "matchedStatuses": [status]} for status, name in CATEGORIES.items()]


def description(scenario: ScenarioResult, criteria: Sequence[CriterionResult], time_scale: float) -> str:
    """Why a user cares, and the criteria: the verdict, the limit, what was measured, the plan's words. In Markdown.

    The plan's words come last: a narrow page cuts the table off at its right.
    """
    verdicts = {step.criterion: step.judged.verdict for step in scenario.steps}
    rows = [
        (line.id, str(verdicts[line.id]), limit(line, line.figures, time_scale) or "-",
         "; ".join(map(measured, line.figures)) or "-", plain(line.text))
        for line in criteria
    ]  # fmt: skip
    lines = table(("Criterion", "Verdict", "Limit", "Measured", "The plan says"), rows) if rows else []
    return "\n".join([*map(plain, scenario.description.splitlines()), "", *lines]).strip()


def _steps(steps: tuple[StepResult, ...], began: datetime) -> Iterator[Json]:
    """The steps, each beginning when the one before it ended."""
    for step in steps:
        yield {
            "name": step.sentence if step.criterion is None else f"{step.criterion} · {step.sentence}",
            **_times(began, step.seconds),
            **_status(step.judged),
            "attachments": list(map(_attachment, step.attachments)),
        }
        began += timedelta(seconds=step.seconds)


def _not_run(test: TestResult, lines: Sequence[CriterionResult], run: RunResult) -> Json:
    """The criteria that the run was not asked about, as the steps of an entry that is skipped."""
    name = f"{NOT_RUN}: {test.title}" + ("" if len(lines) == len(test.lines) else " (other criteria)")
    judged = Judged(Verdict.UNPROVEN, " and ".join(dict.fromkeys(line.reason for line in lines)))
    plan = _plan_labels(test)
    labels = plan | {
        "parentSuite": plan["epic"],
        "suite": plan["feature"],
        "severity": _SEVERITIES[test.priority.lower()],
    }
    tags = [f"{TEST_TAG}{test.id}", *(line.id for line in lines)]
    return {
        "uuid": str(uuid5(NAMESPACE_URL, f"{run.began} {NOT_RUN} {test.id}")),
        "name": name,
        "fullName": f"{test.id}: {name}",
        "testCaseId": _digest(NOT_RUN, test.id),
        "historyId": _digest(NOT_RUN, test.id),
        "titlePath": [plan["epic"], plan["feature"]],
        "labels": [
            *({"name": label, "value": value} for label, value in labels.items()),
            *({"name": "tag", "value": tag} for tag in tags),
            *({"name": CRITERION, "value": line.id} for line in lines),
        ],
        **_times(run.ended or run.began, 0),
        **_status(judged),
        "steps": [
            {"name": f"{line.id} · {line.text}", **_times(run.ended or run.began, 0), **_status(judged)}
            for line in lines
        ],
    }


def _problem(uuid: str, problem: ProblemResult, test: TestResult | None, run: RunResult) -> Json:
    labels = {"severity": "blocker", "feature": HOOKS} | (_plan_labels(test) if test is not None else {})
    return {
        "uuid": uuid,
        **dict.fromkeys(("name", "fullName", "historyId", "testCaseId"), problem.name),
        "labels": [{"name": name, "value": value} for name, value in labels.items()],
        **_times(run.ended or run.began, 0),
        **_status(problem.judged),
    }


def _labels(scenario: ScenarioResult, test: TestResult | None) -> Iterator[Json]:
    """Where the scenario belongs in the plan: severity, epic (phase), feature (test), story, suites, criteria."""
    severity = next((level for tag, level in _SEVERITIES.items() if tag in scenario.tags), "normal")
    labels = {"severity": severity, "story": scenario.name, "framework": "behave"}
    place = _labels_beyond_the_plan(scenario) if test is None else _plan_labels(test)
    labels |= place | {"parentSuite": place["epic"], "suite": place["feature"]}
    # The rows of the report's timeline. It cuts their names, but shows two short ones in one row.
    labels |= {"host": "StreamSpace acceptance", "thread": place["epic"]}
    yield from ({"name": name, "value": value} for name, value in labels.items())
    yield from ({"name": "tag", "value": tag} for tag in scenario.tags)
    yield from ({"name": "tag", "value": criterion} for criterion in scenario.criteria)
    yield from ({"name": CRITERION, "value": criterion} for criterion in scenario.criteria)


def _plan_labels(test: TestResult) -> dict[str, str]:
    """`package` is for Allure 2: it splits it at its dots."""
    return {"epic": PHASES[test.phase], "feature": f"{test.id} {test.title}", "package": classname(test)}


def _labels_beyond_the_plan(scenario: ScenarioResult) -> dict[str, str]:
    return {"epic": BEYOND_THE_PLAN, "feature": scenario.feature, "package": "beyond_the_plan"}


def _title_path(scenario: ScenarioResult, test: TestResult | None) -> list[str]:
    """The folders of Allure 3's tree: the phase and the test, or the feature beyond the plan."""
    place = _labels_beyond_the_plan(scenario) if test is None else _plan_labels(test)
    return [place["epic"], place["feature"]]


def _status(judged: Judged) -> Json:
    status: Json = {"status": STATUSES[judged.verdict]}
    if judged.reason:
        status["statusDetails"] = {"message": judged.explanation, "trace": judged.trace}
    return status


def _times(began: datetime, seconds: float) -> dict[str, int]:
    """Allure's clock: milliseconds since the epoch."""
    start = round(began.timestamp() * 1000)
    return {"start": start, "stop": start + round(seconds * 1000)}


def _attachment(attachment: Attachment) -> Json:
    return {"name": attachment.name, "source": attachment.file, "type": attachment.type}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
