"""Runs the checks of test 0 one by one; none hides another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.expect.environment import CHECKS, Check
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven


class CheckStatus(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_APPLICABLE = "n/a"
    NOT_CHECKED = "unknown"


@dataclass(frozen=True)
class DoctorResult:
    """One check with its outcome; `reason` is empty if it is OK."""

    criterion: str
    status: CheckStatus
    reason: str = ""


def examine(deployment: Deployment) -> Iterator[DoctorResult]:
    """Run every check on its own."""
    return (DoctorResult(criterion, *_outcome(check, deployment)) for criterion, check in CHECKS.items())


def _outcome(check: Check, deployment: Deployment) -> tuple[CheckStatus, str]:
    try:
        check(deployment)
    except Unmet as unmet:
        return CheckStatus.FAILED, unmet.render()
    except NotApplicable as outcome:
        return CheckStatus.NOT_APPLICABLE, outcome.reason
    except Unproven as outcome:
        return CheckStatus.NOT_CHECKED, outcome.reason
    except Exception as error:  # noqa: BLE001  # it is reported as what kept the check from its answer
        return (
            CheckStatus.NOT_CHECKED,
            f"it could not be checked: {' '.join(str(error).split()) or type(error).__name__}",
        )
    return CheckStatus.OK, ""
