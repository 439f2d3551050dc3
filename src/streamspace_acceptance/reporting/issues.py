"""What the product failed at, as an issue that can be filed as it is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from streamspace_acceptance.reporting.findings import Finding
from streamspace_acceptance.reporting.markdown import fenced, icon, kept, link, page, plain
from streamspace_acceptance.reporting.scenarios import Kept, Scenario
from streamspace_acceptance.reporting.trend import Trend
from streamspace_acceptance.verdict.verdict_file import RunResult

FOLDER = "issues"
# Whoever reads the issue has no folder of reports: what was kept as plain text stands in it, in part at least.
_TEXT = "text/plain"
_MOST_LINES = 40
_WIDEST = 240
# What goes on in time tells most at its end; what describes a moment does so at its beginning.
_RECORDS = ("log of ", "events", "http")


def file_name(finding: Finding) -> str:
    """The file's name: the finding's."""
    return f"{finding.name}.md"


def linked(finding: Finding, folder: str = FOLDER) -> str:
    """A link to the issue text from beside its folder."""
    return link(finding.name, f"{folder}/{file_name(finding)}")


def render(run: RunResult, finding: Finding, scenarios: Sequence[Scenario], trend: Trend, results: Path) -> str:
    """The issue text of one finding."""
    mine = [one for one in scenarios if finding.shown_by(one)]
    mine = mine[:1] if finding.setbacks else mine  # one shows it; the others are named
    return page(
        [
            f"# {_title(finding)}",
            "",
            f"{finding.priority} · {plain(run.product)} · {run.began:%Y-%m-%d %H:%M} UTC",
            "",
            *_what_happened(finding),
            *_what_it_holds_up(finding),
            *_since_when(finding, trend),
            *_how_to_reproduce(run, finding, mine),
            *_evidence([one for scenario in mine for one in scenario.telling_first()], results),
            *_environment(run),
        ]
    )


def _title(finding: Finding) -> str:
    if finding.line is not None:
        return f"{finding.name} fails: {plain(finding.what)}"
    return f"The product fails on the way: {plain(finding.what)}"


def _what_happened(finding: Finding) -> Iterator[str]:
    failure = finding.failure
    yield "## What was expected"
    yield ""
    yield plain(failure.expected if failure else finding.what)
    yield ""
    yield "## What happened"
    yield ""
    if failure is None:
        yield from fenced(finding.reason)
        yield ""
    else:
        yield f"{plain(failure.subject)}: {plain(failure.actual)}"
        yield ""
        yield f"- Timeline: {plain(failure.timeline)}"
        yield f"- Likely cause: {plain(failure.likely)}"
        yield ""
    if finding.causes:
        yield "## Root cause"
        yield ""
        yield "As far as the cluster itself said it while the test ran:"
        yield ""
        yield from (f"- {plain(cause)}" for cause in finding.causes)
        yield ""


def _what_it_holds_up(finding: Finding) -> Iterator[str]:
    if finding.setbacks:
        yield "## What it holds up"
        yield ""
        yield "It is no criterion of the plan by itself, but nothing behind it could be shown in:"
        yield ""
        yield from (f"- {one.test or 'beyond the plan'}: {plain(one.scenario)}" for one in finding.setbacks)
        yield ""


def _since_when(finding: Finding, trend: Trend) -> Iterator[str]:
    change = trend.earlier(finding.line) if finding.line is not None else None
    if change is not None:
        yield f"It was {change.before} in the run of {change.when:%Y-%m-%d %H:%M} UTC."
        yield ""


def _how_to_reproduce(run: RunResult, finding: Finding, scenarios: list[Scenario]) -> Iterator[str]:
    yield "## How to reproduce"
    yield ""
    if run.embedded:
        yield "1. It was seen on the embedded StreamSpace: set no `STREAMSPACE_API_URL`."
    else:
        yield "1. Set `STREAMSPACE_API_URL`, `STREAMSPACE_TEST_TOKEN`, `NAMESPACE` and `KUBECONFIG` to it."
    yield f"2. Run `{_command(finding)}`."
    yield ""
    if finding.tests:
        yield f"By hand: Test {finding.tests[0]} of `plan/integration-test-plan.md`. What was done:"
    else:
        yield "What was done:"
    yield ""
    for scenario in scenarios:
        yield f"- *{plain(scenario.name)}*"
        for step in scenario.steps:
            here = " ← here" if finding.is_at(step) else ""
            yield f"  - {icon(step.verdict)} {plain(step.sentence)}{here}"
    yield ""


def _command(finding: Finding) -> str:
    """One test shows it; what only scenarios beyond the plan have shown is found by their names."""
    if finding.tests:
        return f"behave --tags=@test-{finding.tests[0]}"
    return f'behave --name="{finding.setbacks[0].scenario}"'


def _evidence(found: list[Kept], results: Path) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    telling = [one for one in found if not one.wait]
    yield "In the run's folder of reports:" if telling else "None was kept."
    yield ""
    if telling:
        yield from (f"- {kept(one, up='../')}" for one in telling)
        yield ""
    for one in telling:
        path = results / one.source
        if one.kind == _TEXT and path.is_file():
            yield from _folded(one.name, path.read_text(encoding="utf-8", errors="replace"))


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
