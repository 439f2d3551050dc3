"""The ledger: one verdict for each criterion that the run was asked about, with its reason."""

from __future__ import annotations

import json

import pytest

from tests.support.demo_project import Project


def test_everything_shown_is_proven(project: Project) -> None:
    run = project.behave()
    assert set(run.verdicts().values()) == {"PROVEN"}
    assert run.ledger()["counts"] == {"PROVEN": 5, "FAILED": 0, "BROKEN": 0, "UNPROVEN": 0}
    assert run.status == 0


@pytest.mark.parametrize(
    ("behaviour", "verdict", "reason"),
    [
        ("fail", "FAILED", "actual:   Pending for 60.0 s"),
        ("plain", "FAILED", "not as it should be"),
        ("error", "BROKEN", "ConnectionError: the API closed the connection"),
        ("unproven", "UNPROVEN", "no new pod came"),
    ],
)
def test_the_exception_of_a_then_decides_its_criterion_only(
    project: Project, behaviour: str, verdict: str, reason: str
) -> None:
    run = project.behave("--tags=@test-1.2", demo=f"file={behaviour}")
    assert run.verdicts() == {"1.2-2": "PROVEN", "1.2-3": verdict, "1.2-4": "PROVEN"}
    assert reason in run.reason("1.2-3")


@pytest.mark.parametrize("step", ["given", "when"])
@pytest.mark.parametrize("behaviour", ["fail", "error", "unproven"])
def test_steps_after_a_failed_given_or_when_are_unproven(project: Project, step: str, behaviour: str) -> None:
    run = project.behave("--tags=@test-1.2", demo=f"{step}={behaviour}")
    assert set(run.verdicts().values()) == {"UNPROVEN"}
    assert run.reason("1.2-4").startswith("not reached: ")
    assert f"(“{step.title()} " in run.reason("1.2-4")


def test_only_what_was_selected_is_judged(project: Project) -> None:
    run = project.behave("--tags=@test-1.2")
    assert set(run.verdicts()) == {"1.2-2", "1.2-3", "1.2-4"}
    run = project.behave("--name=The list")
    assert run.verdicts() == {"2.1-2": "PROVEN"}


def test_a_criterion_that_no_scenario_speaks_of_is_unproven(project: Project) -> None:
    feature = (project.folder / "features/1.2.feature").read_text()
    project.write("features/1.2.feature", feature.replace("    And its home is on the session's own volume\n", ""))
    run = project.behave("--tags=@test-1.2")
    assert run.verdicts()["1.2-4"] == "UNPROVEN"
    assert "no scenario has the sentence" in run.reason("1.2-4")
    assert run.status == 3


def test_a_figure_stands_beside_its_limit(project: Project) -> None:
    run = project.behave("--tags=@test-1.2")
    line = next(line for line in run.ledger()["criteria"] if line["id"] == "1.2-2")
    assert line["limit"] == 120
    assert line["measured"] == [{"name": "restart", "value": 1.234, "unit": "s"}]


def test_a_problem_outside_the_scenarios_is_on_record(project: Project) -> None:
    run = project.behave("--tags=@test-1.2", hook="after_all")
    (problem,) = run.ledger()["problems"]
    assert (problem["where"], problem["scenario"], problem["verdict"]) == ("after_all", None, "BROKEN")
    assert problem["reason"] == "after_all failed: RuntimeError: after_all went wrong"
    assert "went wrong" in problem["trace"]
    assert set(run.verdicts().values()) == {"PROVEN"}
    assert run.status == 2


def test_a_finding_of_the_clean_up_changes_no_verdict(project: Project) -> None:
    run = project.behave(hook="finding of each scenario")
    assert set(run.verdicts().values()) == {"PROVEN"}
    (problem,) = run.ledger()["problems"]
    assert problem["verdict"] == "FAILED"
    sentence = "beyond the plan: the product does not finish the deletion of sessions: session s stays (and after "
    assert problem["reason"].startswith(sentence)
    assert {scenario["verdict"] for scenario in run.ledger()["scenarios"]} == {"PROVEN"}
    assert "beyond the plan" in run.ledger()["decision"]["sentence"]
    assert run.status == 1


def test_the_worst_of_several_examples_counts(project: Project) -> None:
    feature = (project.folder / "features/2.1.feature").read_text()
    outline = feature.replace(
        "Scenario: The list\n    Given a template", "Scenario Outline: The list\n    Given <what>"
    )
    project.write(
        "features/2.1.feature", f"{outline}\n    Examples:\n      | what |\n      | a template |\n      | nothing |\n"
    )
    run = project.behave("--tags=@test-2.1")
    assert run.verdicts() == {"2.1-1": "PROVEN", "2.1-2": "UNPROVEN"}


def test_the_environment_is_on_record(project: Project) -> None:
    run = project.behave("--tags=@test-1.2")
    assert run.ledger()["environment"]["behave"] == "1.3.3"
    properties = (project.folder / "reports/allure-results/environment.properties").read_text()
    assert "behave = 1.3.3" in properties


def test_the_ledger_stands_in_the_report_as_well(project: Project) -> None:
    project.behave("--tags=@test-1.2")
    results = project.folder / "reports/allure-results"
    attached = [json.loads(file.read_text()) for file in results.glob("*-globals.json")]
    sources = [item["source"] for owner in attached for item in owner["attachments"] if item["name"] == "verdict.json"]
    document = json.loads((results / sources[0]).read_text())
    assert document["counts"]["PROVEN"] == 3
