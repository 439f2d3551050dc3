"""The ledger: one verdict for each criterion that a run was asked to judge, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.attachments import Figure
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.settings import REPORTS, tester
from streamspace_acceptance.verdict import verdict_file
from streamspace_acceptance.verdict.decision import Decision, decide
from streamspace_acceptance.verdict.judgement import (
    NO_SENTENCE,
    Judgement,
    Verdict,
    judge_criteria,
    judge_steps,
    worst,
)
from streamspace_acceptance.verdict.register import Criterion, Register, Test
from streamspace_acceptance.verdict.run_record import RunRecord

VERDICT_FILE = REPORTS / "verdict.json"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. `seconds` is the time its Then sentence took."""

    test: Test
    criterion: Criterion
    judgement: Judgement
    figures: tuple[Figure, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class _Proof:
    """A Then step that was selected, with the verdict over the criterion that it proves."""

    step: Any
    judged: Judgement


class Ledger:
    """Judges the criteria of the selected scenarios, at any moment of the run.

    Before its scenario has run a criterion is UNPROVEN, so what is on disk is true even if the run dies.
    """

    def __init__(self, plan: Register, record: RunRecord) -> None:
        self.plan = plan
        self._record = record

    def entries(self) -> list[Entry]:
        """The ledger as it stands, in the plan's order. Only tests of which a scenario was selected are in it."""
        proofs: dict[str, dict[str, list[_Proof]]] = {}
        for scenario in self._record.selected:
            test = self.plan.test_of(scenario.effective_tags)
            if test is not None:
                _add_proofs(proofs.setdefault(test.id, {}), scenario, self._record)
        return [
            entry
            for test in self.plan.tests
            if test.id in proofs
            for criterion in test.criteria
            for entry in self._entry(test, criterion, proofs[test.id].get(criterion.sentence or "", []))
        ]

    def failed_preconditions(self) -> Iterator[dict[str, Any]]:
        """Each step that FAILED although no criterion rests on it: mostly what a scenario needs of the product.

        As long as its scenario runs nothing is known, as with criteria.
        """
        for scenario in (one for one in self._record.selected if one is not self._record.running):
            test = self.plan.test_of(scenario.effective_tags)
            for step, judged in zip(scenario.all_steps, judge_steps(scenario, self._record), strict=True):
                proves = step.step_type == "then" and test is not None and test.criterion_of(step.name) is not None
                if judged.verdict is Verdict.FAILED and not proves:
                    yield {
                        "scenario": scenario.name,
                        "test": None if test is None else test.id,
                        "sentence": f"{step.keyword} {step.name}",
                        "reason": judged.reason,
                        **_explained(replace(judged, causes=self._record.causes_of(scenario))),
                    }

    def counts(self) -> dict[Verdict, int]:
        """How many criteria got which verdict; all four are there."""
        return _counts([entry.judgement.verdict for entry in self.entries()])

    def inapplicable(self) -> int:
        """How many criteria do not apply to the target; they count as UNPROVEN."""
        return sum(not entry.judgement.applies for entry in self.entries())

    def document(self, environment: dict[str, str]) -> dict[str, Any]:
        """The ledger as JSON, as docs/verdict.schema.json says: the whole run, for everything that is written of it."""
        entries = self.entries()
        written = {
            "schema": verdict_file.SCHEMA,
            "run": {"began": iso(self._record.began), "ended": iso(self._record.ended), "tester": tester()},
            "environment": environment,
            "counts": {},
            "criteria": [_as_json(entry) for entry in entries],
            "setbacks": list(self.failed_preconditions()),
            "problems": [
                {"where": one.where, "reason": one.reason, "scenario": self._record.scenario_of(one)}
                for one in self._record.problems
            ],
            "interruption": self._record.interruption,
            "tests": [_test_as_json(test) for test in self.plan.tests],
        }
        return decided(written)

    def decision(self, environment: dict[str, str]) -> Decision:
        """The decision that the run allows by now."""
        return decide(verdict_file.of_json(self.document(environment)))

    def write(self, path: Path, environment: dict[str, str]) -> None:
        """Put the ledger on disk in one piece: a reader sees the old one or the new one."""
        files.write_json(path, self.document(environment))

    def _entry(self, test: Test, criterion: Criterion, proofs: list[_Proof]) -> Iterator[Entry]:
        """The criterion's line; none when its sentence stands in a scenario that was not selected."""
        if proofs:
            judged = worst([each.judged for each in proofs])
            figures = tuple(figure for each in proofs for figure in self._record.figures_of(each.step))
            yield Entry(test, criterion, judged, figures, sum(each.step.duration for each in proofs))
        elif criterion.sentence is None:
            yield Entry(test, criterion, Judgement(Verdict.UNPROVEN, NO_SENTENCE))
        elif not self._stands_elsewhere(criterion.sentence):
            yield Entry(test, criterion, Judgement(Verdict.UNPROVEN, f"no scenario says “{criterion.sentence}”"))

    def _stands_elsewhere(self, sentence: str) -> bool:
        """Whether a scenario that was not selected says `sentence`: then this run was not asked about it."""
        return any(step.name == sentence for scenario in self._record.parsed for step in scenario.all_steps)


def _add_proofs(proofs: dict[str, list[_Proof]], scenario: Any, record: RunRecord) -> None:
    """Add those of `scenario` to what its test has, by their sentences."""
    steps = [step for step in scenario.all_steps if step.step_type == "then"]
    for step, judged in zip(steps, judge_criteria(scenario, steps, record), strict=True):
        proofs.setdefault(step.name, []).append(_Proof(step, judged))


def decided(written: dict[str, Any]) -> dict[str, Any]:
    """The ledger as JSON, with the counts and the decision that follow from the rest of it."""
    counts = _counts([Verdict(line["verdict"]) for line in written["criteria"]])
    return written | {"counts": counts, "decision": _decision_as_json(decide(verdict_file.of_json(written)))}


def _counts(verdicts: list[Verdict]) -> dict[Verdict, int]:
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in sorted(Verdict, key=lambda one: one is not Verdict.PROVEN)}


