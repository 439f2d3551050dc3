"""The decision as a part of a web page: the word and its reason first, then the totals and what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from streamspace_acceptance.evidence import ci_build, run_facts
from streamspace_acceptance.evidence.report_folder import ISSUES, PLAN_PAGE, SUMMARY, ReportFolder
from streamspace_acceptance.reporting import plan_text, quality_gate, reported_failures
from streamspace_acceptance.reporting.markdown import limit, shared_reason, short
from streamspace_acceptance.reporting.plan_text import PlanText
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.reporting.sections import early_end, next_steps
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact

PHASES = (
    "Phase 0 · Environment",
    "Phase 1 · Sessions",
    "Phase 2 · Templates",
    "Phase 3 · Agents",
    "Phase 4 · Performance",
)
_ORDER = (Verdict.PROVEN, Verdict.FAILED, Verdict.BROKEN, Verdict.UNPROVEN)
_COLOURS = {DecisionWord.GO: "#2e7d32", DecisionWord.NO_GO: "#c62828", DecisionWord.UNDECIDED: "#8a6100"}
_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").replace("PLAN_PAGE", PLAN_PAGE)


def render(
    run: RunResult,
    decision: Decision,
    plan: PlanText = plan_text.NONE,
    scenarios: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The part of the page, complete with its style and the plan, if there is one. Texts of the run are escaped.

    `scenarios` has the address within the page of each criterion's scenario, as far as there is one.
    """
    return "\n".join(
        [
            f"<style>{_STYLE}</style>",
            '<section id="decision" aria-label="Decision">',
            *_head(run, decision),
            *_totals(run),
            *_lines("Failed: the product is wrong", decision.failed, scenarios, run.time_scale),
            *_preconditions(decision),
            *_lines(decision.missing_title, decision.missing, scenarios, run.time_scale),
            *_lines("Open: P1 criteria that are not proven", decision.open, scenarios, run.time_scale),
            *_next_steps(run),
            *_deviations(run),
            *_release(run, decision),
            *_criteria(run, plan, scenarios),
            "</section>",
            *(
                [f'<dialog id="plan" aria-label="The plan"><button>Close</button>{plan.article()}</dialog>']
                if plan.markdown
                else []
            ),
            f"<script>{_SCRIPT}</script>",
        ]
    )


def totals(run: RunResult) -> str:
    """`69 of 88 criteria proven (P0 41 of 45, P1 28 of 43), 0 failed`."""
    shares = [f"{name} {_proven(run.lines(name))}" for name in ("P0", "P1")]
    failed = sum(line.verdict is Verdict.FAILED for line in run.lines())
    return f"{_proven(run.lines())} criteria proven ({', '.join(shares)}), {failed} failed"


def _proven(lines: Iterable[CriterionResult]) -> str:
    every = list(lines)
    return f"{sum(line.verdict is Verdict.PROVEN for line in every)} of {len(every)}"


def _head(run: RunResult, decision: Decision) -> Iterator[str]:
    colour = _COLOURS[decision.word]
    yield f'<h1>{escape(run.product)}: <span class="word" style="background:{colour}">{decision.title}</span></h1>'
    reason = decision.reason[:1].upper() + decision.reason[1:]
    yield f"<p>{escape(reason)}</p>"
    yield f"<p><strong>{escape(totals(run))}</strong></p>"
    if run.deviations:
        judged = sum(bool(line.deviations) and line.verdict is Verdict.PROVEN for line in run.lines())
        yield (
            f"<p>Deviations from the plan's contract: {len(run.deviations)}. Criteria that are proven through one: "
            f"{judged}.</p>"
        )
    target = run.environment.get(run_facts.TARGET, "none")
    summary = f'<a href="{SUMMARY}">{SUMMARY}</a>'
    yield f"<p>{run.began:%Y-%m-%d %H:%M} UTC, {escape(target)}, tester {escape(run.tester)}. {summary}</p>"
    yield from _build(run)
    if early := early_end(run):
        yield f'<p class="warning">{escape(early)}</p>'
    if run.time_scale != 1:
        yield (
            f"<p class=\"warning\">The target's clock runs {1 / run.time_scale:g} times as fast as the plan's. "
            f"Every limit in seconds was multiplied by {run.time_scale:g}: 60 s were {60 * run.time_scale:g} s.</p>"
        )


def _build(run: RunResult) -> Iterator[str]:
    """The build of a CI system that the run belongs to."""
    facts = run.environment
    if ci_build.RUN_BY in facts:
        name, url = escape(facts.get(ci_build.BUILD, "build")), facts.get(ci_build.BUILD_URL, "")
        linked = f'<a href="{escape(url)}">{name}</a>' if url.startswith(("https://", "http://")) else name
        yield f"<p>Run by {escape(facts[ci_build.RUN_BY])}: {linked}</p>"


def _totals(run: RunResult) -> Iterator[str]:
    yield "<h2>Criteria by phase and verdict</h2>"
    yield '<div class="scroll"><table class="totals">'
    headings = ("Phase", "Criteria", *_ORDER)
    yield "<tr>" + "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings) + "</tr>"
    for phase in sorted({test.phase for test in run.tests}):
        lines = [line for test in run.of_phase(phase) for line in test.lines]
        yield _row(_phase(run, phase, lines), lines)
    for priority in ("P0", "P1"):
        yield _row(f"All {priority}", list(run.lines(priority)))
    yield _row("All", list(run.lines()), kind=' class="total"')
    yield "</table></div>"


def _row(name: str, lines: Sequence[CriterionResult], kind: str = "") -> str:
    """`name` is HTML."""
    counts = [len(lines), *(sum(line.verdict is verdict for line in lines) for verdict in _ORDER)]
    cells = "".join(f'<td class="number">{count}</td>' for count in counts)
    return f'<tr{kind}><td class="phase">{name}</td>{cells}</tr>'


