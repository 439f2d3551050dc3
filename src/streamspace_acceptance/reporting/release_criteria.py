"""The plan's Success Criteria and Overall Release Criteria: which of the register's criteria each rests on."""

from __future__ import annotations

from streamspace_acceptance.verdict.judgement import NOT_SHOWN, Verdict
from streamspace_acceptance.verdict.verdict_file import CriterionResult, RunResult, compact

# phase -> the plan's words -> tests ("1.2") and criteria ("3.1-1").
SUCCESS: dict[int, dict[str, tuple[str, ...]]] = {
    0: {},
    1: {
        "All session lifecycle tests pass": ("1.1a", "1.1b", "1.1c", "1.4"),
        "VNC access works reliably": ("1.1d", "1.1e"),
        "State persistence verified": ("1.2",),
        "Multi-user isolation confirmed": ("1.3",),
    },
    2: {
        "CRUD operations work correctly": ("2.1-1", "2.1-2", "2.2-1", "2.3-3"),
        "Validation catches errors": ("2.1-3", "2.1-4"),
        "Safety checks prevent data loss": ("2.2-2", "2.3"),
    },
    3: {
        "Agents reconnect after failures": ("3.1-3", "3.3-3"),
        "Sessions survive agent restarts": ("3.1-1", "3.1-4", "3.2"),
        "Load balancing distributes sessions": ("3.4",),
        "Health monitoring accurate": ("3.1-2", "3.3"),
    },
    4: {
        "Throughput ≥ 10 sessions/min": ("4.1",),
        "Resource usage within limits": ("4.2",),
        "VNC latency acceptable": ("4.3",),
        "Capacity limits documented": ("4.4",),
    },
}


def criteria_of(run: RunResult, named: tuple[str, ...]) -> list[CriterionResult]:
    """The criteria that `named` tests and criteria hold."""
    return [line for line in run.lines() if line.id in named or line.test in named]


def overall(run: RunResult) -> dict[str, list[CriterionResult]]:
    """The plan's release criteria that a run can answer, each with the criteria of the register that it stands on."""
    session = [line for test in run.of_phase(1) for line in test.lines]
    return {
        "Zero P0 bugs in core functionality": list(run.lines("P0")),
        "All critical paths tested (session creation to termination)": session,
        "Performance targets met": [line for line in run.lines() if line.limit is not None],
    }


def share(lines: list[CriterionResult]) -> str:
    """How many of the criteria are proven, and which are not: "9 of 14 proven; not proven: test 4.3"."""
    kinds = {
        "failed": [line for line in lines if line.verdict is Verdict.FAILED],
        "not proven": [line for line in lines if line.applies and line.verdict in NOT_SHOWN],
        "does not apply to this target": [line for line in lines if not line.applies],
    }
    proven = f"{sum(line.verdict is Verdict.PROVEN for line in lines)} of {len(lines)} proven"
    return "; ".join([proven, *(f"{kind}: {compact(named)}" for kind, named in kinds.items() if named)])


def worst(lines: list[CriterionResult]) -> Verdict:
    """The verdict over several criteria, as far as they apply to the target; UNPROVEN over none."""
    return min((line.verdict for line in lines if line.applies), key=list(Verdict).index, default=Verdict.UNPROVEN)
