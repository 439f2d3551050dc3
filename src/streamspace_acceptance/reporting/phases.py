"""The results of one phase, in the shape that the plan's "Report Template" gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.reporting import findings, issues, release_criteria
from streamspace_acceptance.reporting.findings import Finding
from streamspace_acceptance.reporting.markdown import (
    LEGEND,
    STATUS,
    fenced,
    figure,
    icon,
    kept,
    page,
    plain,
    seconds,
    table,
)
from streamspace_acceptance.reporting.scenarios import Scenario
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, TestResult, compact

NAME = "INTEGRATION_TEST_RESULTS_PHASE_{phase}_{date:%Y-%m-%d}.md"
_SHOWN = 6
"""Attachments named for a test that is well; all of them stand in report.html."""
_FACTS = {
    run_facts.KUBERNETES_VERSION: "Kubernetes Version",
    run_facts.PRODUCT_VERSION: "StreamSpace Version",
    run_facts.NODES: "Node Resources",
    run_facts.AGENTS: "Number of Agents",
}


def file_name(run: RunResult, phase: int) -> str:
    """The file's name, as the plan wants it; the date is the day on which the run began."""
    return NAME.format(phase=phase, date=run.began)


def render(run: RunResult, phase: int, scenarios: Sequence[Scenario]) -> str:
    """The phase's report."""
    tests = run.of_phase(phase)
    mine = {test.id: [one for one in scenarios if one.test == test.id] for test in tests}
    found = {test.id: [one for one in findings.of_run(run) if test.id in one.tests] for test in tests}
    return page(
        [
            *_head(run, phase, sum(one.seconds for group in mine.values() for one in group)),
            *_summary(tests, mine, found),
            "## Detailed Results",
            "",
            *(line for test in tests if test.asked for line in _details(run, test, mine[test.id], found[test.id])),
            *_environment(run),
            *_metrics(run, tests),
            *_conclusion(run, phase, tests),
            *_next_steps(tests, list(dict.fromkeys(one for group in found.values() for one in group))),
        ]
    )


def _head(run: RunResult, phase: int, duration: float) -> Iterator[str]:
    yield f"# {plain(run.product)} Integration Test Results - Phase {phase}"
    yield ""
    yield f"**Date**: {run.began:%Y-%m-%d}  "
    yield f"**Tester**: {plain(run.tester)}  "
    yield f"**Environment**: {plain(run.environment.get(run_facts.TARGET, 'none was reached'))}  "
    yield f"**Duration**: {seconds(duration)}"
    yield ""
    yield from notices(run)
    yield LEGEND
    yield ""


def notices(run: RunResult) -> Iterator[str]:
    """What a reader must know first: that the run is not whole, or that its clock is not the plan's."""
    said = []
    if run.ended is None and run.interruption is None:
        said.append("The run never came to its end (it was killed, or it still goes on). This is what it had shown.")
    if run.interruption:
        said.append(f"The run was {plain(run.interruption)}; what it did not reach is unproven.")
    if run.time_scale != 1:
        said.append(
            f"The clock of this target is compressed: the plan's seconds were multiplied by {run.time_scale:g}."
        )
    said += [f"Outside the steps: {plain(problem)}" for problem in run.problems]
    for one in said:
        yield f"> ⚠️ {one}"
        yield ""