def _phase(run: RunResult, phase: int, lines: Sequence[CriterionResult]) -> str:
    """The phase, which opens its results, or why it was not run."""
    if phase in run.phases:
        return f'<a href="{ReportFolder.phase_name(phase, run.began)}">{escape(PHASES[phase])}</a>'
    why = " and ".join(dict.fromkeys(line.reason for line in lines))
    return f"{escape(PHASES[phase])}<br><small>{escape('not run: ' + why)}</small>"


def _lines(
    title: str, lines: Sequence[CriterionResult], scenarios: Mapping[str, str], time_scale: float
) -> Iterator[str]:
    """Each criterion with its reason, and a link to its scenario; those that share a reason stand together."""
    reasons: dict[tuple[Verdict, str], list[CriterionResult]] = {}
    for line in lines:
        reasons.setdefault((line.verdict, line.headline), []).append(line)
    if lines:
        yield f"<h2>{escape(title)}</h2><ul>"
        for (verdict, _), group in reasons.items():
            names = escape(compact(group))
            if len(group) == 1:
                priority = f" ({group[0].priority})" if verdict is Verdict.FAILED else ""
                names = f"{_linked(names, scenarios.get(group[0].id))}{priority} {escape(group[0].text)}"
            fault = "BROKEN (not a failure of the product): " if verdict is Verdict.BROKEN else ""
            yield f"<li>{names}: {fault}{escape(short(_wanted(group[0], time_scale) + shared_reason(group)))}</li>"
        yield "</ul>"


def _wanted(line: CriterionResult, time_scale: float) -> str:
    """The limit of a criterion that FAILED, to show beside the figure."""
    wanted = limit(line, line.figures, time_scale) if line.verdict is Verdict.FAILED else ""
    return f"limit {wanted}; " if wanted else ""


def _preconditions(decision: Decision) -> Iterator[str]:
    """The steps at which the product failed without a criterion, with the scenarios that needed them."""
    if decision.failed_preconditions:
        yield "<h2>Failed preconditions</h2><ul>"
        for precondition in decision.failed_preconditions:
            seen = (
                f"expected {precondition.failure.expected}; {precondition.failure.actual}"
                if precondition.failure
                else precondition.reason
            )
            place = f"{precondition.test} “{precondition.scenario}”"
            yield f"<li>{escape(place)}, {escape(precondition.sentence)}: {escape(seen)}</li>"
        yield "</ul>"


def _next_steps(run: RunResult) -> Iterator[str]:
    steps = next_steps(list(run.lines()), reported_failures.of_run(run), _issue)
    yield f"<h2>Next steps</h2><ul>{''.join(f'<li>{_whole_ids(step)}</li>' for step in steps)}</ul>"


def _issue(reported: ReportedFailure) -> str:
    return _linked(escape(reported.name), f"{ISSUES}/{quote(reported.name)}.md")


def _deviations(run: RunResult) -> Iterator[str]:
    """Each difference with the words of both, and the criteria that were judged through it."""
    if run.deviations:
        yield "<h2>Deviations from the plan's contract</h2>"
        yield '<div class="scroll"><table>'
        headings = ("Where", "The plan", "The product", "Criteria judged through it")
        yield "<tr>" + "".join(f'<th scope="col">{heading}</th>' for heading in headings) + "</tr>"
        for deviation in run.deviations:
            users = compact([line for line in run.lines() if deviation.key in line.deviations])
            cells = (deviation.key, deviation.plan, deviation.product, users or "-")
            yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        yield "</table></div>"


def _release(run: RunResult, decision: Decision) -> Iterator[str]:
    yield "<h2>Release criteria</h2><ul>"
    for criterion in quality_gate.of_run(run, decision):
        detail = criterion.detail and f" ({criterion.detail})"
        yield f"<li>{criterion.verdict}: {escape(criterion.rule)}{_whole_ids(escape(detail))}</li>"
    yield "</ul>"


def _whole_ids(text: str) -> str:
    """HTML whose criteria, such as 1.2-3 after a comma or a blank, do not break at their hyphens."""
    return re.sub(r"(?<=[ :])\d[\w.]*-\d+", r'<span class="id">\g<0></span>', text)


def _linked(text: str, address: str | None) -> str:
    """HTML as a link, if there is an address."""
    return text if address is None else f'<a href="{address}">{text}</a>'


def _criteria(run: RunResult, plan: PlanText, scenarios: Mapping[str, str]) -> Iterator[str]:
    """Every criterion of the plan, also those that were not run, so that each can be found by its id.

    The id opens the plan, the verdict the scenario with its evidence.
    """
    lines = list(run.lines())
    yield f"<details><summary>All {len(lines)} criteria</summary>"
    yield '<div class="scroll"><table class="criteria">'
    headings = ("Criterion", "The plan says", "Limit", "Measured", "Verdict")
    yield "<tr>" + "".join(f'<th scope="col">{heading}</th>' for heading in headings) + "</tr>"
    for line in lines:
        name, verdict = _linked(line.id, plan.link(line.test)), _linked(line.verdict, scenarios.get(line.id))
        measured = "; ".join(f"{reading.name} {reading.amount}" for reading in line.figures[:1])
        why = ": does not apply" if not line.applies else f": {short(line.headline)}" if line.headline else ""
        yield (
            f'<tr><td class="id">{name}</td><td>{escape(line.text)}</td>'
            f"<td>{escape(limit(line, line.figures, run.time_scale))}</td><td>{escape(measured)}</td>"
            f"<td>{verdict}{escape(why)}</td></tr>"
        )
    yield "</table></div></details>"
