"""JUnit XML, a view of verdict.json: one suite for each test of the plan, one case for each criterion.

A scenario has a case of its own only if its criteria do not tell its verdict: its precondition or clean-up failed, or
it proves no criterion. behave's own reporter does not know the four verdicts: it passes scenarios whose clean-up failed
and drops those that were not reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from xml.etree import ElementTree as Xml

from streamspace_acceptance.evidence import ci_build, files
from streamspace_acceptance.evidence.run_evidence import Attachment
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting.markdown import place
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.scenario_result import Judged, ScenarioResult, is_wait
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, TestResult

HOOKS = "Hooks and clean-up"
BEYOND_THE_PLAN = "Beyond the plan"
_ELEMENTS = {Verdict.FAILED: "failure", Verdict.BROKEN: "error", Verdict.UNPROVEN: "skipped"}
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class _Case:
    """One case. `properties` may name one thing several times; the first of `evidence` is the one to look at."""

    name: str
    judged: Judged
    headline: str
    seconds: float
    place: tuple[str, int] | None = None
    properties: Sequence[tuple[str, str]] = ()
    evidence: Sequence[Attachment] = ()


def write(path: Path, run: RunResult, reports: Path) -> None:
    """Write the run as it is by now, in one piece. `reports` is the folder of its attachments."""
    root = Xml.Element("testsuites", name="StreamSpace acceptance")
    folder = ci_build.from_checkout(reports)
    for test in run.tests:
        scenarios = [scenario for scenario in run.scenarios if scenario.test == test.id]
        if scenarios:
            _add_suite(root, run, f"{test.id} {test.title}", classname(test), _cases(test, scenarios), folder=folder)
    beyond = [scenario for scenario in run.scenarios if scenario.test is None]
    if beyond:
        _add_suite(root, run, BEYOND_THE_PLAN, "beyond_the_plan", map(_scenario_case, beyond), folder=folder)
    if run.beside:
        cases = [_Case(problem.name, problem.judged, problem.judged.headline, 0.0) for problem in run.beside]
        _add_suite(root, run, HOOKS, "hooks", cases, folder=folder)
    for element in [*root, root]:
        _count(element)
    files.put(path, Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def classname(test: TestResult) -> str:
    """`phase1.test-1_1a`: readers split it at its last dot, and take the first part for a package."""
    return f"phase{test.phase}.test-{test.id.replace('.', '_')}"


def _cases(test: TestResult, scenarios: Sequence[ScenarioResult]) -> Iterator[_Case]:
    """A case for each criterion; one for each example where a scenario outline proves it."""
    verdicts: dict[str, set[Verdict]] = {scenario.id: set() for scenario in scenarios}
    for line in test.lines:
        proving = [scenario for scenario in scenarios if line.id in scenario.criteria]
        for scenario in proving:
            case = _criterion_case(line, test, scenario, alone=len(proving) == 1)
            verdicts[scenario.id].add(case.judged.verdict)
            yield case
    for scenario in scenarios:
        if scenario.judged.verdict not in verdicts[scenario.id]:
            yield _scenario_case(scenario)


def _criterion_case(line: CriterionResult, test: TestResult, scenario: ScenarioResult, *, alone: bool) -> _Case:
    """`alone`: no other scenario proves the criterion, so that its verdict is the criterion's."""
    step = next(step for step in scenario.steps if step.criterion == line.id)
    judged = Judged(line.verdict, line.reason, line.causes, line.failure) if alone else step.judged
    properties = [
        ("criterion", line.id),
        ("requirement", line.text),
        ("priority", line.priority),
        ("test", test.id),
        ("phase", str(test.phase)),
        ("sentence", line.sentence or ""),
        ("scenario", scenario.name),
        *([("limit", f"{line.limit:g} {line.unit}")] if line.limit is not None else []),
        *((figure.name, f"{figure.value:g} {figure.unit}") for figure in line.figures),
        *(("tag", tag) for tag in scenario.tags),
    ]
    failure = judged.failure
    return _Case(
        name=f"{line.id} {line.text}" + ("" if alone else f" ({', '.join(scenario.examples.values())})"),
        judged=judged,
        headline=f"{line.id}: expected {failure.expected}; {failure.actual}" if failure else judged.headline,
        seconds=step.seconds,
        place=(scenario.file, step.line or 1),
        properties=properties,
        evidence=_evidence(step.attachments, () if judged.verdict is Verdict.PROVEN else scenario.attachments),
    )


def _scenario_case(scenario: ScenarioResult) -> _Case:
    properties = [("scenario", scenario.name), *(("tag", tag) for tag in scenario.tags)]
    return _Case(
        scenario.name, scenario.judged, scenario.headline, scenario.seconds, (scenario.file, scenario.line or 1),
        properties, _evidence(scenario.evidence()),
    )  # fmt: skip


def _evidence(own: Iterable[Attachment], of_scenario: Iterable[Attachment] = ()) -> list[Attachment]:
    """Its own before those of its scenario, and pictures first: GitLab shows the first one of a failed case alone."""
    return [
        attachment
        for attachments in (own, of_scenario)
        for attachment in sorted(attachments, key=lambda attachment: not attachment.type.startswith("image/"))
        if not is_wait(attachment)
    ]


def _add_suite(
    root: Xml.Element, run: RunResult, name: str, classname: str, cases: Iterable[_Case], *, folder: str
) -> None:
    suite = Xml.SubElement(root, "testsuite", name=_text(name), timestamp=f"{run.began:%Y-%m-%dT%H:%M:%S}")
    for case in cases:
        _add_case(suite, classname, case, folder)


def _add_case(suite: Xml.Element, classname: str, case: _Case, folder: str) -> None:
    attributes = {"classname": classname, "name": _text(case.name), "time": f"{case.seconds:.3f}"}
    if case.place is not None:
        attributes |= {"file": _text(case.place[0]), "line": str(case.place[1])}
    element = Xml.SubElement(suite, "testcase", attributes)
    if case.judged.verdict is not Verdict.PROVEN:
        kind = _ELEMENTS[case.judged.verdict]
        outcome = Xml.SubElement(element, kind, message=_text(case.headline), type=case.judged.verdict)
        outcome.text = _text(case.judged.explanation)
    if case.properties:
        properties = Xml.SubElement(element, "properties")
        for name, value in case.properties:
            Xml.SubElement(properties, "property", name=_text(name), value=_text(value))
    if case.evidence:
        Xml.SubElement(element, "system-out").text = _text(
            "\n".join(
                f"[[ATTACHMENT|{PurePath(folder, place(attachment)).as_posix()}]]" for attachment in case.evidence
            )
        )


def _count(element: Xml.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
    for name, kind in _COUNTS.items():
        element.set(name, str(len(list(element.iter(kind)))))


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", redact(text))
