"""The plan's order (Test Execution Order): the environment first, then sessions, on which the rest builds; load last.

The phase that a phase builds on must have passed in the same run, or the phase is not run: its failures would not be
news. A phase that was not selected is not a gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict.judgement import Verdict, judge_criteria, judge_scenario
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.verdict.run_record import RunRecord

OPTION = "gate"
GATED = "gated: "
"""How the reason of a criterion behind a closed gate begins."""
_MUST_PASS = {0: "phase 0 must pass first", 1: "phase 1 must pass first"}
# Features beyond the plan run before its last phase, which needs the cluster to itself.
_BEYOND_THE_PLAN = 3.5
_NAMED_AT_MOST = 8


def in_order(features: list[Any], plan: Register) -> list[Any]:
    """The features by phase; within a phase they keep their order."""

    def phase(feature: Any) -> float:
        planned = _phase_of(feature.tags, plan)
        return _BEYOND_THE_PLAN if planned is None else planned

    return sorted(features, key=phase)


def are_lifted(userdata: Any) -> bool:
    """Whether `-D gate=off` was given; SetupProblem for any value but on and off."""
    value = str(userdata.get(OPTION, "on")).lower()
    if value not in ("on", "off"):
        raise SetupProblem(f"-D {OPTION}={value} is not a valid option: use -D {OPTION}=off, or leave it out.")
    return value == "off"


class Gates:
    """Decides whether a scenario may run when its turn comes."""

    def __init__(self, plan: Register, record: RunRecord) -> None:
        self._plan = plan
        self._record = record

    def closed_for(self, scenario: Any) -> str | None:
        """Why `scenario` must not run, naming what did not pass; None when it may."""
        phase = _phase_of(scenario.effective_tags, self._plan)
        for gate, demand in _MUST_PASS.items():
            if phase is not None and phase > gate:
                culprits = self._culprits(gate)
                if culprits:
                    return _reason(demand, culprits)
        return None

    def _culprits(self, phase: int) -> str:
        """ "FAILED: 1.1b-2 · UNPROVEN: 1.4-1, 1.4-2"; empty when every scenario of the phase has passed."""
        culprits: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
        for scenario in self._record.selected:
            if _phase_of(scenario.effective_tags, self._plan) == phase:
                for verdict, name in self._not_passed(scenario):
                    culprits[verdict].append(name)
        return _in_words(culprits)

    def _not_passed(self, scenario: Any) -> Iterator[tuple[Verdict, str]]:
        """The scenario's criteria that are not proven; the scenario itself when it failed beside all of them.

        A criterion that does not apply to the target closes no gate.
        """
        test = self._plan.test_of(scenario.effective_tags)
        named = [
            (step, criterion.id)
            for step in scenario.all_steps
            if step.step_type == "then" and test is not None and (criterion := test.criterion_of(step.name)) is not None
        ]
        judged = judge_criteria(scenario, [step for step, _ in named], self._record)
        criteria = [
            (judgement.verdict, name)
            for judgement, (_, name) in zip(judged, named, strict=True)
            if judgement.verdict is not Verdict.PROVEN and judgement.applies
        ]
        whole = judge_scenario(scenario, self._record)
        if not criteria and whole.verdict is not Verdict.PROVEN and whole.applies:
            yield whole.verdict, f"“{scenario.name}”"
        yield from criteria


def closed_by(not_passed: Iterable[tuple[int, Verdict, str]]) -> dict[int, str]:
    """The gates that are closed, each with its reason, by the phase, verdict and name of what has not passed."""
    bad = list(not_passed)
    closed = {}
    for gate, demand in _MUST_PASS.items():
        culprits = {
            verdict: [name for phase, outcome, name in bad if (phase, outcome) == (gate, verdict)]
            for verdict in Verdict
        }
        if sentence := _in_words(culprits):
            closed[gate] = _reason(demand, sentence)
    return closed


def _reason(demand: str, culprits: str) -> str:
    return f"{GATED}{demand} (plan, Test Execution Order); {culprits}"


def _in_words(culprits: Mapping[Verdict, list[str]]) -> str:
    return " · ".join(f"{verdict}: {_listed(names)}" for verdict, names in culprits.items() if names)


def _phase_of(tags: Any, plan: Register) -> int | None:
    test = plan.test_of(tags)
    return None if test is None else test.phase


def _listed(names: list[str]) -> str:
    rest = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
