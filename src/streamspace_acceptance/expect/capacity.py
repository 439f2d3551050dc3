"""Expectations of a ramp of sessions: its largest number, what ended it, and the sessions that it held."""

from __future__ import annotations

from streamspace_acceptance.domain.performance.capacity import SessionCapacity, Step
from streamspace_acceptance.measuring.node_busy import saturated
from streamspace_acceptance.outcomes import Unmet, Unproven

SUBJECT = "sessions added step by step"


def determined(found: SessionCapacity) -> None:
    """The ramp came to an end that says something, nothing of the product crashed, and it recovered afterwards."""
    troubles = list(dict.fromkeys(found.crashes))
    if not troubles:
        _require_sessions(found)
        _require_undisturbed(found)
    if found.determined and not found.largest:
        if reason := _machine_at(found.steps[-1]):
            raise Unproven(f"{reason}; no session runs")
        troubles.append("no session runs")
    if found.recovery is not None:
        if not troubles and found.recovery.troubles and found.recovery.excuse:
            raise Unproven(f"{found.recovery.excuse}; {'; '.join(found.recovery.troubles)} ({found.result})")
        troubles += [f"after the release: {trouble}" for trouble in found.recovery.troubles]
    if troubles:
        raise Unmet(
            SUBJECT,
            expected="the largest number of sessions, without a crash, and a recovery afterwards",
            actual=f"{'; '.join(troubles)} ({found.result})",
            timeline=_timeline(found),
            likely="the product accepts more sessions than it can run",
        )
    if not found.determined:
        raise Unproven(f"the search did not finish: {found.result}")


def bottleneck_documented(found: SessionCapacity) -> None:
    """The product or Kubernetes says what ended the ramp."""
    _require_sessions(found)
    if not found.bottleneck:
        _require_undisturbed(found)
        if reason := _machine_at(found.ended_by):
            raise Unproven(f"{reason}; nothing else says why ({found.result})")
        raise Unmet(
            SUBJECT,
            expected="a reason for the first failure: an answer, a message, an event or a condition",
            actual=f"nothing says why ({found.result})",
            timeline=_timeline(found),
            likely="the product leaves sessions waiting without a reason",
        )


def all_within_run(found: SessionCapacity) -> None:
    """No session that ran was lost when others were added, and there was at least one."""
    if found.lost:
        raise Unmet(
            SUBJECT,
            expected="every earlier session Running at each step, on its first pod",
            actual="; ".join(found.lost),
            timeline=_timeline(found),
            likely="the product or the cluster ends sessions in favour of new ones",
        )
    _require_undisturbed(found)
    if not found.largest:
        raise Unproven("no session runs (see 4.4-1)")


def _machine_at(step: Step | None) -> str:
    """How the machine or the cluster itself was the bottleneck of that step, as a part of a sentence; else empty."""
    return "" if step is None else saturated(step.busy) or step.plane_outside


def _require_sessions(found: SessionCapacity) -> None:
    """Unproven where the API refused each session of the ramp's users, as it may where users have to be made first."""
    if found.refused and not found.largest:
        raise Unproven(f"the API creates no session for the ramp's users: {found.refused}")


def _require_undisturbed(found: SessionCapacity) -> None:
    """Unproven where the ramp ended with something that was taken away by nobody's defect."""
    if found.taken:
        raise Unproven(f"the ramp was disturbed: {'; '.join(found.taken)} ({found.result})")


def _timeline(found: SessionCapacity) -> str:
    return " · ".join(f"{step.number}: {step.row()[-1]}" for step in found.steps)
