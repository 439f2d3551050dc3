"""The build of a CI system that a run belongs to, from the variables that these systems set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RUN_BY, BUILD, BUILD_URL = "Run by", "Build", "Build URL"
"""Facts of a run."""
GITHUB, GITLAB, JENKINS, LOCAL = "GitHub Actions", "GitLab CI", "Jenkins", "local"
_TYPES = {GITHUB: "github", GITLAB: "gitlab", JENKINS: "jenkins"}
"""The system's name -> Allure's word for it."""


@dataclass(frozen=True)
class CiBuild:
    """`system` is GITHUB, GITLAB or JENKINS. `checkout` is the folder of the job's files, as it names them."""

    system: str
    name: str
    url: str
    checkout: Path | None

    def facts(self) -> dict[str, str]:
        """As facts of a run."""
        return {RUN_BY: self.system, BUILD: self.name} | ({BUILD_URL: self.url} if self.url else {})


def of_environment(variables: Mapping[str, str] | None = None) -> CiBuild | None:
    """The build that this process belongs to; None outside the CI systems that are known."""
    given = os.environ if variables is None else variables
    if given.get("GITHUB_ACTIONS") == "true":
        run = f"{given.get('GITHUB_SERVER_URL', 'https://github.com')}/{given.get('GITHUB_REPOSITORY', '')}"
        name = f"{given.get('GITHUB_WORKFLOW', 'workflow')} #{given.get('GITHUB_RUN_NUMBER', '?')}"
        url = f"{run}/actions/runs/{given['GITHUB_RUN_ID']}" if given.get("GITHUB_RUN_ID") else ""
        return CiBuild(GITHUB, name, url, _folder(given, "GITHUB_WORKSPACE"))
    if given.get("GITLAB_CI") == "true":
        name = f"{given.get('CI_JOB_NAME', 'job')} #{given.get('CI_PIPELINE_ID', '?')}"
        return CiBuild(GITLAB, name, given.get("CI_JOB_URL", ""), _folder(given, "CI_PROJECT_DIR"))
    if given.get("JENKINS_URL"):
        name = f"{given.get('JOB_NAME', 'job')} #{given.get('BUILD_NUMBER', '?')}"
        return CiBuild(JENKINS, name, given.get("BUILD_URL", ""), _folder(given, "WORKSPACE"))
    return None


def executor(facts: Mapping[str, str]) -> dict[str, object]:
    """The executor.json of Allure, from the facts of a run."""
    system = facts.get(RUN_BY)
    if system is None:
        return {"name": LOCAL, "type": LOCAL}
    number = facts.get(BUILD, "").rpartition("#")[2]
    written: dict[str, object] = {"name": system, "type": _TYPES.get(system, LOCAL), "buildName": facts.get(BUILD, "")}
    if BUILD_URL in facts:
        written["buildUrl"] = facts[BUILD_URL]
    if number.isdecimal():
        written["buildOrder"] = int(number)
    return written


def from_checkout(path: Path) -> str:
    """`path` as a CI system finds it: relative to the checkout, or absolute outside it.

    Without a CI system the checkout is the current folder.
    """
    build = of_environment()
    checkout = ((build and build.checkout) or Path.cwd()).resolve()
    place = path.resolve()
    return place.relative_to(checkout).as_posix() if place.is_relative_to(checkout) else str(place)


def _folder(given: Mapping[str, str], name: str) -> Path | None:
    return Path(given[name]) if given.get(name) else None
