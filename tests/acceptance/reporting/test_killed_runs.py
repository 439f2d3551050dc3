"""The report of a run that was killed is completed by the next command, wherever it is.

About ten seconds.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance import cli, lock_files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import killed_runs
from streamspace_acceptance.verdict.judgement import UNFINISHED
from tests.support.demo_project import BEHAVE, JUNIT_OF, LOST, Project, Run, start_and_stop
from tests.support.finished_run import leave

SWEEP = (sys.executable, "-m", "streamspace_acceptance.cli", "sweep")
AS_BROKEN = {LOST: "error", "A good template": "skipped", "The list": "skipped"}


def assert_complete(reports: Path) -> None:
    """All that a run leaves is there, agrees, and says that it was killed in its first scenario."""
    left = Run(reports.parent, 0, "", "")
    assert reports.name == "reports"
    results = {result["name"]: JUNIT_OF[result["status"]] for result in left.results()}
    assert results == left.junit() == AS_BROKEN
    assert left.ledger()["counts"] == {"PROVEN": 0, "FAILED": 0, "BROKEN": 3, "UNPROVEN": 2}
    assert (left.ledger()["interruption"], left.ledger()["decision"]["word"]) == ("killed", "UNDECIDED")
    assert "the run was killed" in left.ledger()["decision"]["sentence"]
    assert "The run was killed" in (reports / "SUMMARY.md").read_text()
    assert len(list(reports.glob("INTEGRATION_TEST_RESULTS_PHASE_*.md"))) == 2


def history(reports: Path) -> list[Any]:
    return [json.loads(path.read_text())["interruption"] for path in sorted((reports / "history").glob("run-*.json"))]


def told(said: str) -> list[str]:
    return [line for line in said.splitlines() if "was killed" in line]


def test_by_a_sweep_from_anywhere(project: Project, tmp_path: Path) -> None:
    reports = start_and_stop(project, signal.SIGKILL).folder / "reports"
    said = [
        subprocess.run(
            SWEEP, cwd=tmp_path, env=project.environment(), capture_output=True, text=True, timeout=180, check=True
        ).stderr
        for _ in range(2)
    ]
    (sentence,) = told(said[0])
    assert sentence.endswith(f"was killed; its report in {reports} is complete now, with “{LOST}” as broken.")
    assert told(said[1]) == []
    assert_complete(reports)
    assert history(reports) == ["killed"]


def test_by_the_next_run_which_writes_to_the_same_folder(project: Project) -> None:
    reports = start_and_stop(project, signal.SIGKILL).folder / "reports"
    run = project.behave()
    (sentence,) = told(run.stderr)
    (aside,) = (reports / "killed").iterdir()
    assert str(aside) in sentence
    aside.rename(aside.with_name("reports"))
    assert_complete(aside.with_name("reports"))
    assert history(reports) == ["killed", None]
    assert run.status == 0
    assert run.ledger()["counts"]["PROVEN"] == 5
    assert "killed" not in (reports / "SUMMARY.md").read_text().replace("killed/", "")
    assert {result["status"] for result in run.results()} == {"passed"}


def test_by_the_next_run_which_writes_elsewhere(project: Project) -> None:
    reports = start_and_stop(project, signal.SIGKILL).folder / "reports"
    environment = project.environment() | {"STREAMSPACE_REPORTS": "elsewhere"}
    run = subprocess.run(
        [*BEHAVE, "--tags=@test-2.1"], cwd=project.folder, env=environment, capture_output=True, text=True,
        timeout=180, check=True,
    )  # fmt: skip
    assert len(told(run.stderr)) == 1
    assert_complete(reports)
    assert not (reports / "killed").exists()
    assert history(project.folder / "elsewhere") == [None]


@contextmanager
def waiting(project: Project) -> Iterator[subprocess.Popen[str]]:
    """A run that goes on."""
    process = subprocess.Popen(
        [*BEHAVE], cwd=project.folder, env=project.environment("pod=hang") | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while process.stdout.readline() not in ("hanging\n", ""):
        pass
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=180)


def test_a_running_run_is_left_alone_and_keeps_its_folder(project: Project) -> None:
    with waiting(project) as living:
        swept = subprocess.run(
            SWEEP, env=project.environment(), capture_output=True, text=True, timeout=180, check=True
        )
        assert told(swept.stderr) == []
        refused = project.behave()
        assert (refused.status, refused.stdout.startswith("USING RUNNER")) == (2, True)
        assert refused.stderr == (
            f"Another run writes to {project.folder / 'reports'}: wait until it ends, or set STREAMSPACE_REPORTS to "
            "another folder.\n"
        )
        assert living.poll() is None
    assert Run(project.folder, 0, "", "").ledger()["interruption"] == "interrupted by SIGTERM"
    assert lock_files.paths(killed_runs.KIND) == []


# In process, of a run that left something


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def completed(move_aside_in: ReportFolder | None = None) -> list[str]:
    said: list[str] = []
    killed_runs.complete(said.append, move_aside_in=move_aside_in)
    return said


def record(reports: Path) -> None:
    """That a run began to write, and was not heard of any more."""
    began = json.loads((reports / "verdict.json").read_text())["run"]["began"]
    one = lock_files.LockedFile(
        killed_runs.KIND, {"reports": str(reports), "began": began, "junit": [str(reports / "junit.xml")]}
    )
    one.close()


def test_views_one_write_behind_follow_the_verdicts(project: Project) -> None:
    """Killed between two of the writes at a scenario's end: verdict.json comes first."""
    run = project.behave(demo="listed=fail")
    reports = run.folder / "reports"
    document = run.ledger() | {"interruption": None}
    document["run"]["ended"] = None
    (reports / "verdict.json").write_text(json.dumps(document))
    (ours,) = (path for path in (reports / "allure-results").glob("*-result.json") if LOST in path.read_text())
    ours.write_text(ours.read_text().replace('"passed"', '"broken"'))
    (reports / "junit.xml").write_text("<testsuites/>")
    record(reports)
    (sentence,) = completed()
    assert "with no scenario as broken" in sentence
    assert run.junit() == {LOST: "passed", "A good template": "passed", "The list": "failure"}
    assert {result["name"]: JUNIT_OF[result["status"]] for result in run.results()} == run.junit()
    assert run.ledger()["counts"] == {"PROVEN": 4, "FAILED": 1, "BROKEN": 0, "UNPROVEN": 0}
    assert run.ledger()["decision"]["word"] == "NO-GO"
    assert completed() == []


