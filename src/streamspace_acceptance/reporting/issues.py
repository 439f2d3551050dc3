"""A failure as an issue that can be filed as it is."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from pathlib import Path

from streamspace_acceptance.reporting.markdown import fenced, icon, kept, page, plain
from streamspace_acceptance.reporting.scenarios import Kept, Scenario
from streamspace_acceptance.reporting.trend import Trend
from streamspace_acceptance.verdict.document import Line, RunDocument
from streamspace_acceptance.verdict.judgement import Verdict

FOLDER = "issues"
# Whoever reads the issue has no folder of reports: what was kept as plain text stands in it, the end of it at least.
_TEXT = "text/plain"
_MOST_LINES = 40
_WIDEST = 240


def file_name(line: Line) -> str:
    """The file's name: its criterion."""
    return f"{line.id}.md"


def failed(run: RunDocument) -> list[Line]:
    """The criteria that want an issue. What is BROKEN says nothing about the product."""
    return [line for line in run.lines() if line.verdict is Verdict.FAILED]


def render(run: RunDocument, line: Line, scenarios: Sequence[Scenario], trend: Trend, results: Path) -> str:
    """The issue text of one failure."""
    mine = [one for one in scenarios if one.test == line.test and line.id in one.criteria]
    return page(
        [
            f"# {line.id}: {plain(line.text)}",
            "",
            f"{line.priority} · {plain(run.product)} · {run.began:%Y-%m-%d %H:%M} UTC",
            "",
            *_what_happened(line),
            *_since_when(line, trend),
            *_how_to_reproduce(run, line, mine),
            *_evidence([one for scenario in mine for one in scenario.telling_first()], results),
            *_environment(run),
        ]
    )


def _what_happened(line: Line) -> Iterator[str]:
    failure = line.failure
    yield "## What was expected"
    yield ""
    yield plain(failure.expected if failure else line.text)
    yield ""
    yield "## What happened"
    yield ""
    if failure:
        yield f"{plain(failure.subject)}: {plain(failure.actual)}"
        yield ""
        yield f"Likely cause: {plain(failure.likely)}"
        yield ""
    if line.causes:
        yield "## Root cause"
        yield ""
        yield "As far as the cluster itself said it while the test ran:"
        yield ""
        yield from (f"- {plain(cause)}" for cause in line.causes)
        yield ""
        yield "## The failure in full"
        yield ""
    yield from fenced(line.reason)
    yield ""


def _since_when(line: Line, trend: Trend) -> Iterator[str]:
    change = trend.earlier(line)
    if change is not None:
        yield f"It was {change.before} in the run of {change.when:%Y-%m-%d %H:%M} UTC."
        yield ""


def _how_to_reproduce(run: RunDocument, line: Line, scenarios: list[Scenario]) -> Iterator[str]:
    yield "## How to reproduce"
    yield ""
    if run.embedded:
        yield "1. It was seen on the embedded StreamSpace: set no `STREAMSPACE_API_URL`."
    else:
        yield "1. Set `STREAMSPACE_API_URL`, `STREAMSPACE_TEST_TOKEN`, `NAMESPACE` and `KUBECONFIG` to it."
    yield f"2. Run `behave --tags=@test-{line.test}`."
    yield ""
    yield f"By hand: Test {line.test} of `plan/integration-test-plan.md`. What was done:"
    yield ""
    for scenario in scenarios:
        yield f"- *{plain(scenario.name)}*"
        for step in scenario.steps:
            here = " ← here" if line.sentence is not None and step.sentence.endswith(f" {line.sentence}") else ""
            yield f"  - {icon(step.verdict)} {plain(step.sentence)}{here}"
    yield ""


def _evidence(found: list[Kept], results: Path) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    if not found:
        yield "None was kept."
        yield ""
    telling = [one for one in found if not one.wait]
    yield from (f"- {kept(one, up='../')}" for one in telling)
    yield ""
    for one in telling:
        path = results / one.source
        if one.kind == _TEXT and path.is_file():
            yield from _folded(one.name, path.read_text(encoding="utf-8", errors="replace"))


def _folded(name: str, text: str) -> Iterator[str]:
    lines = text.splitlines()
    last = f", its last {_MOST_LINES} lines" if len(lines) > _MOST_LINES else ""
    yield f"<details><summary>{html.escape(name)}{last}</summary>"
    yield ""
    yield from fenced("\n".join(_cut(line) for line in lines[-_MOST_LINES:]))
    yield ""
    yield "</details>"
    yield ""


def _cut(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]} …"


def _environment(run: RunDocument) -> Iterator[str]:
    yield "## Environment"
    yield ""
    for name, value in run.environment.items():
        yield f"- {plain(name)}: {plain(value)}"