def _summary(
    tests: list[TestResult], scenarios: dict[str, list[Scenario]], found: dict[str, list[Finding]]
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


def _duration(scenarios: list[Scenario]) -> str:
    return seconds(sum(one.seconds for one in scenarios)) if scenarios else "-"


def _status(test: TestResult, found: list[Finding]) -> str:
    """A product that fails before any criterion of the test is reached has failed the test."""
    return STATUS[Verdict.FAILED if found else test.verdict]


def _note(test: TestResult, found: list[Finding]) -> str:
    if not test.asked:
        return " and ".join(dict.fromkeys(line.reason for line in test.lines))
    rest = [line for line in test.lines if line.verdict in (Verdict.BROKEN, Verdict.UNPROVEN) and line.applies]
    elsewhere = [line for line in test.lines if not line.applies]
    said = [f"See issue {', '.join(map(issues.linked, found))}"] if found else []
    said += [f"not shown: {compact(rest)}"] if rest else []
    said += [f"does not apply: {compact(elsewhere)}"] if elsewhere else []
    return "; ".join(said) or "-"


def _details(run: RunResult, test: TestResult, scenarios: list[Scenario], found: list[Finding]) -> Iterator[str]:
    yield f"### Test {test.id}: {plain(test.title)}"
    yield ""
    yield f"**Status**: {_status(test, found)}  "
    yield f"**Duration**: {_duration(scenarios)}"
    yield ""
    yield from _procedure(scenarios)
    yield "**Results**:"
    yield ""
    yield from (_result(run, line) for line in test.lines)
    yield ""
    yield from _evidence(test, scenarios)
    broken = [line for line in test.lines if line.verdict is Verdict.BROKEN]
    if not found and not broken:
        yield "**Issues Found**: None"
        yield ""
    for finding in found:
        yield from _trouble(finding)
    for line in broken:
        yield from _breakage(line)


def _procedure(scenarios: list[Scenario]) -> Iterator[str]:
    yield "**Procedure**:" if scenarios else "**Procedure**: nothing was run."
    yield ""
    for scenario in scenarios:
        yield f"- *{plain(scenario.name)}*"
        for step in scenario.steps:
            taken = f" ({seconds(step.seconds)})" if step.seconds >= 0.1 else ""
            yield f"  - {icon(step.verdict)} {plain(step.sentence)}{taken}"
    if scenarios:
        yield ""


def _result(run: RunResult, line: CriterionResult) -> str:
    measured = "".join(f"; {plain(one.name)} {figure(one)}" for one in line.figures[:1])
    limit = f" (target: {_limit(run, line)})" if line.limit is not None else ""
    why = f": {plain(line.headline)}" if line.verdict is not Verdict.PROVEN else ""
    return f"- {icon(line.verdict)} {line.id} {plain(line.text)}{measured}{limit}{why}"


def _evidence(test: TestResult, scenarios: list[Scenario]) -> Iterator[str]:
    found = [one for scenario in scenarios for one in scenario.telling_first()]
    if not found:
        yield "**Evidence**: none was kept"
        yield ""
        return
    telling = [one for one in found if not one.wait]
    shown = telling if test.verdict is Verdict.FAILED else telling[:_SHOWN]
    rest = len(found) - len(shown)
    links = ", ".join(kept(one) for one in shown)
    more = f"{rest} in the [HTML report](report.html)" if rest else ""
    yield f"**Evidence**: {'; and '.join(filter(None, (links, more)))}"
    yield ""


def _trouble(finding: Finding) -> Iterator[str]:
    """What the template wants of a test that failed, for each thing that the product failed at."""
    what = plain(finding.what)
    named = f"{finding.name} {what}" if finding.line is not None else f"{finding.name} On the way: {what}"
    yield f"#### {named}: {STATUS[Verdict.FAILED]}"
    yield ""
    if finding.failure is not None:
        yield f"**Expected**: {plain(finding.failure.expected)}"
        yield ""
        yield f"**Actual**: {plain(finding.failure.actual)}"
        yield ""
    likely = "not known; the evidence is where to begin"
    if finding.failure is not None:
        likely = f"likely: {plain(finding.failure.likely)}"
    yield from _explanation(finding.reason, likely, finding.causes)
    yield f"**Issue Filed**: {issues.linked(finding)} (ready to file)"
    yield ""


def _breakage(line: CriterionResult) -> Iterator[str]:
    """The same of a check that broke, which is no finding about the product."""
    yield f"#### {line.id} {plain(line.text)}: {STATUS[line.verdict]}"
    yield ""
    likely = "not in the product, as far as was seen: the check itself broke"
    yield from _explanation(line.reason, likely, line.causes)
    yield "**Issue Filed**: none: this is no finding"
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

    The first figure of a criterion is the one that it is judged by; the others say what that is made of.
    """
    for index, one in enumerate(line.figures):
        target, status = ("-", "-") if index else (_limit(run, line), STATUS[line.verdict])
        yield line.id, plain(one.name), figure(one), target, status
    if line.limit is not None and not line.figures:
        yield line.id, "-", plain(line.headline) or "no figure was kept", _limit(run, line), STATUS[line.verdict]


def _limit(run: RunResult, line: CriterionResult) -> str:
    """The plan's figure; seconds also as they are on the target's own clock, by which they are judged."""
    if line.limit is None:
        return "-"
    scaled = line.unit == "s" and run.time_scale != 1
    here = f", here {line.limit * run.time_scale:g} s" if scaled else ""
    return f"{line.limit:g} {line.unit}{here}"


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
            f"{rest} were not shown{inapplicable}."
        )
    yield ""
    for words, named in release_criteria.SUCCESS[phase].items():
        yield f"- {STATUS[release_criteria.worst(release_criteria.criteria_of(run, named))]}: {words}"
    yield ""


def _next_steps(tests: list[TestResult], found: list[Finding]) -> Iterator[str]:
    yield "## Next Steps"
    yield ""
    yield from steps([line for test in tests for line in test.lines], found) or ["Nothing: every criterion is proven."]


def steps(lines: Sequence[CriterionResult], found: Sequence[Finding]) -> list[str]:
    """What has to be done about what was found and about the criteria that are not proven; nothing when all are."""
    broken = [line for line in lines if line.verdict is Verdict.BROKEN]
    unshown = [line for line in lines if line.verdict is Verdict.UNPROVEN and not line.selectable and line.applies]
    others = [line for line in lines if line.selectable]
    elsewhere = [line for line in lines if not line.applies]
    said = [f"- File and mend: {', '.join(map(issues.linked, found))}"] if found else []
    said += [f"- Find out what kept the checks from working, then run them again: {compact(broken)}"] if broken else []
    said += [f"- Show what was not shown: {compact(unshown)}"] if unshown else []
    said += [f"- Run what was not selected: {compact(others)}"] if others else []
    said += [f"- Show on a cluster what does not apply to this target: {compact(elsewhere)}"] if elsewhere else []
    return said
