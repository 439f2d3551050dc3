"""Expectations of the environment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from streamspace_acceptance.domain.deployment.checkout import Rollout
from streamspace_acceptance.domain.deployment.commands import CommandResult
from streamspace_acceptance.domain.deployment.credentials import Credentials, Search
from streamspace_acceptance.domain.deployment.health import Health
from streamspace_acceptance.domain.deployment.images import Image
from streamspace_acceptance.domain.deployment.login import LoginAttempts, LoginClient
from streamspace_acceptance.domain.deployment.readiness import ClusterStatus, Component
from streamspace_acceptance.domain.deployment.tools import RECOMMENDED_HELM, Tool, helm_release
from streamspace_acceptance.evidence.judged import judged, table
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import tells_error

_LOGIN = re.compile(r"log-?in|sign-?in|auth|sso|saml|oidc", re.IGNORECASE)
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def cluster_answers(standing: ClusterStatus, kubectls_word: CommandResult | None) -> None:
    """The cluster reports that it is ready, and so does kubectl, where there is one."""
    judged("the cluster's answer", f"{_by_itself(standing)}\nkubectl cluster-info: {_by_kubectl(kubectls_word)}")
    trouble = standing.trouble or (kubectls_word.trouble if kubectls_word else None)
    if trouble:
        raise Unmet(
            "the Kubernetes cluster" if standing.trouble or kubectls_word is None else f"`{kubectls_word.command}`",
            expected="a Kubernetes that is ready and reports its version",
            actual=trouble,
            likely="the cluster is not running, or the kubeconfig points to another one",
        )


def kubectl_installed(tool: Tool) -> None:
    """There is a kubectl that reports its version."""
    _answered(tool, "the version of a Kubernetes client", "kubectl is not installed, or it is something else")


def helm_allowed(tool: Tool) -> None:
    """Helm is a release that the plan allows: 3.x, never 4."""
    version = _answered(tool, f"Helm 3.x, {RECOMMENDED_HELM} best", "Helm is not installed, or it is something else")
    release = helm_release(version)
    if release[0] != 3:
        likely = (
            "Helm 4 is refused by the plan (MUST NOT be v4.0.x): StreamSpace's chart and scripts are made for Helm 3"
            if release[0] > 3
            else "this Helm is older than the chart can be used with"
        )
        raise Unmet(
            f"`{tool.command}`",
            expected=f"Helm 3.x ({RECOMMENDED_HELM} is recommended), never 4.0.x",
            actual=version,
            likely=f"{likely}; install Helm {RECOMMENDED_HELM}",
        )


def docker_answers(tool: Tool) -> None:
    """There is a Docker client, and the engine behind it reports its version."""
    _answered(tool, "the version of the Docker engine", "the engine is not running, or Docker is not installed")


def _answered(tool: Tool, expected: str, likely: str) -> str:
    judged(tool.name, tool.describe())
    if tool.version is None:
        raise Unmet(f"`{tool.command}`", expected=expected, actual=str(tool.trouble), likely=likely)
    return tool.version


def images_loaded(images: Sequence[Image], rollout: Rollout | None) -> None:
    """The checkout's scripts have succeeded, where one is set, and each image is in the cluster."""
    judged("images", "\n".join(image.describe() for image in images))
    if rollout is not None and rollout.failed is not None:
        raise Unmet(
            f"{rollout.failed.command} of {rollout.folder}",
            expected="it builds and deploys StreamSpace",
            actual=f"{rollout.failed.trouble}: {rollout.last_words()}",
            likely="see the script's output in the evidence",
        )
    missing = [image for image in images if not image.places]
    if missing or not images:
        raise Unmet(
            "StreamSpace's images",
            expected="each built, and loaded into the cluster",
            actual="; ".join(image.describe() for image in missing) or "the profile names none",
            likely="scripts/local-build.sh was not run, or it could not load the images into this cluster",
        )


def namespace_there(found: tuple[str, str | None]) -> None:
    """The namespace is there to stay."""
    name, state = found
    judged("namespace", {"name": name, "phase": state})
    if state != "Active":
        raise Unmet(
            f"namespace {name}",
            expected="Active",
            actual=state or "it does not exist",
            likely="StreamSpace is not deployed" if state is None else "it is being deleted, or its deletion hangs",
        )


def components_ready(components: Sequence[Component]) -> None:
    """Each component has pods, and each of them is Ready."""
    judged(
        "pods of the components",
        table("component | state", ((component.name, component.state) for component in components)),
    )
    late = [component for component in components if not component.ready]
    if late or not components:
        raise Unmet(
            "StreamSpace's pods",
            expected="each Ready, 1/1",
            actual=" · ".join(component.describe() for component in late) or "the profile names no component",
            likely="see the pods' events",
        )


def healthy(health: Health) -> None:
    """The API reports that it is healthy."""
    judged("health answer", health.answer if health.answer is not None else health.told)
    if not health.well:
        raise Unmet(
            "the API's health answer",
            expected="200, and a body that says ok",
            actual=health.told,
            likely="the API, its database or its cache is unhealthy; see the API's log",
        )


