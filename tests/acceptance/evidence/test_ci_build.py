"""The build that a run belongs to, as GitHub Actions, GitLab and Jenkins tell it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streamspace_acceptance.evidence import ci_build
from tests.support.project import PROJECT

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/streamspace",
    "GITHUB_WORKFLOW": "acceptance",
    "GITHUB_RUN_ID": "99",
    "GITHUB_RUN_NUMBER": "12",
    "GITHUB_WORKSPACE": "/work",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_NAME": "acceptance",
    "CI_PIPELINE_ID": "77",
    "CI_JOB_URL": "https://gitlab.example/acme/-/jobs/5",
    "CI_PROJECT_DIR": "/builds/acme",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example/",
    "JOB_NAME": "acceptance/main",
    "BUILD_NUMBER": "3",
    "BUILD_URL": "https://jenkins.example/job/acceptance/3/",
    "WORKSPACE": "/var/jenkins/acceptance",
}


@pytest.mark.parametrize(
    ("variables", "executor", "checkout"),
    [
        (
            GITHUB,
            {
                "name": "GitHub Actions",
                "type": "github",
                "buildName": "acceptance #12",
                "buildUrl": "https://github.com/acme/streamspace/actions/runs/99",
                "buildOrder": 12,
            },
            "/work",
        ),
        (
            GITLAB,
            {
                "name": "GitLab CI",
                "type": "gitlab",
                "buildName": "acceptance #77",
                "buildUrl": "https://gitlab.example/acme/-/jobs/5",
                "buildOrder": 77,
            },
            "/builds/acme",
        ),
        (
            JENKINS,
            {
                "name": "Jenkins",
                "type": "jenkins",
                "buildName": "acceptance/main #3",
                "buildUrl": "https://jenkins.example/job/acceptance/3/",
                "buildOrder": 3,
            },
            "/var/jenkins/acceptance",
        ),
    ],
)
def test_ci_build_is_told_by_its_variables(
    variables: dict[str, str], executor: dict[str, object], checkout: str
) -> None:
    build = ci_build.of_environment(variables)
    assert build is not None
    assert ci_build.executor(build.facts()) == executor
    assert build.checkout == Path(checkout)


def test_ci_build_on_an_own_machine_is_none() -> None:
    assert ci_build.of_environment({"HOME": "/root", "BUILD_URL": "https://elsewhere"}) is None
    assert ci_build.executor({}) == {"name": "local", "type": "local"}


def test_ci_build_without_details_is_told_all_the_same() -> None:
    build = ci_build.of_environment({"GITHUB_ACTIONS": "true"})
    assert build is not None
    assert ci_build.executor(build.facts()) == {
        "name": "GitHub Actions",
        "type": "github",
        "buildName": "workflow #?",
    }


def test_ci_build_path_outside_the_checkout_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "builds"))
    assert ci_build.from_checkout(tmp_path / "reports") == str(tmp_path / "reports")


def test_github_recipes_keep_what_names_the_build() -> None:
    kept = re.findall(r'KEEP: "(.*)"', (PROJECT / "docs" / "ci.md").read_text())
    assert len(kept) == 2
    for variables in kept:
        assert set(GITHUB) <= set(variables.split(","))
