"""The checks of test 0, in the order of the plan: the same questions and the same expectations as its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from streamspace_acceptance import expect
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven

_Check = Callable[[Deployment], None]


def _of_images(check: _Check) -> _Check:
    """A check that applies only where the target is deployed from images."""

    def checked(deployment: Deployment) -> None:
        deployment.require_images()
        check(deployment)

    return checked


CHECKS: dict[str, _Check] = {
    "0-1": lambda one: expect.deployment.cluster_answers(one.standing, one.client_version),
    "0-2": _of_images(lambda one: expect.deployment.kubectl_installed(one.kubectl)),
    "0-3": _of_images(lambda one: expect.deployment.helm_allowed(one.helm)),
    "0-4": _of_images(lambda one: expect.deployment.docker_answers(one.docker)),
    "0-5": _of_images(lambda one: expect.deployment.images_loaded(one.images, one.rollout)),
    "0-6": lambda one: expect.deployment.namespace_there(one.namespace),
    "0-7": lambda one: expect.deployment.components_ready(one.wait_for_components()),
    "0-8": lambda one: expect.deployment.healthy(one.wait_for_health()),
    "0-9": lambda one: expect.deployment.credentials_found(one.credentials, one.search),
    "0-10": lambda one: expect.deployment.login_works(one.log_in(), one.login_client),
    "0-11": lambda one: expect.agents.online(one.wait_for_agent()),
}


class CheckStatus(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAILED = "FAILED"
    NOT_APPLICABLE = "n/a"
    NOT_CHECKED = "unknown"


@dataclass(frozen=True)
class CheckResult:
    """One check with what came of it, and why; nothing where all is well."""

    criterion: str
    word: CheckStatus
    why: str = ""


def examine(deployment: Deployment) -> Iterator[CheckResult]:
    """Every check, each on its own: what one cannot find out hides nothing that another one can."""
    return (CheckResult(criterion, *_outcome(check, deployment)) for criterion, check in CHECKS.items())


def _outcome(check: _Check, deployment: Deployment) -> tuple[CheckStatus, str]:
    try:
        check(deployment)
    except Unmet as unmet:
        return CheckStatus.FAILED, unmet.render()
    except NotApplicable as reason:
        return CheckStatus.NOT_APPLICABLE, reason.reason
    except Unproven as reason:
        return CheckStatus.NOT_CHECKED, reason.reason
    except Exception as error:  # noqa: BLE001  # whatever keeps a check from its answer is told as such
        return (
            CheckStatus.NOT_CHECKED,
            f"it could not be checked: {' '.join(str(error).split()) or type(error).__name__}",
        )
    return CheckStatus.OK, ""
