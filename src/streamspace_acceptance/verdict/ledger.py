"""The ledger: one verdict for each criterion that a run was asked to judge, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.evidence.run_evidence import Attachment, Figure, KeptDistribution, RunEvidence
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.verdict.judgement import NO_SENTENCE, Judgement, Verdict, judge_criteria, worst
from streamspace_acceptance.verdict.register import Criterion, Register, Test
from streamspace_acceptance.verdict.run_record import RunRecord
from streamspace_acceptance.verdict.scenario_result import is_wait


@dataclass(frozen=True)
class LedgerEntry:
    """One line of the ledger. `seconds` is the time its Then sentence took, `evidence` what it attached but waits."""

    test: Test
    criterion: Criterion
    judgement: Judgement
    figures: tuple[Figure, ...] = ()
    seconds: float = 0.0
    evidence: tuple[Attachment, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    distributions: tuple[KeptDistribution, ...] = ()


@dataclass(frozen=True)
class _Proof:
    """A Then step that was selected, with the verdict over the criterion that it proves.

    `deviations` are those that the step met, and the events of the scenario before it.
    """

    step: Any
    judged: Judgement
    deviations: tuple[Deviation, ...] = ()


class Ledger:
    """Judges the criteria of the selected scenarios, at any moment of the run.

    Before its scenario has run a criterion is UNPROVEN, so what is on disk is true even if the run dies.
    """

    def __init__(self, plan: Register, record: RunRecord) -> None:
        self.plan = plan
        self.record = record

    def entries(self) -> list[LedgerEntry]:
        """The ledger by now, in the plan's order. It has only tests with a selected scenario."""
        proofs: dict[str, dict[str, list[_Proof]]] = {}
        for scenario in self.record.selected:
            test = self.plan.test_of(scenario.effective_tags)
            if test is not None:
                _add_proofs(proofs.setdefault(test.id, {}), scenario, self.record)
        return [
            entry
            for test in self.plan.tests
            if test.id in proofs
            for criterion in test.criteria
            for entry in self._entry(test, criterion, proofs[test.id].get(criterion.sentence or "", []))
        ]

    def counts(self) -> dict[Verdict, int]:
        """The number of criteria with each verdict: all four."""
        return counts([entry.judgement.verdict for entry in self.entries()])

    def inapplicable(self) -> int:
        """How many criteria do not apply to the target; they count as UNPROVEN."""
        return sum(not entry.judgement.applies for entry in self.entries())

    def _entry(self, test: Test, criterion: Criterion, proofs: list[_Proof]) -> Iterator[LedgerEntry]:
        """The criterion's line; none if its sentence is in a scenario that was not selected."""
        if proofs:
            judged = worst([proof.judged for proof in proofs])
            evidence = self.record.evidence
            figures = tuple(figure for proof in proofs for figure in evidence.figures_of(proof.step))
            kept = histogram.merge([kept for proof in proofs for kept in evidence.distributions_of(proof.step)])
            seconds = sum(max(proof.step.duration, 0.0) for proof in proofs)
            met = tuple(sorted({deviation for proof in proofs for deviation in proof.deviations}))
            yield LedgerEntry(
                test, criterion, judged, figures, seconds, tuple(self._evidence(proofs)), met, tuple(kept)
            )
        elif criterion.sentence is None:
            yield LedgerEntry(test, criterion, Judgement(Verdict.UNPROVEN, NO_SENTENCE))
        elif not self._is_unselected(criterion.sentence):
            yield LedgerEntry(
                test, criterion, Judgement(Verdict.UNPROVEN, f"no scenario has the sentence “{criterion.sentence}”")
            )

    def _evidence(self, proofs: list[_Proof]) -> Iterator[Attachment]:
        """The attachments of the criterion's sentences, without the timelines of waits."""
        for proof in proofs:
            attached = self.record.evidence.attachments_of(proof.step)
            yield from (attachment for attachment in attached if not is_wait(attachment))

    def _is_unselected(self, sentence: str) -> bool:
        """Whether a scenario that was not selected has `sentence`: then this run does not judge it."""
        return any(step.name == sentence for scenario in self.record.parsed for step in scenario.all_steps)


def _add_proofs(proofs: dict[str, list[_Proof]], scenario: Any, record: RunRecord) -> None:
    """Add those of `scenario` to what its test has, by their sentences."""
    steps = [step for step in scenario.all_steps if step.step_type == "then"]
    for step, judged in zip(steps, judge_criteria(scenario, steps, record), strict=True):
        proofs.setdefault(step.name, []).append(_Proof(step, judged, deviations_up_to(step, scenario, record.evidence)))


def deviations_up_to(step: Any, scenario: Any, evidence: RunEvidence) -> tuple[Deviation, ...]:
    """The differences from the plan that a Then step met, and the events of its scenario before it."""
    before = takewhile(lambda other: other is not step, scenario.all_steps)
    met = [*(earlier for earlier in before if earlier.step_type == "when"), step]
    return tuple(sorted({deviation for sentence in met for deviation in evidence.deviations_of(sentence)}))


def counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """The number of each verdict: all four, PROVEN first."""
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in sorted(Verdict, key=lambda verdict: verdict is not Verdict.PROVEN)}
