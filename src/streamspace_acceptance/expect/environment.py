"""The checks of test 0, in the order of the plan: criterion -> check. The doctor and the steps both read this table."""

from __future__ import annotations

from collections.abc import Callable

from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.domain.deployment.tools import Tool
from streamspace_acceptance.expect import agents
from streamspace_acceptance.expect import deployment as expected

Check = Callable[[Deployment], None]


def _of_images(check: Check) -> Check:
    """A check that applies only if the target is deployed from images."""

    def checked(deployment: Deployment) -> None:
        deployment.require_images()
        check(deployment)

    return checked


def _kubectl(deployment: Deployment) -> None:
    deployment.require_need_of_kubectl()
    expected.kubectl_installed(deployment.kubectl)


def _if_needed(tool_of: Callable[[Deployment], Tool], judge: Callable[[Tool], object]) -> Check:
    """A check of a tool that applies only where the tool is there, or where something needs it."""

    def checked(deployment: Deployment) -> None:
        tool = tool_of(deployment)
        deployment.require_need_of(tool)
        judge(tool)

    return checked


CHECKS: dict[str, Check] = {
    "0-1": lambda deployment: expected.cluster_answers(deployment.standing, deployment.client_version),
    "0-2": _of_images(_kubectl),
    "0-3": _of_images(_if_needed(lambda deployment: deployment.helm, expected.helm_allowed)),
    "0-4": _of_images(_if_needed(lambda deployment: deployment.docker, expected.docker_answers)),
    "0-5": _of_images(lambda deployment: expected.images_loaded(deployment.images, deployment.rollout)),
    "0-6": lambda deployment: expected.namespace_there(deployment.namespace),
    "0-7": lambda deployment: expected.components_ready(deployment.wait_for_components()),
    "0-8": lambda deployment: expected.healthy(deployment.wait_for_health()),
    "0-9": lambda deployment: expected.credentials_found(deployment.credentials, deployment.search),
    "0-10": lambda deployment: expected.login_works(deployment.log_in(), deployment.login_client),
    "0-11": lambda deployment: agents.online(deployment.wait_for_agent()),
}


def meets(criterion: str, deployment: Deployment) -> None:
    """The deployment meets a criterion of test 0."""
    CHECKS[criterion](deployment)
