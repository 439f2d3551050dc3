"""The results of one phase, in the shape that the plan's "Report Template" gives."""

from __future__ import annotations

from collections.abc import Iterator

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import PAGE
from streamspace_acceptance.reporting import issues, plan_text, release_criteria, reported_failures, sections
from streamspace_acceptance.reporting.markdown import (
    LEGEND,
    STATUS,
    attachment,
    fenced,
    icon,
    limit,
    page,
    plain,
    seconds,
    short,
    spread,
    table,
)
from streamspace_acceptance.reporting.plan_text import PlanText
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.verdict.judgement import NOT_SHOWN, Verdict
from streamspace_acceptance.verdict.scenario_result import ScenarioResult, is_wait
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, TestResult, compact

_SHOWN = 6
"""Attachments linked for a test that did not fail; report.html has all of them."""
_FACTS = {
    run_facts.KUBERNETES_VERSION: "Kubernetes Version",
    run_facts.PRODUCT_VERSION: "StreamSpace Version",
    run_facts.NODES: "Node Resources",
    run_facts.AGENTS: "Number of Agents",
}


def render(run: RunResult, phase: int, plan: PlanText = plan_text.NONE) -> str:
    """The phase's report; it links to the plan, if the project has its text."""
    tests = run.of_phase(phase)
    scenarios = {test.id: [scenario for scenario in run.scenarios if scenario.test == test.id] for test in tests}
    failures = reported_failures.of_run(run)
    found = {test.id: [reported for reported in failures if test.id in reported.tests] for test in tests}
    return page(
        [
            *_head(run, phase, sum(scenario.seconds for group in scenarios.values() for scenario in group)),
            *_summary(tests, scenarios, found),
            "## Detailed Results",
            "",
            *(
                line
                for test in tests
                if test.asked
                for line in _details(run, test, scenarios[test.id], found[test.id], plan.link(test.id))
            ),
            *sections.deviations(run, phase),
            *_environment(run),
            *_metrics(run, tests),
            *_conclusion(run, phase, tests),
            *_next_steps(tests, list(dict.fromkeys(reported for group in found.values() for reported in group))),
        ]
    )


def _head(run: RunResult, phase: int, duration: float) -> Iterator[str]:
    yield f"# {plain(run.product)} Integration Test Results - Phase {phase}"
    yield ""
    yield f"**Date**: {run.began:%Y-%m-%d}  "
    yield f"**Tester**: {plain(run.tester)}  "
    yield f"**Environment**: {plain(run.environment.get(run_facts.TARGET, 'none'))}  "
    yield f"**Duration**: {seconds(duration)}"
    yield ""
    yield from sections.notices(run)
    yield LEGEND
    yield ""


def _summary(
    tests: list[TestResult], scenarios: dict[str, list[ScenarioResult]], found: dict[str, list[ReportedFailure]]
) -> Iterator[str]:
    yield "## Test Summary"
    yield ""
    rows = [
        (test.id, plain(test.title), _status(test, found[test.id]), _duration(scenarios[test.id]),
         _note(test, found[test.id]))
        for test in tests
    ]  # fmt: skip
    yield from table(("Test ID", "Test Name", "Status", "Duration", "Notes"), rows)
    yield ""


def _duration(scenarios: list[ScenarioResult]) -> str:
    return seconds(sum(scenario.seconds for scenario in scenarios)) if scenarios else "-"


def _status(test: TestResult, found: list[ReportedFailure]) -> str:
    """A failed precondition fails the test."""
    return STATUS[Verdict.FAILED if found else test.verdict]


def _note(test: TestResult, found: list[ReportedFailure]) -> str:
    if not test.asked:
        return " and ".join(dict.fromkeys(line.reason for line in test.lines))
    rest = [line for line in test.lines if line.verdict in NOT_SHOWN and line.applies]
    elsewhere = [line for line in test.lines if not line.applies]
    notes = [f"See issue {', '.join(map(issues.linked, found))}"] if found else []
    notes += [f"not shown: {compact(rest)}"] if rest else []
    notes += [f"does not apply: {compact(elsewhere)}"] if elsewhere else []
    return "; ".join(notes) or "-"