def test_a_scenario_that_had_begun_in_one_file_is_broken_in_all(project: Project) -> None:
    """Killed at a scenario's end, before verdict.json was written."""
    run = project.behave()
    reports = run.folder / "reports"
    document = run.ledger()
    document["run"]["ended"] = None
    for scenario in document["scenarios"]:
        if scenario["name"] == LOST:
            scenario |= {"running": True, "verdict": "BROKEN", "reason": UNFINISHED}
    for line in document["criteria"]:
        if line["test"] == "1.2":
            line |= {"verdict": "BROKEN", "reason": UNFINISHED}
    (reports / "verdict.json").write_text(json.dumps(document))
    record(reports)
    (sentence,) = completed()
    assert f"with “{LOST}” as broken" in sentence
    assert run.junit() == {LOST: "error", "A good template": "passed", "The list": "passed"}
    assert {result["name"]: JUNIT_OF[result["status"]] for result in run.results()} == run.junit()


def test_one_that_ended_before_its_reports_were_written(tmp_path: Path) -> None:
    leave(tmp_path)
    (tmp_path / "SUMMARY.md").unlink(missing_ok=True)
    record(tmp_path)
    (sentence,) = completed()
    assert sentence.endswith(f"ended before its reports were written; they are in {tmp_path} now.")
    assert "✅ GO" in (tmp_path / "SUMMARY.md").read_text()
    assert json.loads((tmp_path / "verdict.json").read_text())["interruption"] is None


def test_nothing_is_said_of_what_is_not_there_any_more(tmp_path: Path) -> None:
    leave(tmp_path, ended=False)
    record(tmp_path)
    document = json.loads((tmp_path / "verdict.json").read_text())
    document["run"]["began"] = "2026-11-25T09:00:00.000+00:00"  # another run has used the folder since
    (tmp_path / "verdict.json").write_text(json.dumps(document))
    assert completed() == []
    record(tmp_path)
    (tmp_path / "verdict.json").unlink()
    assert completed() == []
    assert lock_files.paths(killed_runs.KIND) == []


def test_what_cannot_be_completed_is_reported_and_retried(tmp_path: Path) -> None:
    leave(tmp_path, ended=False)
    record(tmp_path)
    whole = (tmp_path / "verdict.json").read_text()
    (tmp_path / "verdict.json").write_text(whole[:100])
    for _ in range(2):
        (sentence,) = completed()
        assert sentence.startswith(f"The report of a killed run in {tmp_path} could not be completed: JSON")
    (tmp_path / "verdict.json").write_text(whole)
    (sentence,) = completed()
    assert "with no scenario as broken" in sentence


def test_no_more_than_a_few_are_kept_aside(tmp_path: Path) -> None:
    for number in range(killed_runs.MOST_ASIDE + 2):
        (tmp_path / "killed" / f"run-{number}").mkdir(parents=True)
    leave(tmp_path, ended=False)
    (tmp_path / "note.txt").write_text("somebody's")
    record(tmp_path)
    completed(ReportFolder(tmp_path))
    kept = sorted(path.name for path in (tmp_path / "killed").iterdir())
    assert len(kept) == killed_runs.MOST_ASIDE
    assert (tmp_path / "killed" / kept[0] / "SUMMARY.md").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history", "killed", "note.txt", "state"]


def test_an_unwritable_state_folder_is_a_setup_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    leave(tmp_path)
    with (
        pytest.raises(SetupProblem, match=r"Not a directory.*XDG_STATE_HOME to a folder that can be written\.$"),
        killed_runs.on_record(ReportFolder(tmp_path), datetime.now(UTC), [], lambda: True),
    ):
        pytest.fail("it must not begin")


def test_an_interrupted_command_says_how_to_finish(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    assert cli.run(interrupt) == 130
    assert capsys.readouterr().err == "Interrupted. Run it again to finish.\n"