def credentials_found(credentials: Credentials | None, search: Search) -> None:
    """The administrator's name and password are found."""
    places = [(place.place, "doubtful" if place.doubtful else "found") for place in search.found]
    judged(
        "where the credentials are",
        table("place | result", [*((place, "searched") for place in search.looked), *places]),
    )
    if credentials is None and search.lost:
        raise Unproven(
            f"nothing in {' or '.join(search.looked)}, but {'; '.join(search.lost)}: set STREAMSPACE_ADMIN_PASSWORD"
        )
    if credentials is None:
        doubtful = f"; what stands in {search.found[0].place} is not a valid password" if search.found else ""
        raise Unmet(
            "the administrator's credentials",
            expected="a name and a password in the place that the plan describes",
            actual=f"nothing in {' or '.join(search.looked)}{doubtful}",
            likely="the API logged them at its first start, and that log is lost: set STREAMSPACE_ADMIN_PASSWORD",
        )


def login_works(trial: LoginAttempts, client: LoginClient) -> None:
    """A login gives a token that the API accepts, and no other password or token opens any call."""
    subject = f"a login with what {trial.place} says"
    judged("the login", _outcome_of(trial.login))
    answers = {
        "its token": trial.opened,
        "a wrong password": trial.wrong_password,
        **trial.wrong_logins,
        **trial.controls,
    }
    judged("calls after the login", table("called with | call | answer", [_call(*pair) for pair in answers.items()]))
    if trial.token is None:
        fails = trial.login.status >= HTTPStatus.INTERNAL_SERVER_ERROR or (trial.login.ok and tells_error(trial.login))
        wrong = "the credentials are not, or no longer, the administrator's"
        raise _unmet(subject, "a token", trial.login, "the API fails at logins; see its log" if fails else wrong)
    if not client.lists_sessions(trial.opened):
        raise _unmet(subject, "a token that the API accepts", trial.opened or trial.login, "the token is not valid")
    _wrong_passwords_refused(trial, client)
    for what, answer in trial.controls.items():
        if answer.status not in _REFUSALS and not _leads_to_login(answer):
            raise _unmet(f"a call with {what}", "a refusal", answer, "the API does not check tokens")
    refused = {call.call: call.control for call in trial.trials if call.refuses_valid}
    if refused:
        what, answer = next(iter(refused.items()))
        raise _unmet(
            f"{len(refused)} of the API's calls with the token of the login",
            "the token accepted by each of them",
            answer,
            f"{what} takes other tokens than the list of sessions",
        )
    forbidden = {call.call: call.control for call in trial.trials if call.forbids_administrator}
    if forbidden:
        raise _unmet(
            f"{' and '.join(forbidden)} with the token of the administrator's login",
            "the rights of an administrator",
            next(iter(forbidden.values())),
            "the login gives the token of an ordinary user",
        )
    answered = [call.describe() for call in trial.trials if call.is_open]
    if answered:
        raise Unmet(
            "calls without a valid token",
            expected="each refused, like GET of the sessions",
            actual="; ".join(answered),
            likely="these paths skip the token check",
        )


def _wrong_passwords_refused(trial: LoginAttempts, client: LoginClient) -> None:
    if not 400 <= trial.wrong_password.status < 500 or client.token(trial.wrong_password) is not None:
        raise _unmet("a login with a wrong password", "a refusal", trial.wrong_password, "any password is accepted")
    for what, login in trial.wrong_logins.items():
        if client.token(login) is not None:
            raise _unmet(f"a login with {what}", "a refusal", login, "name and password are not compared in full")


def _leads_to_login(answer: Answer) -> bool:
    """Whether a call is refused by a redirection to where one logs in, as gateways for single sign-on do."""
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
    leads_away = urlsplit(urljoin(answer.url, answer.location)).netloc != urlsplit(answer.url).netloc
    return is_redirect and (leads_away or _LOGIN.search(answer.location) is not None)


def _outcome_of(answer: Answer) -> str:
    """The answer without its body, which holds the token."""
    return f"{answer.call}: {answer.status} {answer.reason}, {len(answer.body)} bytes"


def _by_itself(standing: ClusterStatus) -> str:
    return f"Kubernetes: {standing.trouble or f'ready, version {standing.version}'}"


def _by_kubectl(result: CommandResult | None) -> str:
    return "not called: it is not installed, or not needed" if result is None else result.trouble or result.output


def _call(what: str, answer: Answer | None) -> tuple[object, ...]:
    return (what, "-", "not called") if answer is None else (what, answer.call, f"{answer.status} {answer.reason}")


def _unmet(subject: str, expected: str, answer: Answer, likely: str) -> Unmet:
    actual = f"{answer.status} to {answer.call}: {answer.excerpt()}"
    return Unmet(subject, expected=expected, actual=actual, likely=likely)
