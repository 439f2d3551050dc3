"""The decision: may this release ship?

GO only if every P0 criterion of the register is PROVEN and no criterion FAILED. A failed criterion or precondition is
NO-GO. Everything else is UNDECIDED, and says what is missing; so is a run in which the product failed beyond the plan.
P1 criteria that are not shown do not keep a release from shipping; they are listed as open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from streamspace_acceptance.verdict.judgement import NOT_SHOWN, Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, FailedPrecondition, RunResult, compact


class DecisionWord(StrEnum):
    """The three answers."""

    GO = "GO"
    NO_GO = "NO-GO"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Decision:
    """The answer and what it rests on.

    `failed`: criteria of either priority. `missing`: P0 criteria that are neither proven nor failed. `open`: the same
    of P1. `caveats`: what else keeps the run from deciding about a release, one sentence each. `failed_preconditions`:
    where the product failed before the criteria of a scenario. `deviations`: how many differences between the product's
    contract and the plan's the run met.
    """

    word: DecisionWord
    failed: tuple[CriterionResult, ...]
    missing: tuple[CriterionResult, ...]
    open: tuple[CriterionResult, ...]
    caveats: tuple[str, ...]
    failed_preconditions: tuple[FailedPrecondition, ...] = ()
    deviations: int = 0

    @property
    def title(self) -> str:
        """The answer: `GO`, or `GO with 3 deviations`."""
        return f"{self.word} with {_deviations(self.deviations)}" if self._goes_with_deviations else str(self.word)

    @property
    def sentence(self) -> str:
        """The answer and its reason, in one or two sentences."""
        return f"{self.title}: {self.reason}"

    @property
    def _goes_with_deviations(self) -> bool:
        return self.word is DecisionWord.GO and self.deviations > 0

    @property
    def missing_title(self) -> str:
        """A heading for `missing`: beside a failure it is not what keeps the run from a decision."""
        kind = "P0 criteria that are not proven"
        return f"Missing for a decision: {kind}" if self.word is DecisionWord.UNDECIDED else kind

    @property
    def reason(self) -> str:
        """The reason alone."""
        return f"{'; '.join(self._reasons())}." + self._aside()

    def _reasons(self) -> Iterator[str]:
        if self.failed:
            yield f"{_count(self.failed)} failed ({compact(self.failed)})"
        if self.failed_preconditions:
            yield f"{_preconditions(self.failed_preconditions)} failed ({_named(self.failed_preconditions)})"
        if self.word is DecisionWord.NO_GO:
            return
        if self.word is DecisionWord.GO:
            yield "every P0 criterion is proven and no P1 criterion failed"
        yield from self.caveats
        unshown = tuple(line for line in self.missing if line.applies)
        if unshown:
            yield f"{_count(unshown, 'P0 ')} not proven ({compact(unshown)})"
        elsewhere = tuple(line for line in self.missing if not line.applies)
        if elsewhere:
            does = "does" if len(elsewhere) == 1 else "do"
            yield f"{_number(elsewhere, 'P0 ')} {does} not apply to this target ({compact(elsewhere)})"

    def _aside(self) -> str:
        """Other open criteria; beside a failure, P0 criteria too, because they do not decide there."""
        missing = tuple(line for line in self.missing if line.applies and self.word is DecisionWord.NO_GO)
        parts = [(lines, kind) for lines, kind in ((missing, "P0 "), (self.open, "P1 ")) if lines]
        said = "; ".join(f"{_count(lines, kind)} not proven ({compact(lines)})" for lines, kind in parts)
        return f" Open: {said}." if said else ""


def decide(run: RunResult) -> Decision:
    """The decision that the run allows."""
    lines = list(run.lines())
    failed = [line for line in lines if line.verdict is Verdict.FAILED]
    unshown = [line for line in lines if line.verdict in NOT_SHOWN]
    missing = [line for line in unshown if line.priority == "P0"]
    caveats = list(_caveats(run))
    preconditions = tuple(precondition for precondition in run.failed_preconditions if precondition.test is not None)
    if failed or preconditions:
        word = DecisionWord.NO_GO
    elif missing or caveats or not any(run.lines("P0")):
        word = DecisionWord.UNDECIDED
    else:
        word = DecisionWord.GO
    rest = [line for line in unshown if line.priority != "P0"]
    return Decision(
        word,
        tuple(failed),
        tuple(missing),
        tuple(rest),
        tuple(caveats),
        preconditions,
        len(run.deviations),
    )


def _caveats(run: RunResult) -> Iterator[str]:
    if run.embedded:
        yield "the embedded StreamSpace is not a release"
    elif run.time_scale != 1:
        yield f"a release is judged by the plan's own times, not by {run.time_scale:g} of them"
    if run.interruption and any(line.asked and line.applies and line.verdict in NOT_SHOWN for line in run.lines()):
        yield f"the run was {run.interruption}"
    elif run.ended is None:
        yield "the run did not finish"
    if run.beside:
        yield f"something broke outside the scenarios ({run.beside[0].judged.headline})"
    yield from _beyond_the_plan(run)
    yield from _of_contract(run)
    if not any(run.lines("P0")):
        yield "the register has no P0 criterion"


def _beyond_the_plan(run: RunResult) -> Iterator[str]:
    for finding in run.beyond:
        yield f"the product failed {finding.judged.headline}"
    for step in run.failed_beyond:
        yield f"the product failed beyond the plan: {step.scenario}: “{step.sentence.partition(' ')[2]}”"


def _of_contract(run: RunResult) -> Iterator[str]:
    if run.deviations and not run.accepts_deviations:
        met = _deviations(len(run.deviations))
        yield f"the product's contract has {met} from the plan's, which -D accept-deviations accepts"


def _deviations(count: int) -> str:
    return f"{count} {'deviation' if count == 1 else 'deviations'}"


def _preconditions(failed: tuple[FailedPrecondition, ...]) -> str:
    return "1 precondition" if len(failed) == 1 else f"{len(failed)} preconditions"


def _named(failed: tuple[FailedPrecondition, ...]) -> str:
    """The scenarios by their tests and names, each once: `1.2 “The pod behind a session is lost”`."""
    return ", ".join(dict.fromkeys(f"{precondition.test} “{precondition.scenario}”" for precondition in failed))


def _count(lines: tuple[CriterionResult, ...], kind: str = "") -> str:
    verb = "" if not kind else " is" if len(lines) == 1 else " are"
    return _number(lines, kind) + verb


def _number(lines: tuple[CriterionResult, ...], kind: str = "") -> str:
    return f"{len(lines)} {kind}{'criterion' if len(lines) == 1 else 'criteria'}"
