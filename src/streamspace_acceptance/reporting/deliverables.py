"""The plan's Deliverables Checklist, ticked by what the run has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamspace_acceptance.evidence.report_folder import EVIDENCE
from streamspace_acceptance.reporting.reported_failures import ReportedFailure
from streamspace_acceptance.verdict.decision import Decision, DecisionWord
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact

PHASES = (1, 2, 3, 4)
_JUDGED = (Verdict.PROVEN, Verdict.FAILED)


@dataclass(frozen=True)
class Deliverable:
    """One line of the checklist; `note` says what is missing, or where it is."""

    name: str
    done: bool
    note: str = ""


def checklist(run: RunResult, decision: Decision, failures: Sequence[ReportedFailure]) -> Iterator[Deliverable]:
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
    yield _evidence(run, failures)
    yield _issues(failures)
    yield Deliverable("Final summary report created", True, "this page")
    yield Deliverable(
        "v2.0-beta.1 readiness decision documented", decision.word is not DecisionWord.UNDECIDED, str(decision.word)
    )


def _environment(run: RunResult) -> Deliverable:
    """A criterion that does not apply to the target is not needed for it to be deployed."""
    setup = [line for test in run.of_phase(0) for line in test.lines]
    applying = [line for line in setup if line.applies]
    proven = [line for line in applying if line.verdict is Verdict.PROVEN]
    note = f"{len(proven)} of {len(setup)} environment criteria are proven"
    elsewhere = len(setup) - len(applying)
    return Deliverable(
        "Environment successfully deployed",
        bool(applying) and len(proven) == len(applying),
        f"{note}; {elsewhere} {'does' if elsewhere == 1 else 'do'} not apply to this target" if elsewhere else note,
    )


def _phase(run: RunResult, phase: int) -> Deliverable:
    """A phase is complete when each of its criteria is proven or failed."""
    tests = run.of_phase(phase)
    lines = [line for test in tests for line in test.lines]
    judged = [line for line in lines if line.verdict in _JUDGED]
    return Deliverable(
        f"Phase {phase} tests completed ({len(tests)} {'test' if len(tests) == 1 else 'tests'})",
        bool(lines) and len(judged) == len(lines),
        f"{len(judged)} of {len(lines)} criteria are proven or failed",
    )


def _metrics(run: RunResult) -> Deliverable:
    wanted = [line for line in run.lines() if line.limit is not None]
    missing = [line for line in wanted if not line.figures]
    return Deliverable(
        "Performance metrics documented", bool(wanted) and not missing, _missing("no figure for", _ids(missing))
    )


def _evidence(run: RunResult, failures: Sequence[ReportedFailure]) -> Deliverable:
    """There are attachments, and some for each failure."""
    shown = [scenario for scenario in run.scenarios if scenario.evidence()]
    bare = [reported.name for reported in failures if not any(map(reported.shown_by, shown))]
    count = sum(len(scenario.evidence()) for scenario in shown)
    note = _missing("none for", bare) or f"{count} attachments in {EVIDENCE}"
    return Deliverable("Screenshots/evidence collected", bool(count) and not bare, note)


def _issues(failures: Sequence[ReportedFailure]) -> Deliverable:
    """The suite writes issues and files none."""
    number = len(failures)
    note = f"{number} ready to file in issues" if number else "no failures"
    return Deliverable("Issues filed for any bugs found", not number, note)


def _missing(kind: str, names: Sequence[str]) -> str:
    return f"missing: {kind} {', '.join(names)}" if names else ""


def _ids(lines: Sequence[CriterionResult]) -> list[str]:
    return [compact(lines)] if lines else []
