"""The plan's order: a phase that builds on another runs only when that one has passed in the same run."""

from __future__ import annotations

import pytest

from tests.support.demo_project import Project

GATED = "gated: phase 1 must pass first (plan, Test Execution Order); "


@pytest.mark.parametrize(
    ("demo", "named"),
    [
        ("pod=fail,volume=error", "FAILED: 1.2-2 · BROKEN: 1.2-4"),
        ("file=unproven", "UNPROVEN: 1.2-3"),
        ("given=fail", "UNPROVEN: 1.2-2, 1.2-3, 1.2-4"),
    ],
)
def test_what_builds_on_a_phase_that_did_not_pass_is_not_run(project: Project, demo: str, named: str) -> None:
    run = project.behave(demo=demo)
    assert {run.verdicts()[criterion] for criterion in ("2.1-1", "2.1-2")} == {"UNPROVEN"}
    assert run.reason("2.1-2") == GATED + named
    assert run.result("A good template")["status"] == "skipped"
    assert run.result("A good template")["statusDetails"]["message"] == GATED + named
    assert run.stdout.count(GATED) == 2, "once where it falls, once in the closing table"


def test_a_clean_up_that_fails_closes_the_gate_as_well(project: Project) -> None:
    run = project.behave(hook="cleanup of a scenario")
    assert run.reason("2.1-1") == GATED + "BROKEN: 1.2-2, 1.2-3, 1.2-4"


def test_a_scenario_failing_beside_its_criteria_is_named(project: Project) -> None:
    feature = (project.folder / "features/1.2.feature").read_text()
    for step in ("another pod serves the session within the restart budget", "its home is on the session's own volume"):
        feature = feature.replace(f"    And {step}\n", "")
    supporting = feature + "    And the template is listed\n"
    project.write("features/1.2.feature", supporting)
    run = project.behave(demo="listed=fail")
    assert run.reason("2.1-1") == GATED + "FAILED: “The pod behind a session is lost”"


def test_a_phase_that_passed_opens_the_gate(project: Project) -> None:
    assert set(project.behave().verdicts().values()) == {"PROVEN"}


def test_the_gate_can_be_lifted(project: Project) -> None:
    run = project.behave("-D", "gate=off", demo="pod=fail")
    assert run.verdicts()["2.1-1"] == "PROVEN"
    written = (project.folder / "reports" / "conformance.yaml").read_text()
    assert "- behave -D gate=off\n" in written, "the command that repeats the run"
    assert run.verdicts()["1.2-2"] == "FAILED"


def test_a_word_that_means_nothing_to_the_gate_is_refused(project: Project) -> None:
    run = project.behave("-D", "gate=of")
    assert "-D gate=of is not a valid option: use -D gate=off" in run.stderr
    assert run.results() == []


def test_a_phase_that_was_not_asked_for_gates_nothing(project: Project) -> None:
    run = project.behave("--tags=@phase2", demo="pod=fail")
    assert run.verdicts() == {"2.1-1": "PROVEN", "2.1-2": "PROVEN"}


def test_a_scenario_that_was_not_asked_for_gates_nothing(project: Project) -> None:
    again = (project.folder / "features/1.2.feature").read_text().replace("is lost", "is lost again")
    project.write("features/1.2_again.feature", again.replace("@disruptive", "@needs-nodes"))
    run = project.behave("--tags=not @disruptive")
    assert run.verdicts()["2.1-1"] == "PROVEN"


def test_ramp_that_is_no_rising_list_is_refused_before_anything_runs(project: Project) -> None:
    run = project.behave("-D", "ramp=20,10")
    assert run.status == 2
    assert "-D ramp=20,10 is not a rising list of numbers of sessions" in run.stderr


def test_the_environment_gates_phase_1(project: Project) -> None:
    register = (project.folder / "plan/criteria.toml").read_text()
    project.write("plan/criteria.toml", register.replace("phase = 1", "phase = 0").replace("phase = 2", "phase = 1"))
    run = project.behave(demo="pod=fail")
    assert run.reason("2.1-1").startswith("gated: phase 0 must pass first")
    assert run.reason("2.1-1").endswith("; FAILED: 1.2-2")


def test_phases_run_in_the_plans_order_whatever_is_named_first(project: Project) -> None:
    run = project.behave("features/2.1.feature", "features/1.2.feature")
    assert run.stdout.index("1.2 Session state persistence") < run.stdout.index("2.1 Template creation and validation")
