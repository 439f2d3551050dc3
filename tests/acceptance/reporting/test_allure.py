"""Allure results: every event that allure-behave reports wrongly has a test here."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.sampling import sample
from tests.support.demo_project import LOST, Project, start_and_stop


def message(result: dict[str, Any]) -> str:
    return str(result["statusDetails"]["message"])


def test_a_good_run_is_green(project: Project) -> None:
    run = project.behave()
    assert {result["status"] for result in run.results()} == {"passed"}
    assert len(run.results()) == 3
    assert run.status == 0


@pytest.mark.parametrize("kind", sample(["scenario", "tag", "step"], 0))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_error_in_a_hook_of_a_scenario_is_broken(project: Project, moment: str, kind: str) -> None:
    hook = f"{moment}_{kind}"
    run = project.behave(hook=hook)
    assert run.result(LOST)["status"] == "broken"
    assert f"{hook} failed: RuntimeError: {hook} went wrong" in message(run.result(LOST))
    assert run.status == 2


def test_an_error_in_a_cleanup_of_a_scenario_is_broken(project: Project) -> None:
    run = project.behave("-D", "gate=off", hook="cleanup of a scenario")
    assert run.result(LOST)["status"] == "broken"
    assert "cleanup _leak failed: RuntimeError: session left behind" in message(run.result(LOST))
    assert set(run.verdicts().values()) == {"BROKEN"}


def test_an_error_in_before_feature_leaves_no_scenario_out(project: Project) -> None:
    run = project.behave(hook="before_feature")
    assert run.result(LOST)["status"] == "broken"
    assert "before_feature failed" in message(run.result(LOST))
    assert set(run.verdicts().values()) == {"BROKEN"}


@pytest.mark.parametrize(
    ("hook", "where"), [("after_feature", "after_feature"), ("cleanup of a feature", "cleanup _leak")]
)
def test_an_error_after_a_feature_has_a_result_of_its_own(project: Project, hook: str, where: str) -> None:
    run = project.behave(hook=hook)
    result = run.result(f"{where} of 1.2 Session state persistence")
    assert result["status"] == "broken"
    assert run.result(LOST)["status"] == "passed"
    assert run.status == 2


def test_an_error_in_before_all_breaks_every_scenario(project: Project) -> None:
    run = project.behave(hook="before_all")
    assert run.result(LOST)["status"] == "broken"
    assert run.result("before_all of the whole run")["status"] == "broken"
    assert set(run.verdicts().values()) == {"BROKEN"}
    assert run.status == 2


@pytest.mark.parametrize(("hook", "where"), [("after_all", "after_all"), ("cleanup of the run", "cleanup _leak")])
def test_an_error_after_all_is_not_lost(project: Project, hook: str, where: str) -> None:
    run = project.behave(hook=hook)
    assert run.result(f"{where} of the whole run")["status"] == "broken"
    assert run.status == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_shows_what_ran_and_what_did_not(project: Project, number: signal.Signals) -> None:
    run = start_and_stop(project, number)
    assert run.result(LOST)["status"] == "broken"
    assert f"interrupted by {number.name}" in message(run.result(LOST))
    assert run.result("A good template")["status"] == "skipped"
    assert message(run.result("A good template")) == f"not run: interrupted by {number.name}"
    assert run.verdicts() == {
        "1.2-2": "BROKEN", "1.2-3": "UNPROVEN", "1.2-4": "UNPROVEN", "2.1-1": "UNPROVEN", "2.1-2": "UNPROVEN",
    }  # fmt: skip
    assert run.status != 0
    assert (project.folder / "deleted").exists(), "cleanups of the scenario run"
    assert (project.folder / "stopped").exists(), "cleanups of the run run"


@pytest.mark.parametrize(
    "hook", sample(["before_all", "before_feature", "before_scenario", "before_step", "after_step"], 2, 4)
)
def test_a_run_interrupted_between_steps_starts_no_other(project: Project, hook: str) -> None:
    run = project.behave(hook=f"terminate in {hook}")
    assert run.result(LOST)["status"] in ("broken", "skipped")
    assert "interrupted by SIGTERM" in message(run.result(LOST))
    assert run.result("A good template")["status"] == "skipped"
    assert "PROVEN" not in run.verdicts().values()
    assert run.status != 0


def test_a_scenario_before_an_interruption_keeps_its_verdict(project: Project) -> None:
    run = project.behave(hook="terminate in after_scenario")
    assert run.result(LOST)["status"] == "passed"
    assert message(run.result("A good template")) == "not run: interrupted by SIGTERM"
    assert run.status != 0


def test_a_run_that_is_killed_has_left_the_truth_on_disk(project: Project) -> None:
    run = start_and_stop(project, signal.SIGKILL)
    assert run.result(LOST)["status"] == "broken"
    assert message(run.result(LOST)) == "the run ended while this scenario was running"
    assert [step["status"] for step in run.result(LOST)["steps"][:2]] == ["passed", "passed"]
    assert run.result("A good template")["status"] == "skipped"
    assert run.verdicts() == {
        "1.2-2": "BROKEN", "1.2-3": "BROKEN", "1.2-4": "BROKEN", "2.1-1": "UNPROVEN", "2.1-2": "UNPROVEN",
    }  # fmt: skip
    assert run.reason("1.2-3") == "the run ended while this scenario was running"
    assert run.reason("2.1-1") == "not run: the run ended before it"
    assert (project.folder / "reports/allure-results/environment.properties").exists()


@pytest.mark.parametrize(
    ("behaviour", "status"), [("fail", "failed"), ("plain", "failed"), ("error", "broken"), ("unproven", "skipped")]
)
def test_a_step_has_the_status_of_its_exception(project: Project, behaviour: str, status: str) -> None:
    run = project.behave("--tags=@test-1.2", demo=f"file={behaviour}")
    result = run.result(LOST)
    assert result["status"] == status
    assert [step["status"] for step in result["steps"]] == ["passed", "passed", "passed", status, "passed"]
    assert message(result) == message(result["steps"][3])


def test_a_failure_counts_more_than_what_could_not_be_shown(project: Project) -> None:
    run = project.behave("--tags=@test-1.2", demo="pod=unproven,file=fail,volume=unproven")
    assert run.result(LOST)["status"] == "failed"


def test_a_sentence_without_a_step_is_broken(project: Project) -> None:
    steps = (project.folder / "steps/steps.py").read_text().replace('@when("it is sent")', '@when("it is not sent")')
    project.write("steps/steps.py", steps)
    run = project.behave("--tags=@test-2.1")
    assert run.result("A good template")["status"] == "broken"
    assert message(run.result("A good template")) == "no step definition matches this sentence"
    assert [step["status"] for step in run.result("A good template")["steps"]] == ["passed", "broken", "skipped"]


def test_a_pending_step_is_broken(project: Project) -> None:
    steps = (project.folder / "steps/steps.py").read_text().replace("    raise ConnectionError(", "    raise Pending(")
    project.write("steps/steps.py", "from behave.api.pending_step import PendingStepError as Pending\n" + steps)
    run = project.behave("--tags=@test-2.1", demo="created=error")
    assert run.result("A good template")["status"] == "broken"


def test_a_skipped_scenario_keeps_its_reason(project: Project) -> None:
    run = project.behave(hook="skip")
    assert run.result(LOST)["status"] == "skipped"
    assert message(run.result(LOST)) == "needs a cluster with two nodes"
    assert run.reason("1.2-2") == "needs a cluster with two nodes"
    assert run.status == 3, "what was gated out was not shown"


def test_equal_titles_in_different_files_are_two_scenarios(project: Project) -> None:
    feature = (project.folder / "features/1.2.feature").read_text()
    project.write("features/1.2_again.feature", feature)
    run = project.behave("--tags=@test-1.2")
    twins = [result for result in run.results() if result["name"] == LOST]
    assert len(twins) == 2
    assert len({result["historyId"] for result in twins}) == 2
    assert len({result["fullName"] for result in twins}) == 2


def test_equal_titles_in_one_file_are_two_scenarios(project: Project) -> None:
    feature = (project.folder / "features/2.1.feature").read_text().replace("The list", "A good template")
    project.write("features/2.1.feature", feature)
    run = project.behave("--tags=@test-2.1")
    assert len({result["historyId"] for result in run.results()}) == 2


def test_scenarios_below_a_rule_are_there(project: Project) -> None:
    feature = (project.folder / "features/2.1.feature").read_text()
    project.write("features/2.1.feature", feature.replace("  Scenario: The list", "  Rule: r\n  Scenario: The list"))
    run = project.behave("--tags=@test-2.1")
    assert run.result("The list")["status"] == "passed"


@pytest.mark.parametrize("hook", ["before_all", "before_feature", "after_feature", "after_all", "before_scenario"])
def test_attaching_in_a_hook_does_not_abort(project: Project, hook: str) -> None:
    run = project.behave(hook=f"attach in {hook}")
    assert run.status == 0, run.stdout
    folder = project.folder / "reports" / "allure-results"
    attached = [json.loads(file.read_text()) for file in folder.glob("*-globals.json")]
    attached += [result for result in run.results() if result.get("attachments")]
    sources = [item["source"] for owner in attached for item in owner["attachments"] if item["name"] == f"from {hook}"]
    assert sources
    assert {(folder / source).read_text() for source in sources} == {"noted"}


def test_nothing_of_an_earlier_run_is_left(project: Project) -> None:
    project.behave()
    run = project.behave("--tags=@test-1.2")
    assert [result["name"] for result in run.results()] == [LOST]


def test_results_are_sorted_into_the_plan(project: Project) -> None:
    run = project.behave()
    labels = {(label["name"], label["value"]) for label in run.result(LOST)["labels"]}
    assert {
        ("severity", "blocker"),
        ("epic", "Phase 1 · Sessions"),
        ("feature", "1.2 Session state persistence"),
        ("story", LOST),
        ("parentSuite", "Phase 1 · Sessions"),
        ("criterion", "1.2-2"),
        ("criterion", "1.2-3"),
        ("criterion", "1.2-4"),
    } <= labels
    assert ("severity", "critical") in {(label["name"], label["value"]) for label in run.result("The list")["labels"]}


def test_evidence_is_attached_to_the_step_that_made_it(project: Project) -> None:
    run = project.behave("--tags=@test-1.2", demo="pod=wait")
    steps = run.result(LOST)["steps"]
    assert [attachment["name"] for attachment in steps[3]["attachments"]] == ["desktop"]
    assert [attachment["name"] for attachment in steps[2]["attachments"]] == ["waits"]
    source = steps[2]["attachments"][0]["source"]
    timeline = (project.folder / "reports" / "allure-results" / source).read_text()
    assert "session testuser-firefox-browser-7f3a\ngoal:     Running\n" in timeline
    assert "outcome:  met after" in timeline
    assert "pulling the image" in timeline


def test_secrets_in_a_message_are_redacted(project: Project) -> None:
    run = project.behave("--tags=@test-1.2", demo="file=plain")
    written = "".join(file.read_text() for file in project.folder.rglob("reports/**/*.json"))
    assert "s3cr3t-t0ken" not in written + run.stdout
    assert "[redacted]" in written
