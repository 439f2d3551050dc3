"""The command `doctor`: checks the target of the settings, or this machine, and prints each result as it comes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import selector
from streamspace_acceptance.commands.doctor.advice import advice
from streamspace_acceptance.commands.doctor.checks import CheckStatus, DoctorResult, examine
from streamspace_acceptance.desktop import browser
from streamspace_acceptance.domain.clients import roles
from streamspace_acceptance.domain.deployment.commands import run
from streamspace_acceptance.domain.deployment.deployment import Deployment
from streamspace_acceptance.outcomes import JUDGED_AT_ONCE, SetupProblem
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import guard, target
from streamspace_acceptance.verdict.register import Register
from streamspace_acceptance.waiting import Budget

TOOL_SECONDS = 5.0
PATIENCE_SECONDS, CALM_SECONDS = 5.0, 1.0
IN_ALL_SECONDS = 20.0
"""From then on every call gets a second: even if no server answers, the command ends within a minute."""
PREPARE_SECONDS = 30.0
PREPARE = Path("scripts") / "prepare"


def doctor() -> int:
    """`streamspace-acceptance doctor`: 0 if a run can begin."""
    settings = Settings.from_environment()
    if settings.embedded:
        return 0 if _print(settings, _of_this_machine(settings)) else 1
    with target.reached(settings) as there:
        return 0 if _print(there, _of_target(there)) else 1


def _of_target(settings: Settings) -> Iterator[DoctorResult]:
    """Each check of test 0 on the target of the settings, then whether a run would begin."""
    _say(f"StreamSpace at {settings.api_url}, namespace {settings.namespace}:")
    secret_sources.from_settings(settings)
    with waiting.shutdown_deadline() as hasten, ExitStack() as open_until_the_end:
        hasten(IN_ALL_SECONDS)
        yield from examine(_deployment(settings, open_until_the_end))
        yield _beginning(settings)


def _deployment(settings: Settings, stack: ExitStack) -> Deployment:
    def cluster() -> Cluster:
        files, named = target.checked_kubeconfig(settings), roles(load(settings.profile))
        return Cluster(files, settings.namespace, named, context=settings.context)

    def api() -> StreamSpaceApi:
        http = HttpClient(target.checked_url(settings), settings.token or "")
        return StreamSpaceApi(stack.enter_context(http), load(settings.profile))

    deployment: Deployment

    def needs_no_images() -> bool:
        """Whether the target says that it runs without images; False when it does not answer."""
        try:
            return target.needs_no_images(deployment.cluster.config_map(target.CONFIG_MAP))
        except (ClusterError, SetupProblem):
            return False

    deployment = Deployment(
        settings,
        load(settings.profile),
        cluster,
        api,
        needs_no_images=needs_no_images,
        patience=lambda name: Budget(name, CALM_SECONDS if name == "calm" else PATIENCE_SECONDS, 1.0),
        tool_seconds=TOOL_SECONDS,
    )
    return deployment


def _beginning(settings: Settings) -> DoctorResult:
    """Whether `behave` would begin: the settings are valid, and the target is allowed."""
    check = "`behave` would begin with these settings"
    try:
        surveyed = target.survey(settings, browser.find(settings.browser))
        guard.check_context(settings, Cluster(surveyed.kubeconfig, surveyed.namespace, context=surveyed.context))
    except SetupProblem as problem:
        return DoctorResult(check, CheckStatus.FAILED, problem.sentence)
    return DoctorResult(check, CheckStatus.OK)


def _of_this_machine(settings: Settings) -> Iterator[DoctorResult]:
    """The embedded StreamSpace's requirements of this machine, checked without starting it."""
    _say("STREAMSPACE_API_URL is not set, so `behave` would start an embedded StreamSpace. Its requirements:")
    if PREPARE.exists():
        yield _of_program(
            "what scripts/prepare installs", str(PREPARE.resolve()), "--check", after="run `make prepare`"
        )
    try:
        yield _of_program("a machine that runs containers", target.sandbox(), "check")
    except SetupProblem as problem:
        yield DoctorResult("a machine that runs containers", CheckStatus.FAILED, problem.sentence)
    try:
        browser.find(settings.browser)
        yield DoctorResult("a browser", CheckStatus.OK)
    except SetupProblem as problem:
        yield DoctorResult("a browser", CheckStatus.FAILED, problem.sentence)


def _of_program(check: str, *command: str, after: str = "") -> DoctorResult:
    called = run(command, check, seconds=PREPARE_SECONDS)
    if called.trouble is None:
        return DoctorResult(check, CheckStatus.OK)
    errors = "\n".join(line for line in called.errors.splitlines() if line.strip())
    return DoctorResult(check, CheckStatus.FAILED, f"{errors or called.trouble}\n{after}".rstrip())


def _print(settings: Settings, results: Iterator[DoctorResult]) -> bool:
    """Prints each result as it comes, then counts; whether a run can begin."""
    texts = {criterion.id: criterion.text for criterion in Register.load().criteria()}
    profile = load(settings.profile)
    facts = {
        "namespace": settings.namespace,
        "url": settings.api_url or "",
        "repo": settings.repo or "/path/to/streamspace",
        "api": selector(profile.agents.api_labels),
        "agent": selector(profile.agents.labels),
        "port": str(profile.agents.api_port),
    }
    statuses: list[CheckStatus] = []
    for result in results:
        statuses.append(result.status)
        known = result.criterion in texts
        _say(f"{result.status:<8} {f'{result.criterion} {texts[result.criterion]}' if known else result.criterion}")
        for line in result.reason.splitlines():
            if not line.endswith(JUDGED_AT_ONCE):
                _say(f"         {line}")
        if result.status is CheckStatus.FAILED and known:
            _say("         what to do:")
            for line in advice(result.criterion, **facts):
                _say(f"           {line}")
    _say(", ".join(f"{statuses.count(status)} {status}" for status in CheckStatus if status in statuses) + ".")
    return not {CheckStatus.FAILED, CheckStatus.NOT_CHECKED} & set(statuses)


def _say(line: str) -> None:
    sys.stdout.write(redact(line) + "\n")
    sys.stdout.flush()
