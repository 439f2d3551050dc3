"""The doctor's visit: what is checked depends on what the settings name, and each finding is told as it comes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.commands.doctor.advice import advice
from streamspace_acceptance.commands.doctor.checks import CheckResult, CheckStatus, examine
from streamspace_acceptance.desktop import browser
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
PATIENCE_SECONDS = 5.0
IN_ALL_SECONDS = 20.0
"""From then on every call gets a second: with servers that are silent throughout, a visit is over within a minute."""
PREPARE_SECONDS = 30.0
PREPARE = Path("scripts") / "prepare"


def doctor() -> int:
    """`streamspace-acceptance doctor`: 0 when nothing keeps a run from being worth its time."""
    settings = Settings.from_environment()
    findings = _of_this_machine(settings) if settings.embedded else _of_target(settings)
    return 0 if _tell(settings, findings) else 1


def _of_target(settings: Settings) -> Iterator[CheckResult]:
    """Each check of test 0 on the target that the settings name, then whether a run would begin."""
    _say(f"StreamSpace at {settings.api_url}, namespace {settings.namespace}:")
    secret_sources.from_settings(settings)
    with waiting.shutdown_deadline() as hasten, ExitStack() as open_until_the_end:
        hasten(IN_ALL_SECONDS)
        yield from examine(_deployment(settings, open_until_the_end))
        yield _beginning(settings)


def _deployment(settings: Settings, stack: ExitStack) -> Deployment:
    def cluster() -> Cluster:
        return Cluster(target.checked_kubeconfig(settings), settings.namespace)

    def api() -> StreamSpaceApi:
        http = HttpClient(target.checked_url(settings), settings.token or "")
        return StreamSpaceApi(stack.enter_context(http), load())

    deployment: Deployment

    def needs_no_images() -> bool:
        """What the target says of itself; one that cannot be asked is taken for any StreamSpace."""
        try:
            return target.is_embedded(deployment.cluster.config_map(target.CONFIG_MAP))
        except (ClusterError, SetupProblem):
            return False

    deployment = Deployment(
        settings,
        load(),
        cluster,
        api,
        needs_no_images=needs_no_images,
        patience=lambda name: Budget(name, PATIENCE_SECONDS, 1.0),
        tool_seconds=TOOL_SECONDS,
    )
    return deployment


def _beginning(settings: Settings) -> CheckResult:
    """Whether `behave` would begin: the settings are right, and the target is allowed."""
    what = "`behave` would begin with these settings"
    try:
        found = target.survey(settings, browser.find(settings.browser))
        guard.check_context(settings, Cluster(found.kubeconfig, found.namespace))
    except SetupProblem as problem:
        return CheckResult(what, CheckStatus.FAILED, problem.sentence)
    return CheckResult(what, CheckStatus.OK)


def _of_this_machine(settings: Settings) -> Iterator[CheckResult]:
    """What this machine lacks for the embedded StreamSpace, which is not started for that."""
    _say("STREAMSPACE_API_URL is not set, so `behave` would start an embedded StreamSpace. What that needs here:")
    if PREPARE.exists():
        yield _of_program(
            "what scripts/prepare installs", str(PREPARE.resolve()), "--check", after="run `make prepare`"
        )
    try:
        yield _of_program("a machine that runs containers", target.sandbox(), "check")
    except SetupProblem as problem:
        yield CheckResult("a machine that runs containers", CheckStatus.FAILED, problem.sentence)
    try:
        browser.find(settings.browser)
        yield CheckResult("a browser", CheckStatus.OK)
    except SetupProblem as problem:
        yield CheckResult("a browser", CheckStatus.FAILED, problem.sentence)


def _of_program(what: str, *command: str, after: str = "") -> CheckResult:
    called = run(command, what, seconds=PREPARE_SECONDS)
    if called.trouble is None:
        return CheckResult(what, CheckStatus.OK)
    said = "\n".join(line for line in called.errors.splitlines() if line.strip())
    return CheckResult(what, CheckStatus.FAILED, f"{said or called.trouble}\n{after}".rstrip())


def _tell(settings: Settings, findings: Iterator[CheckResult]) -> bool:
    """Prints each finding as it comes, and how many are what; whether none speaks against a run."""
    texts = {one.id: one.text for one in Register.load().criteria()}
    profile = load()
    facts = {
        "namespace": settings.namespace,
        "url": settings.api_url or "",
        "repo": settings.repo or "/path/to/streamspace",
        "api": profile.agents.api_label,
        "agent": profile.agents.label,
    }
    words: list[CheckStatus] = []
    for one in findings:
        words.append(one.word)
        known = one.criterion in texts
        _say(f"{one.word:<8} {f'{one.criterion} {texts[one.criterion]}' if known else one.criterion}")
        for line in one.why.splitlines():
            if not line.endswith(JUDGED_AT_ONCE):
                _say(f"         {line}")
        if one.word is CheckStatus.FAILED and known:
            _say("         what to do:")
            for line in advice(one.criterion, **facts):
                _say(f"           {line}")
    _say(", ".join(f"{words.count(word)} {word}" for word in CheckStatus if word in words) + ".")
    return not {CheckStatus.FAILED, CheckStatus.NOT_CHECKED} & set(words)


def _say(line: str) -> None:
    sys.stdout.write(redact(line) + "\n")
    sys.stdout.flush()
