"""The plan's Deliverables Checklist, ticked by what the run has left and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamspace_acceptance.reporting.findings import Finding
from streamspace_acceptance.reporting.scenarios import Scenario
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact

PHASES = (1, 2, 3, 4)
_TOLD = (Verdict.PROVEN, Verdict.FAILED)


@dataclass(frozen=True)
class Deliverable:
    """One line of the checklist; `note` says what is missing, or where it is."""

    name: str
    done: bool
    note: str = ""


def checklist(
    run: RunResult, decision: Decision, scenarios: Sequence[Scenario], found: Sequence[Finding]
) -> Iterator[Deliverable]:
    """The plan's eleven deliverables, in its order."""
    yield _environment(run)
    yield from (_phase(run, phase) for phase in PHASES)
    without = [str(phase) for phase in PHASES if phase not in run.phases]
    yield Deliverable(
        "Test reports generated for each phase",
        not without,
        _missing("phase" if len(without) == 1 else "phases", without),
    )
    yield _metrics(run)
    yield _evidence(found, scenarios)
    yield _issues(found)
    yield Deliverable("Final summary report created", True, "this page")
    yield Deliverable(
        "v2.0-beta.1 readiness decision documented", decision.word is not DecisionWord.UNDECIDED, str(decision.word)
    )


def _environment(run: RunResult) -> Deliverable:
    """What does not apply to the target is not needed for it to be deployed."""
    setup = [line for test in run.of_phase(0) for line in test.lines]
    applying = [line for line in setup if line.applies]
    proven = [line for line in applying if line.verdict is Verdict.PROVEN]
    note = f"{len(proven)} of {len(setup)} criteria of the environment are proven"
    elsewhere = len(setup) - len(applying)
    return Deliverable(
        "Environment successfully deployed",
        bool(applying) and len(proven) == len(applying),
        f"{note}; {elsewhere} {'does' if elsewhere == 1 else 'do'} not apply to this target" if elsewhere else note,
    )


def _phase(run: RunResult, phase: int) -> Deliverable:
    """A phase is complete when each of its criteria was shown to be met or to be missed."""
    tests = run.of_phase(phase)
    lines = [line for test in tests for line in test.lines]
    told = [line for line in lines if line.verdict in _TOLD]
    return Deliverable(
        f"Phase {phase} tests completed ({len(tests)} {'test' if len(tests) == 1 else 'tests'})",
        bool(lines) and len(told) == len(lines),
        f"{len(told)} of {len(lines)} criteria were shown to be met or missed",
    )


def _metrics(run: RunResult) -> Deliverable:
    wanted = [line for line in run.lines() if line.limit is not None]
    missing = [line for line in wanted if not line.figures]
    return Deliverable(
        "Performance metrics documented", bool(wanted) and not missing, _missing("no figure for", _ids(missing))
    )


def _evidence(found: Sequence[Finding], scenarios: Sequence[Scenario]) -> Deliverable:
    """Something was kept, and something for each failure."""
    telling = [scenario for scenario in scenarios if scenario.kept]
    bare = [one.name for one in found if not any(one.shown_by(scenario) for scenario in telling)]
    kept = sum(len(scenario.kept) for scenario in telling)
    note = _missing("none for", bare) or f"{kept} attachments in allure-results"
    return Deliverable("Screenshots/evidence collected", bool(kept) and not bare, note)


def _issues(found: Sequence[Finding]) -> Deliverable:
    """The suite writes issues and files none."""
    number = len(found)
    note = f"{number} ready to file in issues" if number else "the product failed at nothing"
    return Deliverable("Issues filed for any bugs found", not number, note)


def _missing(what: str, named: Sequence[str]) -> str:
    return f"missing: {what} {', '.join(named)}" if named else ""


def _ids(lines: Sequence[CriterionResult]) -> list[str]:
    return [compact(lines)] if lines else []
