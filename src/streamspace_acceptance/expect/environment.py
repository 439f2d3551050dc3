"""The checks of test 0, in the order of the plan: criterion -> check. The doctor and the steps both read this table."""

from __future__ import annotations

from collections.abc import Callable

from streamspace_acceptance import expect
from streamspace_acceptance.domain.deployment.deployment import Deployment

Check = Callable[[Deployment], None]


def _of_images(check: Check) -> Check:
    """A check that applies only if the target is deployed from images."""

    def checked(deployment: Deployment) -> None:
        deployment.require_images()
        check(deployment)

    return checked


CHECKS: dict[str, Check] = {
    "0-1": lambda deployment: expect.cluster_answers(deployment.standing, deployment.client_version),
    "0-2": _of_images(lambda deployment: expect.kubectl_installed(deployment.kubectl)),
    "0-3": _of_images(lambda deployment: expect.helm_allowed(deployment.helm)),
    "0-4": _of_images(lambda deployment: expect.docker_answers(deployment.docker)),
    "0-5": _of_images(lambda deployment: expect.images_loaded(deployment.images, deployment.rollout)),
    "0-6": lambda deployment: expect.namespace_there(deployment.namespace),
    "0-7": lambda deployment: expect.components_ready(deployment.wait_for_components()),
    "0-8": lambda deployment: expect.healthy(deployment.wait_for_health()),
    "0-9": lambda deployment: expect.credentials_found(deployment.credentials, deployment.search),
    "0-10": lambda deployment: expect.login_opens(deployment.log_in(), deployment.login_client),
    "0-11": lambda deployment: expect.agent_online(deployment.wait_for_agent()),
}


def meets(criterion: str, deployment: Deployment) -> None:
    """The deployment meets a criterion of test 0."""
    CHECKS[criterion](deployment)
