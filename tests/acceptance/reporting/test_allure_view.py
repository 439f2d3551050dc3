"""The Allure view: criteria are found by their ids, with the plan's words, limit and measured figure in a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamspace_acceptance.reporting.allure import properties
from streamspace_acceptance.reporting.allure.results import AllureResults
from streamspace_acceptance.verdict.verdict_file import of_json
from tests.support.finished_run import document, run


def result(folder: Path, **options: Any) -> dict[str, Any]:
    AllureResults(folder).write(run(**options))
    found: dict[str, Any] = json.loads((folder / "scenario-of-1.2-result.json").read_text())
    return found


def executor_of(folder: Path, **options: Any) -> dict[str, Any]:
    AllureResults(folder).write(run(**options))
    found: dict[str, Any] = json.loads((folder / "executor.json").read_text())
    return found


def test_allure_description_has_a_row_for_each_criterion(tmp_path: Path) -> None:
    text = result(tmp_path, scale="0.1", c12_2="UNPROVEN")["description"]
    assert "| Criterion | Verdict | Limit | Measured | The plan says |" in text
    assert "| 1.2-1 | PROVEN | 120 s, here 12 s | mean startup time 30 s | The pod is recreated |" in text
    assert "| 1.2-2 | UNPROVEN | - | - | The file is still there |" in text


def with_a_range() -> dict[str, Any]:
    """A run whose figure may have a range of values."""
    content = document(scale="0.1")
    content["criteria"][0]["measured"][0]["allowed"] = "11.6 to 12.4 s"
    return content


def test_allure_limit_shows_the_range_that_is_allowed(tmp_path: Path) -> None:
    AllureResults(tmp_path).write(of_json(with_a_range()))
    text = json.loads((tmp_path / "scenario-of-1.2-result.json").read_text())["description"]
    assert "| 120 s, here 12 s, 11.6 to 12.4 s allowed |" in text


def test_allure_metrics_of_a_range_are_neutral(tmp_path: Path) -> None:
    AllureResults(tmp_path).write(of_json(with_a_range()))
    assert [sample["better"] for sample in json.loads((tmp_path / "run-perf.json").read_text())] == ["neutral"]


def test_allure_criterion_is_in_step_names_and_tags(tmp_path: Path) -> None:
    found = result(tmp_path)
    assert [step["name"] for step in found["steps"]] == [
        "1.2-1 · Then so says 1.2-1",
        "1.2-2 · Then so says 1.2-2",
    ]
    labels = {(label["name"], label["value"]) for label in found["labels"]}
    assert {("tag", "1.2-1"), ("tag", "1.2-2"), ("thread", "Phase 1 · Sessions")} <= labels


def test_allure_categories_lie_beside_the_results(tmp_path: Path) -> None:
    result(tmp_path)
    categories = json.loads((tmp_path / "categories.json").read_text())
    assert [category["matchedStatuses"] for category in categories] == [["failed"], ["broken"], ["skipped"]]


def test_allure_metrics_have_a_sample_for_each_figure(tmp_path: Path) -> None:
    result(tmp_path)
    samples = json.loads((tmp_path / "run-perf.json").read_text())
    assert [(sample["key"], sample["value"], sample["unit"], sample["better"]) for sample in samples] == [
        ("1.2-1 mean startup time", 30.0, "s", "lower")
    ]
    assert samples[0]["groupTitle"].startswith("Phase 1 · Sessions: ")
    assert samples[0]["start"] <= samples[0]["stop"]


def test_allure_shows_scenarios_beyond_the_plan_after_the_phases(tmp_path: Path) -> None:
    content = document()
    content["scenarios"][0] |= {"test": None, "feature": "Rights to a session"}
    AllureResults(tmp_path).write(of_json(content))
    found = json.loads((tmp_path / f"{content['scenarios'][0]['id']}-result.json").read_text())
    assert found["titlePath"] == ["Scenarios beyond the plan", "Rights to a session"]
    assert {"name": "parentSuite", "value": "Scenarios beyond the plan"} in found["labels"]


def test_allure_executor_is_the_build_of_the_run(tmp_path: Path) -> None:
    content = document()
    content["environment"] |= {"Run by": "Jenkins", "Build": "acceptance #7", "Build URL": "https://jenkins.example/7/"}
    AllureResults(tmp_path).write(of_json(content))
    assert json.loads((tmp_path / "executor.json").read_text()) == {
        "name": "Jenkins",
        "type": "jenkins",
        "buildName": "acceptance #7",
        "buildUrl": "https://jenkins.example/7/",
        "buildOrder": 7,
        "reportName": "StreamSpace v2.0-beta.1 acceptance: GO",
    }


def test_allure_executor_on_an_own_machine_is_local(tmp_path: Path) -> None:
    executor = executor_of(tmp_path)
    assert (executor["name"], executor["buildName"]) == ("local", "2026-11-24 10:00 UTC")


def test_allure_2_report_is_named_after_the_decision(tmp_path: Path) -> None:
    assert executor_of(tmp_path, c12_1="FAILED")["reportName"] == "StreamSpace v2.0-beta.1 acceptance: NO-GO"


def test_allure_executor_of_a_run_going_on_has_no_decision(tmp_path: Path) -> None:
    assert "reportName" not in executor_of(tmp_path, ended=False)


def test_allure_environment_begins_with_the_decision(tmp_path: Path) -> None:
    result(tmp_path, c12_1="FAILED")
    lines = (tmp_path / "environment.properties").read_text().splitlines()
    assert lines[0].startswith("Decision = NO-GO: 1 criterion failed (1.2-1).")
    assert lines[1].startswith("Criteria = 3 of 4 criteria proven")
    assert "Time\\ scale = 1" in lines


def test_properties_special_characters_are_escaped() -> None:
    assert properties.render({"Build: a=b": "C:\\new\nline"}) == "Build\\:\\ a\\=b = C:\\\\new\\nline\n"


def test_allure_result_stands_below_its_phase_and_test(tmp_path: Path) -> None:
    found = result(tmp_path)
    labels = {label["name"]: label["value"] for label in found["labels"]}
    assert found["titlePath"] == ["Phase 1 · Sessions", "1.2 Session state persistence"]
    assert labels["package"] == "phase1.test-1_2"


def test_allure_entry_not_run_stands_below_its_phase(tmp_path: Path) -> None:
    result(tmp_path, c21_1=None, c21_2=None)
    entries = [json.loads(file.read_text()) for file in tmp_path.glob("*-result.json")]
    (not_run,) = (entry for entry in entries if entry["name"].startswith("Not run"))
    assert not_run["titlePath"] == ["Phase 2 · Templates", "2.1 Template creation"]
