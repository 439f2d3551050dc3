"""JUnit: a case for each criterion, as the parsers of CI systems read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance.reporting import junit
from streamspace_acceptance.verdict.verdict_file import of_json
from tests.support.finished_run import document


def written(path: Path, run: dict[str, Any]) -> Xml.Element:
    junit.write(path / "junit.xml", of_json(run), path)
    return Xml.parse(path / "junit.xml").getroot()  # noqa: S314  # our own file


def case_of(root: Xml.Element, criterion: str) -> Xml.Element:
    (case,) = (case for case in root.iter("testcase") if case.get("name", "").startswith(f"{criterion} "))
    return case


def properties(case: Xml.Element) -> dict[str, str]:
    return {element.get("name", ""): element.get("value", "") for element in case.iter("property")}


def test_junit_criterion_has_place_properties_and_evidence(tmp_path: Path) -> None:
    run = document()
    step = run["scenarios"][0]["steps"][0]
    step |= {"line": 9, "attachments": [
        {"name": "waits", "file": "w-attachment.txt", "type": "text/plain"},
        {"name": "pods", "file": "p-attachment.yaml", "type": "application/yaml"},
    ]}  # fmt: skip
    case = case_of(written(tmp_path, run), "1.2-1")
    assert {name: case.get(name) for name in ("classname", "name", "file", "line", "time")} == {
        "classname": "phase1.test-1_2",
        "name": "1.2-1 The pod is recreated",
        "file": "features/1.2.feature",
        "line": "9",
        "time": "2.000",
    }
    assert case.findtext("system-out") == f"[[ATTACHMENT|{tmp_path}/allure-results/p-attachment.yaml]]"
    found = properties(case)
    assert (found["criterion"], found["priority"], found["test"], found["limit"]) == ("1.2-1", "P0", "1.2", "120 s")


def test_junit_failure_says_expected_and_actual_in_one_line(tmp_path: Path) -> None:
    root = written(tmp_path, document(c12_1="FAILED", c12_2="UNPROVEN", c21_1="BROKEN"))
    failure = case_of(root, "1.2-1").find("failure")
    assert failure is not None
    wanted = "1.2-1: expected Running within the startup budget (60 s); Pending for 60.0 s | `still`"
    assert failure.get("message") == wanted
    assert case_of(root, "1.2-2").find("skipped") is not None
    assert case_of(root, "2.1-1").find("error") is not None
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4", "failures": "1", "errors": "1", "skipped": "1", "time": "8.000",
    }  # fmt: skip
    assert [suite.get("timestamp") for suite in root] == ["2026-11-24T10:00:00"] * 2


def test_junit_scenario_beside_its_criteria_has_its_own_case(tmp_path: Path) -> None:
    run = document()
    run["scenarios"][0] |= {"verdict": "BROKEN", "reason": "cleanup failed"}
    (case,) = (
        testcase
        for testcase in written(tmp_path, run).iter("testcase")
        if testcase.get("name") == "The scenario of 1.2"
    )
    assert case.find("error") is not None


def test_junit_outline_has_a_case_for_each_example(tmp_path: Path) -> None:
    run = document(c12_1="FAILED")
    first = run["scenarios"][0]
    other = first | {"id": "other", "examples": {"size": "maximum"}, "verdict": "PROVEN"}
    other["steps"] = [step | {"verdict": "PROVEN", "failure": None} for step in first["steps"]]
    first["examples"] = {"size": "minimum"}
    run["scenarios"].insert(1, other)
    cases = [case for case in written(tmp_path, run).iter("testcase") if "1.2-1" in case.get("name", "")]
    assert [(case.get("name"), case.find("failure") is not None) for case in cases] == [
        ("1.2-1 The pod is recreated (minimum)", True),
        ("1.2-1 The pod is recreated (maximum)", False),
    ]


def attached(case: Xml.Element) -> list[str]:
    """The paths as GitLab (relative to the checkout) and Jenkins (relative to the workspace) read them."""
    return re.findall(r"\[\[ATTACHMENT\|(.+?)\]\]", case.findtext("system-out") or "")


def run_with_evidence(**verdicts: Any) -> dict[str, Any]:
    run = document(**verdicts)
    run["scenarios"][0]["steps"][0]["attachments"] = [
        {"name": "pods", "file": "p.yaml", "type": "application/yaml", "path": "evidence/1.2/1.2-1-pods.yaml"},
        {"name": "after", "file": "a.png", "type": "image/png", "path": "evidence/1.2/1.2-1-after.png"},
    ]
    run["scenarios"][0]["attachments"] = [
        {"name": "events.txt", "file": "e.txt", "type": "text/plain", "path": "evidence/1.2/events.txt"}
    ]
    return run


@pytest.mark.parametrize(
    "variables", [{"GITLAB_CI": "true", "CI_PROJECT_DIR": ""}, {"JENKINS_URL": "http://jenkins", "WORKSPACE": ""}]
)
def test_junit_paths_are_relative_to_the_jobs_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value or str(tmp_path))
    (reports := tmp_path / "suite" / "reports").mkdir(parents=True)
    case = case_of(written(reports, run_with_evidence()), "1.2-1")
    assert attached(case) == [
        "suite/reports/evidence/1.2/1.2-1-after.png",
        "suite/reports/evidence/1.2/1.2-1-pods.yaml",
    ]


def test_junit_paths_without_a_ci_are_relative_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert attached(case_of(written(tmp_path, run_with_evidence()), "1.2-1"))[0] == "evidence/1.2/1.2-1-after.png"


def test_junit_failure_has_the_attachments_of_its_scenario(tmp_path: Path) -> None:
    case = case_of(written(tmp_path, run_with_evidence(c12_1="FAILED")), "1.2-1")
    assert [Path(path).name for path in attached(case)] == ["1.2-1-after.png", "1.2-1-pods.yaml", "events.txt"]
