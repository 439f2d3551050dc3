"""The summary of a run: the decision first, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import PAGE, VERDICTS, ReportFolder
from streamspace_acceptance.reporting import issues, release_criteria, reported_failures, sections
from streamspace_acceptance.reporting.decision_page import totals
from streamspace_acceptance.reporting.deliverables import checklist
from streamspace_acceptance.reporting.markdown import (
    LEGEND,
    STATUS,
    icon,
    link,
    page,
    plain,
    seconds,
    shared_reason,
    short,
    spread,
    table,
)
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.reporting.trend import LEAST, Trend, VerdictChange, Worse
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact

_SIGNS = {DecisionWord.GO: "✅", DecisionWord.NO_GO: "❌", DecisionWord.UNDECIDED: "◻"}


def render(run: RunResult, decision: Decision, trend: Trend) -> str:
    """SUMMARY.md."""
    found = reported_failures.of_run(run)
    return page(
        [
            *_head(run, decision),
            *_what_failed(found),
            *_what_is_missing(decision),
            *_counts(run),
            *sections.deviations(run),
            *_release_criteria(run),
            *_deliverables(run, decision, found),
            *_trend(trend),
            *_next_steps(run, found),
        ]
    )


def _head(run: RunResult, decision: Decision) -> Iterator[str]:
    yield f"# {plain(run.product)} acceptance: {_SIGNS[decision.word]} {decision.title}"
    yield ""
    yield plain(decision.reason[:1].upper() + decision.reason[1:])
    yield ""
    yield f"**{totals(run)}**"
    yield ""
    yield f"**Date**: {run.began:%Y-%m-%d %H:%M} UTC  "
    yield f"**Tester**: {plain(run.tester)}  "
    yield f"**Target**: {plain(run.environment.get(run_facts.TARGET, 'none'))}  "
    yield f"**Duration**: {'did not end' if run.seconds is None else seconds(run.seconds)}"
    yield ""
    if run.embedded:
        yield "> The target is the embedded StreamSpace, which is not a release. The decision shows that the suite"
        yield "> works; it is not about a StreamSpace that is to ship."
        yield ""
    yield from sections.notices(run)


def _what_failed(found: Sequence[ReportedFailure]) -> Iterator[str]:
    """The failures; for a precondition, also what it blocks."""
    if found:
        yield "## Failed"
        yield ""
    for reported in found:
        blocked = dict.fromkeys(
            f"{failed.test or 'beyond the plan'} “{failed.scenario}”" for failed in reported.preconditions
        )
        note = f" (precondition of {plain('; '.join(blocked))})" if blocked else ""
        headline = plain(short(reported.headline))
        name = f"{issues.linked(reported)} ({reported.priority})"
        yield f"- {icon(Verdict.FAILED)} {name} {plain(reported.expected)}: {headline}{note}"
    if found:
        yield ""


def _what_is_missing(decision: Decision) -> Iterator[str]:
    for title, lines in (
        (decision.missing_title, decision.missing),
        ("Open: P1 criteria that are not proven", decision.open),
    ):
        if lines:
            yield f"## {title}"
            yield ""
            yield from _listed(lines)
            yield ""


def _listed(lines: Sequence[CriterionResult]) -> Iterator[str]:
    """Each criterion with its reason; those that share a reason stand together."""
    reasons: dict[tuple[Verdict, str], list[CriterionResult]] = {}
    for line in lines:
        reasons.setdefault((line.verdict, line.headline), []).append(line)
    for (verdict, _), group in reasons.items():
        text = f" {plain(group[0].text)}" if len(group) == 1 else ""
        yield f"- {icon(verdict)} {compact(group)}{text}: {plain(short(shared_reason(group)))}"


def _counts(run: RunResult) -> Iterator[str]:
    yield "## Verdicts"
    yield ""
    yield LEGEND
    yield ""
    yield from table(
        (
            "Phase",
            "Criteria",
            *(STATUS[verdict] for verdict in _ORDER),
            "of these not selected",
            "do not apply",
            "Report",
        ),
        [
            *(_phase_row(run, phase) for phase in sorted({test.phase for test in run.tests})),
            *(_row(f"All {priority}", list(run.lines(priority))) for priority in ("P0", "P1")),
            _row("All", list(run.lines())),
        ],
    )
    yield ""
    yield f"Every step with its evidence: [{PAGE}]({PAGE}), made by `streamspace-acceptance report`."
    yield f"The run for programs: [{VERDICTS}]({VERDICTS})."
    yield ""


_ORDER = (Verdict.PROVEN, Verdict.FAILED, Verdict.BROKEN, Verdict.UNPROVEN)


def _phase_row(run: RunResult, phase: int) -> tuple[str, ...]:
    report = link("results", ReportFolder(Path()).phase(phase, run.began).name) if phase in run.phases else "-"
    return _row(str(phase), [line for test in run.of_phase(phase) for line in test.lines], report)


def _row(name: str, lines: Sequence[CriterionResult], report: str = "") -> tuple[str, ...]:
    counts = [str(sum(line.verdict is verdict for line in lines)) for verdict in _ORDER]
    unasked = str(sum(line.selectable for line in lines))
    elsewhere = str(sum(not line.applies for line in lines))
    return name, str(len(lines)), *counts, unasked, elsewhere, report


def _release_criteria(run: RunResult) -> Iterator[str]:
    yield "## Overall Release Criteria"
    yield ""
    for words, lines in release_criteria.overall(run).items():
        yield f"- {STATUS[release_criteria.worst(lines)]}: {words} ({release_criteria.share(lines)})"
    yield "- Documentation complete: a run cannot show it"
    yield ""


def _deliverables(run: RunResult, decision: Decision, found: Sequence[ReportedFailure]) -> Iterator[str]:
    yield "## Deliverables Checklist"
    yield ""
    for deliverable in checklist(run, decision, found):
        note = f" ({plain(deliverable.note)})" if deliverable.note else ""
        yield f"- [{'x' if deliverable.done else ' '}] {deliverable.name}{note}"
    yield ""


def _trend(trend: Trend) -> Iterator[str]:
    yield "## Trend"
    yield ""
    if not trend.runs:
        yield "There is no earlier run of this target to compare with."
        yield ""
        return
    yield f"Compared with {trend.runs} earlier {'run' if trend.runs == 1 else 'runs'} of this target."
    yield ""
    changes = [
        *(_changed("turned red", change) for change in trend.red),
        *(_changed("no longer shown", change) for change in trend.lost),
        *(_changed("turned green", change) for change in trend.green),
        *map(_got_worse, trend.worse),
    ]
    yield from changes or ["- No criterion changed its verdict, and no figure is worse than usual."]
    if trend.runs < LEAST:
        yield f"- Figures are not compared yet: {LEAST} earlier runs are needed."
    yield ""
    if trend.together:
        rows = [
            (kept.line.id, plain(kept.here.name), spread(kept.here), f"{spread(kept.earlier)}, {kept.runs} runs")
            for kept in trend.together
        ]
        yield from table(("Criterion", "Distribution", "This run", "Earlier runs that proved it, together"), rows)
        yield ""


def _changed(what: str, change: VerdictChange) -> str:
    line = change.line
    when = f"{change.when:%Y-%m-%d %H:%M} UTC"
    return f"- {icon(line.verdict)} {line.id} {plain(line.text)}: {what} (was {change.before} on {when})"


def _got_worse(worse: Worse) -> str:
    return (
        f"- ⚠️ {worse.line.id} {plain(worse.line.text)}: {plain(worse.figure.name)} {worse.figure.amount}, "
        f"usually {worse.usual.amount} (median of {worse.runs} runs)"
    )


def _next_steps(run: RunResult, found: Sequence[ReportedFailure]) -> Iterator[str]:
    yield "## Next Steps"
    yield ""
    yield from (f"- {step}" for step in sections.next_steps(list(run.lines()), found))
