"""From what behave saw to one of four verdicts, for each step and for each scenario.

The ledger, the gates and the console all ask here, so they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from behave.model_type import Status

from streamspace_acceptance.outcomes import CleanupFailure, NotApplicable, Unmet, Unproven
from streamspace_acceptance.verdict.run_record import Problem, RunRecord, describe


class Verdict(StrEnum):
    """The four verdicts, worst first: where several meet, the worst counts."""

    FAILED = "FAILED"
    BROKEN = "BROKEN"
    UNPROVEN = "UNPROVEN"
    PROVEN = "PROVEN"


NOT_SHOWN = (Verdict.BROKEN, Verdict.UNPROVEN)
"""The verdicts that say nothing of the product."""
_SEVERITY = list(Verdict)
EXIT_STATUS = {Verdict.PROVEN: 0, Verdict.FAILED: 1, Verdict.BROKEN: 2, Verdict.UNPROVEN: 3}
"""The exit status of the worst verdict. Invalid input, after which nothing ran, is BROKEN."""


NO_SENTENCE = "not automated yet"
UNFINISHED = "the run ended while this scenario was running"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason (empty when PROVEN) and the exception behind it, if any.

    What does not apply to the target is UNPROVEN, with the reason, and does not count against the run.
    `causes`: the errors that the cluster reported meanwhile, in addition to the reason.
    """

    verdict: Verdict
    reason: str = ""
    error: BaseException | None = None
    applies: bool = True
    causes: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The first line of the reason."""
        return self.reason.partition("\n")[0]


PROVEN = Judgement(Verdict.PROVEN)


def worst(judgements: list[Judgement]) -> Judgement:
    """The judgement that counts among several; PROVEN needs at least one, and nothing beside it that does not apply."""
    if not judgements:
        return Judgement(Verdict.UNPROVEN, "nothing was checked")
    return min(judgements, key=lambda judgement: (_SEVERITY.index(judgement.verdict), not judgement.applies))


def judge_run(record: RunRecord, criteria: list[Judgement]) -> Judgement:
    """The judgement over every scenario, every criterion and what went wrong beside them.

    What does not apply to the target is left out, as long as anything does.
    """
    judgements = [judge_scenario(scenario, record) for scenario in record.selected] + criteria
    judgements += [judge_problem(problem, record) for problem in record.problems]
    return worst([judgement for judgement in judgements if judgement.applies] or judgements)


def failed_for_what_does_not_apply(record: RunRecord) -> bool:
    """Whether that is all that behave calls failed: it knows no step that ends neither well nor badly."""
    red = [scenario for scenario in record.selected if scenario.status.has_failed()]
    return bool(red) and not any(judge_scenario(scenario, record).applies for scenario in red)


def judge_scenario(scenario: Any, record: RunRecord) -> Judgement:
    """The verdict over a whole scenario: its steps, its hooks and its cleanups."""
    around = [judge_problem(problem, record) for problem in record.problems_of(scenario) if not problem.is_finding]
    return _beside(worst([*judge_steps(scenario, record), *around]), scenario, record)


def judge_criteria(scenario: Any, steps: list[Any], record: RunRecord) -> list[Judgement]:
    """The verdicts over the criteria that `steps` of the scenario prove, in their order.

    A scenario whose hooks or cleanups failed proves nothing, but a product seen to fail has failed. As long as the
    scenario runs nothing is known: what is on disk then is true if the run is killed.
    """
    if record.running is scenario:
        return [Judgement(Verdict.BROKEN, UNFINISHED) for _ in steps]
    judged = {id(step): own for step, own in zip(scenario.all_steps, judge_steps(scenario, record), strict=True)}
    problems = [problem for problem in record.problems_of(scenario) if not (problem.precedes or problem.is_finding)]
    after = [judge_problem(problem, record) for problem in problems]
    found = [judged[id(step)] for step in steps]
    return [_beside(worst([own, *after]) if own.verdict is Verdict.PROVEN else own, scenario, record) for own in found]


def _beside(judged: Judgement, scenario: Any, record: RunRecord) -> Judgement:
    """With the causes that the cluster reported, if there is a failure that they could explain."""
    explained = judged.verdict in (Verdict.FAILED, Verdict.BROKEN)
    return replace(judged, causes=record.causes_of(scenario)) if explained else judged


def judge_steps(scenario: Any, record: RunRecord) -> list[Judgement]:
    """A verdict for every step of `scenario`, in order; a step not reached is UNPROVEN and says why."""
    before = _what_came_before(scenario, record)
    judgements: list[Judgement] = []
    blocker: Judgement | None = None
    for step in scenario.all_steps:
        judged = _judge_executed(step, record)
        if judged is None:
            judged = before or blocker or Judgement(Verdict.UNPROVEN, _why_not_run(scenario, record))
        elif judged.verdict is not Verdict.PROVEN and blocker is None:
            blocker = _not_reached(step, judged)
        judgements.append(judged)
    return judgements


def _judge_executed(step: Any, record: RunRecord) -> Judgement | None:
    """The verdict over a step that was reached; None when it was not."""
    hook = next(record.problems_of(step), None)
    if hook is not None and (hook.precedes or step.exception is hook.error or step.exception is None):
        return worst([judge_problem(problem, record) for problem in record.problems_of(step)])
    if step.exception is not None:
        return _judge_error(step.exception)
    if step.status in (Status.passed, Status.pending_warn):
        return PROVEN
    if step.status in (Status.undefined, Status.untested_undefined):
        return Judgement(Verdict.BROKEN, "no step definition matches this sentence")
    if step.status.has_failed():
        return Judgement(Verdict.BROKEN, step.error_message or f"behave reports {step.status.name}")
    return None


def _judge_error(error: BaseException) -> Judgement:
    if isinstance(error, Unproven):
        return Judgement(Verdict.UNPROVEN, error.reason, error, applies=not isinstance(error, NotApplicable))
    if isinstance(error, AssertionError):
        return Judgement(Verdict.FAILED, describe(error), error)
    return Judgement(Verdict.BROKEN, describe(error), error)


def judge_problem(problem: Problem, record: RunRecord) -> Judgement:
    """BROKEN; but UNPROVEN if a signal came before it, PROVEN if a criterion reports the same, FAILED for a finding."""
    if problem.is_finding:
        return Judgement(Verdict.FAILED, problem.reason, problem.error)
    if is_answered_for(problem, record):
        return PROVEN
    if problem.precedes and isinstance(problem.error, KeyboardInterrupt):
        return Judgement(Verdict.UNPROVEN, f"not run: {problem.reason}")
    return Judgement(Verdict.BROKEN, problem.reason, problem.error)


def is_answered_for(problem: Problem, record: RunRecord) -> bool:
    """Whether it is a leak of the kind that a criterion has FAILED for, in this run.

    That criterion may come after the leak: then the leak is an error until it has.
    """
    sentence = problem.error.answered_by if isinstance(problem.error, CleanupFailure) else None
    return sentence is not None and any(
        step.name == sentence and judged.verdict is Verdict.FAILED
        for scenario in record.selected
        for step, judged in zip(scenario.all_steps, judge_steps(scenario, record), strict=True)
    )


def _what_came_before(scenario: Any, record: RunRecord) -> Judgement | None:
    """The hook that kept the whole scenario from running, if one did."""
    problems = record.problems_of(None, scenario.feature, scenario)
    return next((judge_problem(problem, record) for problem in problems if problem.precedes), None)


def _not_reached(step: Any, judged: Judgement) -> Judgement:
    """The judgement of a step after one that is not proven. After a step that does not apply, no later step applies."""
    if not judged.applies:
        return Judgement(Verdict.UNPROVEN, judged.reason, applies=False)
    happened = "could not be shown" if judged.verdict is Verdict.UNPROVEN else f"is {judged.verdict}"
    error = judged.error
    seen = f"{error.subject}: {error.actual}" if isinstance(error, Unmet) else judged.headline
    return Judgement(Verdict.UNPROVEN, f"not reached: {seen} (“{step.keyword} {step.name}” {happened})")


def _why_not_run(scenario: Any, record: RunRecord) -> str:
    if scenario.skip_reason:
        return str(scenario.skip_reason)
    if record.interruption:
        return f"not run: {record.interruption}"
    return "not run: the run ended before it"
