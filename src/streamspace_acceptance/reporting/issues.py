"""A failure as an issue text, ready to file."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from streamspace_acceptance.evidence.report_folder import ISSUES
from streamspace_acceptance.evidence.run_evidence import Attachment
from streamspace_acceptance.reporting.markdown import attachment, fenced, icon, link, page, plain
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.reporting.trend import Trend
from streamspace_acceptance.verdict.scenario_result import ScenarioResult, is_wait
from streamspace_acceptance.verdict.verdict_file import RunResult

# A reader of the issue has no folder of reports: text attachments stand in it, in part at least.
_TEXT = "text/plain"
_MOST_LINES = 40
_WIDEST = 240
# The end of a record is most useful; of the description of a moment, the beginning.
_RECORDS = ("log of ", "events", "http")


def linked(reported: ReportedFailure) -> str:
    """A link to the issue text from beside its folder."""
    return link(reported.name, f"{ISSUES}/{reported.name}.md")


def render(run: RunResult, reported: ReportedFailure, trend: Trend, attachments: Path) -> str:
    """The issue text of one failure; `attachments` is the folder of the run's attachments."""
    shown_by = [scenario for scenario in run.scenarios if reported.shown_by(scenario)]
    shown_by = shown_by[:1] if reported.preconditions else shown_by  # one shows it; the others are named
    return page(
        [
            f"# {_title(reported)}",
            "",
            f"{reported.priority} · {plain(run.product)} · {run.began:%Y-%m-%d %H:%M} UTC",
            "",
            *_what_happened(reported),
            *_what_it_blocks(reported),
            *_since_when(reported, trend),
            *_how_to_reproduce(run, reported, shown_by),
            *_evidence([evidence for scenario in shown_by for evidence in scenario.evidence()], attachments),
            *_environment(run),
        ]
    )


def _title(reported: ReportedFailure) -> str:
    if reported.line is not None:
        return f"{reported.name} fails: {plain(reported.expected)}"
    return f"A precondition fails: {plain(reported.expected)}"


def _what_happened(reported: ReportedFailure) -> Iterator[str]:
    failure = reported.failure
    yield "## What was expected"
    yield ""
    yield plain(failure.expected if failure else reported.expected)
    yield ""
    yield "## What happened"
    yield ""
    if failure is None:
        yield from fenced(reported.reason)
        yield ""
    else:
        yield f"{plain(failure.subject)}: {plain(failure.actual)}"
        yield ""
        yield f"- Timeline: {plain(failure.timeline)}"
        yield f"- Likely cause: {plain(failure.likely)}"
        yield ""
    if reported.causes:
        yield "## Root cause"
        yield ""
        yield "The cluster reported while the test ran:"
        yield ""
        yield from (f"- {plain(cause)}" for cause in reported.causes)
        yield ""


def _what_it_blocks(reported: ReportedFailure) -> Iterator[str]:
    if reported.preconditions:
        yield "## What it blocks"
        yield ""
        yield "It is not a criterion of the plan, but the criteria after it could not be shown in:"
        yield ""
        yield from (
            f"- {failed.test or 'beyond the plan'}: {plain(failed.scenario)}" for failed in reported.preconditions
        )
        yield ""


def _since_when(reported: ReportedFailure, trend: Trend) -> Iterator[str]:
    change = trend.earlier(reported.line) if reported.line is not None else None
    if change is not None:
        yield f"It was {change.before} in the run of {change.when:%Y-%m-%d %H:%M} UTC."
        yield ""


def _how_to_reproduce(run: RunResult, reported: ReportedFailure, scenarios: Sequence[ScenarioResult]) -> Iterator[str]:
    yield "## How to reproduce"
    yield ""
    if run.embedded:
        yield "1. It was seen on the embedded StreamSpace: leave `STREAMSPACE_API_URL` unset."
    else:
        yield "1. Set `STREAMSPACE_API_URL`, `STREAMSPACE_TEST_TOKEN`, `NAMESPACE` and `KUBECONFIG` for the target."
    yield f"2. Run `{_command(reported)}`."
    yield ""
    if reported.tests:
        yield f"By hand: Test {reported.tests[0]} of `plan/integration-test-plan.md`. The steps:"
    else:
        yield "The steps:"
    yield ""
    for scenario in scenarios:
        yield f"- *{plain(scenario.name)}*"
        for step in scenario.steps:
            here = " ← here" if reported.is_at(step) else ""
            yield f"  - {icon(step.judged.verdict)} {plain(step.sentence)}{here}"
    yield ""


def _command(reported: ReportedFailure) -> str:
    """By its test; scenarios beyond the plan are found by their names."""
    if reported.tests:
        return f"behave --tags=@test-{reported.tests[0]}"
    return f'behave --name="{reported.preconditions[0].scenario}"'


def _evidence(attachments: list[Attachment], folder: Path) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    shown = [evidence for evidence in attachments if not is_wait(evidence)]
    yield "In the run's folder of reports:" if shown else "No attachments."
    yield ""
    if shown:
        yield from (f"- {attachment(evidence, up='../')}" for evidence in shown)
        yield ""
    for evidence in shown:
        path = folder / evidence.file
        if evidence.type == _TEXT and path.is_file():
            yield from _folded(evidence.name, path.read_text(encoding="utf-8", errors="replace"))


def _folded(name: str, text: str) -> Iterator[str]:
    lines = text.splitlines()
    record = name.startswith(_RECORDS)
    shown = lines[-_MOST_LINES:] if record else lines[:_MOST_LINES]
    part = f", its {'last' if record else 'first'} {_MOST_LINES} lines" if len(lines) > _MOST_LINES else ""
    yield f"<details><summary>{html.escape(name)}{part}</summary>"
    yield ""
    yield from fenced("\n".join(_cut(line) for line in shown))
    yield ""
    yield "</details>"
    yield ""


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]} …"


def _environment(run: RunResult) -> Iterator[str]:
    yield "## Environment"
    yield ""
    for name, value in run.environment.items():
        yield f"- {plain(name)}: {plain(value)}"