def _details(
    run: RunResult, test: TestResult, scenarios: list[ScenarioResult], found: list[ReportedFailure], plan: str | None
) -> Iterator[str]:
    yield f"### Test {test.id}: {plain(test.title)}"
    yield ""
    yield f"**Status**: {_status(test, found)}  "
    yield f"**Duration**: {_duration(scenarios)}" + ("  " if plan else "")
    if plan:
        yield f"**Plan**: [Test {test.id}]({plan})"
    yield ""
    yield from _procedure(scenarios)
    yield "**Results**:"
    yield ""
    for line in test.lines:
        yield _result(run, line)
        yield from _proof(line, scenarios)
    yield ""
    yield from _evidence(test, scenarios)
    broken = [line for line in test.lines if line.verdict is Verdict.BROKEN]
    if not found and not broken:
        yield "**Issues Found**: None"
        yield ""
    for reported in found:
        yield from _failure(reported)
    for line in broken:
        yield from _breakage(line)


def _procedure(scenarios: list[ScenarioResult]) -> Iterator[str]:
    yield "**Procedure**:" if scenarios else "**Procedure**: no scenario was run."
    yield ""
    for scenario in scenarios:
        yield f"- *{plain(scenario.name)}*"
        for step in scenario.steps:
            taken = f" ({seconds(step.seconds)})" if step.seconds >= 0.1 else ""
            yield f"  - {icon(step.judged.verdict)} {plain(step.sentence)}{taken}"
    if scenarios:
        yield ""


def _result(run: RunResult, line: CriterionResult) -> str:
    measured = "".join(f"; {plain(first.name)} {first.amount}" for first in line.figures[:1])
    target = f" (target: {_limit(run, line)})" if line.limit is not None else ""
    why = f": {plain(short(line.headline))}" if line.verdict is not Verdict.PROVEN else ""
    through = " (deviation)" if line.deviations and line.verdict is Verdict.PROVEN else ""
    return f"- {icon(line.verdict)} {line.id} {plain(line.text)}{through}{measured}{target}{why}"


def _proof(line: CriterionResult, scenarios: list[ScenarioResult]) -> Iterator[str]:
    """Links to what the criterion's sentence attached, for each scenario that has it: each example of an outline.

    Each name stands once, but a chart and the table behind it may have one name.
    """
    attached = {
        scenario.name: {
            (evidence.name, evidence.type): evidence
            for step in scenario.steps
            if step.criterion == line.id
            for evidence in step.attachments
            if not is_wait(evidence)
        }
        for scenario in scenarios
    }
    shown = {name: evidence for name, evidence in attached.items() if evidence}
    for name, evidence in shown.items():
        of = f" ({plain(name)})" if len(shown) > 1 else ""
        yield f"  - evidence{of}: {', '.join(map(attachment, evidence.values()))}"


def _evidence(test: TestResult, scenarios: list[ScenarioResult]) -> Iterator[str]:
    attachments = [evidence for scenario in scenarios for evidence in scenario.evidence()]
    shown = [evidence for evidence in attachments if not is_wait(evidence)]
    shown = shown if test.verdict is Verdict.FAILED else shown[:_SHOWN]
    rest = len(attachments) - len(shown)
    links = ", ".join(map(attachment, shown))
    more = f"{rest} in the [HTML report]({PAGE})" if rest else ""
    yield f"**Evidence**: {'; and '.join(filter(None, (links, more))) or 'no attachments'}"
    yield ""


def _failure(reported: ReportedFailure) -> Iterator[str]:
    """The template's part about a test that failed, for one failure."""
    kind = "" if reported.line is not None else "Precondition: "
    yield f"#### {reported.name} {kind}{plain(reported.expected)}: {STATUS[Verdict.FAILED]}"
    yield ""
    if reported.failure is not None:
        yield f"**Expected**: {plain(reported.failure.expected)}"
        yield ""
        yield f"**Actual**: {plain(reported.failure.actual)}"
        yield ""
    likely = "unknown; begin with the evidence"
    if reported.failure is not None:
        likely = f"likely: {plain(reported.failure.likely)}"
    yield from _explanation(reported.reason, likely, reported.causes)
    yield f"**Issue Filed**: {issues.linked(reported)} (ready to file)"
    yield ""