def _as_json(entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": entry.criterion.id,
        "test": entry.test.id,
        "text": entry.criterion.text,
        "verdict": entry.judgement.verdict,
        "reason": entry.judgement.reason,
        "seconds": round(entry.seconds, 3),
    }
    if entry.criterion.limit is not None:
        line |= {"limit": entry.criterion.limit, "unit": entry.criterion.unit}
    if entry.figures:
        line["measured"] = [{"name": one.name, "value": one.value, "unit": one.unit} for one in entry.figures]
    if not entry.judgement.applies:
        line["applies"] = False
    return line | _explained(entry.judgement)


def _explained(judged: Judgement) -> dict[str, Any]:
    """The parts of a failure, and the causes that were seen, as far as there are any."""
    told: dict[str, Any] = {"causes": list(judged.causes)} if judged.causes else {}
    return told | ({"failure": _failure_as_json(judged.error)} if isinstance(judged.error, Unmet) else {})


def _failure_as_json(unmet: Unmet) -> dict[str, str]:
    return {part: getattr(unmet, part) for part in ("subject", "expected", "actual", "timeline", "likely")}


def _test_as_json(test: Test) -> dict[str, Any]:
    """A test of the register, whether this run was asked about it or not."""
    criteria = [
        {"id": one.id, "text": one.text, "sentence": one.sentence, "limit": one.limit, "unit": one.unit}
        for one in test.criteria
    ]
    return {"id": test.id, "phase": test.phase, "priority": test.priority, "title": test.title, "criteria": criteria}


def _decision_as_json(decision: Decision) -> dict[str, Any]:
    return {
        "word": decision.word,
        "sentence": decision.sentence,
        "failed": [line.id for line in decision.failed],
        "missing": [line.id for line in decision.missing],
        "open": [line.id for line in decision.open],
        "setbacks": [each.scenario for each in decision.setbacks],
        "caveats": list(decision.caveats),
    }


def iso(moment: datetime | None) -> str | None:
    """A moment as the ledger says it, by which a run is known again; None for none."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")
