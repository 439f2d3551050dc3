"""Parts that the summary and the phase reports share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.reporting import issues
from streamspace_acceptance.reporting.markdown import plain, short, table
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.verdict.gates import GATED
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact


def early_end(run: RunResult) -> str:
    """That the run did not finish, as a sentence; empty if it did."""
    if run.interruption:
        return f"The run was {run.interruption}; what it did not reach is unproven."
    if run.ended is None:
        return "The run did not finish: it was killed, or is still running. These are its results so far."
    return ""


def notices(run: RunResult) -> Iterator[str]:
    """The notices that a reader needs first: an incomplete run, or a clock that is not the plan's."""
    notes = [plain(early)] if (early := early_end(run)) else []
    if run.time_scale != 1:
        notes.append(
            f"The clock of this target is compressed: the plan's seconds are multiplied by {run.time_scale:g}."
        )
    notes += [f"Seen by the clean-up, {plain(short(problem.judged.reason))}" for problem in run.beyond]
    others = [problem for problem in run.problems if problem not in run.beyond]
    notes += [f"Outside the steps: {plain(problem.judged.reason)}" for problem in others]
    for note in notes:
        yield f"> ⚠️ {note}"
        yield ""


def deviations(run: RunResult, phase: int | None = None) -> Iterator[str]:
    """The section on the differences between the product's contract and the plan's that the run met, if there are any.

    For a phase, those of its criteria alone.
    """
    lines = [line for test in run.tests if phase in (None, test.phase) for line in test.lines]
    users = {
        deviation: compact([line for line in lines if deviation.key in line.deviations]) for deviation in run.deviations
    }
    shown = [deviation for deviation in run.deviations if users[deviation] or phase is None]
    if not shown:
        return
    yield "## Deviations from the plan's contract"
    yield ""
    yield (
        f"By the contract profile `{run.environment.get(run_facts.PROFILE, '')}`. A criterion that was judged through "
        "one is about the behaviour, not about these words."
    )
    yield ""
    rows = [
        (f"`{deviation.key}`", plain(deviation.plan), plain(deviation.product), users[deviation] or "-")
        for deviation in shown
    ]
    yield from table(("Where", "The plan", "The product", "Criteria judged through it"), rows)
    yield ""


def next_steps(
    lines: Sequence[CriterionResult],
    failures: Sequence[ReportedFailure],
    linked: Callable[[ReportedFailure], str] = issues.linked,
) -> list[str]:
    """The next steps for the failures and for the criteria that are not proven; `linked` shows a failure."""
    broken = [line for line in lines if line.verdict is Verdict.BROKEN]
    unshown = [line for line in lines if line.verdict is Verdict.UNPROVEN and not line.selectable and line.applies]
    gated = [line for line in unshown if line.reason.startswith(GATED)]
    unshown = [line for line in unshown if line not in gated]
    unselected = [line for line in lines if line.selectable]
    elsewhere = [line for line in lines if not line.applies]
    steps = [f"File and fix: {', '.join(map(linked, failures))}"] if failures else []
    steps += [f"Find out why the checks broke, then run them again: {compact(broken)}"] if broken else []
    steps += [f"Remove the reason why it was not shown, then run it again: {compact(unshown)}"] if unshown else []
    steps += [f"Run what a gate kept back, after that or with -D gate=off: {compact(gated)}"] if gated else []
    steps += [f"Run what was not selected: {compact(unselected)}"] if unselected else []
    steps += [f"Show on a cluster what does not apply to this target: {compact(elsewhere)}"] if elsewhere else []
    return steps or ["Nothing: every criterion is proven."]