def _breakage(line: CriterionResult) -> Iterator[str]:
    """The same about a check that broke."""
    yield f"#### {line.id} {plain(line.text)}: {STATUS[line.verdict]}"
    yield ""
    likely = "the check itself broke; nothing points to the product"
    yield from _explanation(line.reason, likely, line.causes)
    yield "**Issue Filed**: none (not a failure of the product)"
    yield ""


def _explanation(reason: str, likely: str, causes: tuple[str, ...]) -> Iterator[str]:
    yield "**Error Details**:"
    yield ""
    yield from fenced(reason)
    yield ""
    yield f"**Root Cause**: {'; '.join([likely, *(['seen: ' + '; '.join(map(plain, causes))] if causes else [])])}"
    yield ""


def _environment(run: RunResult) -> Iterator[str]:
    yield "## Environment Details"
    yield ""
    for name, title in _FACTS.items():
        yield f"- {title}: {plain(run.environment.get(name, 'unknown'))}"
    for name, value in run.environment.items():
        if name not in _FACTS:
            yield f"- {plain(name)}: {plain(value)}"
    yield ""


def _metrics(run: RunResult, tests: list[TestResult]) -> Iterator[str]:
    yield "## Performance Metrics"
    yield ""
    rows = [row for test in tests if test.asked for line in test.lines for row in _measured(run, line)]
    if rows:
        yield from table(("Criterion", "Figure", "Measured", "Target", "Status"), rows)
    else:
        yield "No figure was measured in this phase."
    yield ""


def _measured(run: RunResult, line: CriterionResult) -> Iterator[tuple[str, ...]]:
    """A row for each figure; a criterion with a target has one even if nothing was measured.

    A criterion is judged by its first figure; the others are parts of that one.
    """
    for index, measured in enumerate(line.figures):
        target, status = ("-", "-") if index else (_limit(run, line), STATUS[line.verdict])
        yield line.id, plain(measured.name), measured.amount, target, status
    for kept in line.distributions:
        yield line.id, f"{plain(kept.name)}, all values", spread(kept), "-", "-"
    if line.limit is not None and not line.figures:
        yield line.id, "-", plain(line.headline) or "no figure", _limit(run, line), STATUS[line.verdict]


def _limit(run: RunResult, line: CriterionResult) -> str:
    return limit(line, line.figures, run.time_scale) or "-"


def _conclusion(run: RunResult, phase: int, tests: list[TestResult]) -> Iterator[str]:
    lines = [line for test in tests for line in test.lines]
    proven = [line for line in lines if line.verdict is Verdict.PROVEN]
    failed = [line for line in lines if line.verdict is Verdict.FAILED]
    elsewhere = sum(not line.applies for line in lines)
    rest = len(lines) - len(proven) - len(failed) - elsewhere
    inapplicable = f", {elsewhere} {'does' if elsewhere == 1 else 'do'} not apply to this target" if elsewhere else ""
    yield "## Conclusion"
    yield ""
    if len(proven) == len(lines):
        yield f"All {len(lines)} criteria of the phase are proven."
    else:
        yield (
            f"{len(proven)} of the phase's {len(lines)} criteria are proven, {len(failed)} failed, "
            f"{rest} are not shown{inapplicable}."
        )
    yield ""
    for text, ids in release_criteria.SUCCESS[phase].items():
        yield f"- {STATUS[release_criteria.worst(release_criteria.criteria_of(run, ids))]}: {text}"
    yield ""


def _next_steps(tests: list[TestResult], failures: list[ReportedFailure]) -> Iterator[str]:
    yield "## Next Steps"
    yield ""
    yield from (f"- {step}" for step in sections.next_steps([line for test in tests for line in test.lines], failures))
