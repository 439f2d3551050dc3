"""The command `streamspace-acceptance profile check`: a line for each part of the profile, what does not fit last."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.commands.profile.check import Comparison, Fit, of_api, of_cluster, unreadable
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.product.calls import ProfileCalls
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import Profile, load
from streamspace_acceptance.redaction import redactor
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import target


def check(name: str | None) -> int:
    """0 when nothing of the profile is wrong for the StreamSpace of the settings, 1 otherwise."""
    settings = Settings.from_environment()
    with target.reached(replace(settings, profile=name or settings.profile)) as there:
        return _check(there)


def _check(settings: Settings) -> int:
    profile, url = load(settings.profile), target.checked_url(settings)
    if settings.token is None:
        raise SetupProblem("STREAMSPACE_TEST_TOKEN is not set: set it to the token from the login call.")
    redactor.register_secret(settings.token)
    _say(f"Contract profile {profile.name} and StreamSpace at {url}:")
    with HttpClient(url, settings.token) as http:
        try:
            findings = chain(of_api(ProfileCalls(http, profile)), _of_cluster(settings, profile))
            found = [_print_line(finding) for finding in findings]
        except NoAnswer as error:
            raise SetupProblem(f"The profile could not be checked: {error}.") from error
    counts = ", ".join(f"{sum(finding.fit is fit for finding in found)} {fit}" for fit in Fit)
    _say(f"{counts}. OPEN: nothing on the target shows it.")
    return int(any(finding.fit is Fit.WRONG for finding in found))


def _of_cluster(settings: Settings, profile: Profile) -> Iterator[Comparison]:
    files = settings.kubeconfig_files()
    if not files:
        return
    try:
        yield from of_cluster(Cluster(files, settings.namespace, context=settings.context), profile)
    except ClusterError as error:
        yield unreadable(error)


def _print_line(finding: Comparison) -> Comparison:
    _say(f"{finding.fit:<6} {finding.place}: {finding.sentence}")
    return finding


def _say(line: str) -> None:
    sys.stdout.write(redactor.redact(line) + "\n")
    sys.stdout.flush()
