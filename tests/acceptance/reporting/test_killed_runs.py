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
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import junit, killed_runs
from streamspace_acceptance.verdict.judgement import UNFINISHED
from tests.acceptance.reporting.test_agreement import JUNIT_OF
from tests.acceptance.reporting.test_allure import LOST, start_and_stop
from tests.support.demo_project import BEHAVE, Project, Run
from tests.support.finished_run import leave

SWEEP = (sys.executable, "-m", "streamspace_acceptance.cli", "sweep")
AS_BROKEN = {LOST: "error", "A good template": "skipped", "The list": "skipped"}


def assert_complete(reports: Path) -> None:
    """All that a run leaves is there, agrees, and says that it was killed in its first scenario."""
    left = Run(reports.parent, 0, "", "")
    assert reports.name == "reports"
    results = {each["name"]: JUNIT_OF[each["status"]] for each in left.results()}
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
            SWEEP, cwd=tmp_path, env=project.environment(), capture_output=True, text=True, timeout=60, check=True
        ).stderr
        for _ in range(2)
    ]
    (sentence,) = told(said[0])
    assert sentence.endswith(f"was killed: its report is complete now in {reports}, with “{LOST}” as broken.")
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
    assert {each["status"] for each in run.results()} == {"passed"}


def test_by_the_next_run_which_writes_elsewhere(project: Project) -> None:
    reports = start_and_stop(project, signal.SIGKILL).folder / "reports"
    environment = project.environment() | {"STREAMSPACE_REPORTS": "elsewhere"}
    run = subprocess.run(
        [*BEHAVE, "--tags=@test-2.1"], cwd=project.folder, env=environment, capture_output=True, text=True,
        timeout=60, check=True,
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
        process.communicate(timeout=30)


def test_not_of_a_run_that_goes_on_nor_does_another_write_to_its_folder(project: Project) -> None:
    with waiting(project) as living:
        swept = subprocess.run(SWEEP, env=project.environment(), capture_output=True, text=True, timeout=60, check=True)
        assert told(swept.stderr) == []
        refused = project.behave()
        assert (refused.status, refused.stdout.startswith("USING RUNNER")) == (2, True)
        assert refused.stderr == (
            f"Another run writes to {project.folder / 'reports'}: let it end, or let STREAMSPACE_REPORTS name another "
            "folder.\n"
        )
        assert living.poll() is None
    assert Run(project.folder, 0, "", "").ledger()["interruption"] == "stopped by SIGTERM"
    assert lock_files.paths(killed_runs.KIND) == []


# In process, of a run that left something


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def completed(makes_way_in: Path | None = None) -> list[str]:
    said: list[str] = []
    killed_runs.complete(said.append, move_aside_in=makes_way_in)
    return said


def record(reports: Path) -> None:
    """That a run began to write, and was not heard of any more."""
    began = json.loads((reports / "verdict.json").read_text())["run"]["began"]
    one = lock_files.LockedFile(
        killed_runs.KIND, {"reports": str(reports), "began": began, "junit": [str(reports / "junit.xml")]}
    )
    one.close()


@pytest.mark.parametrize("in_junit", ["passed", "error"])
def test_a_scenario_that_had_ended_in_one_file_and_not_in_another_is_broken_in_all(
    project: Project, in_junit: str
) -> None:
    """Killed between two of the writes at a scenario's end: the Allure result comes last."""
    run = project.behave(demo="listed=fail")
    reports = run.folder / "reports"
    document = run.ledger() | {"interruption": None}
    document["run"]["ended"] = None
    (reports / "verdict.json").write_text(json.dumps(document))
    for path in (reports / "allure-results").glob("*-result.json"):
        result = json.loads(path.read_text())
        if result["name"] == LOST:
            path.write_text(json.dumps(result | {"status": "broken", "statusDetails": {"message": UNFINISHED}}))
            if in_junit == "error":
                junit.break_off(reports / "junit.xml", [(result["titlePath"][-1], LOST)])
    assert run.junit()[LOST] == in_junit
    record(reports)
    (sentence,) = completed()
    assert f"with “{LOST}” as broken" in sentence
    assert run.junit() == {LOST: "error", "A good template": "passed", "The list": "failure"}
    assert {each["name"]: JUNIT_OF[each["status"]] for each in run.results()} == run.junit()
    assert run.ledger()["counts"] == {"PROVEN": 1, "FAILED": 1, "BROKEN": 3, "UNPROVEN": 0}
    assert run.ledger()["decision"]["word"] == "NO-GO"
    assert completed() == []


def test_one_that_ended_before_its_reports_were_written(tmp_path: Path) -> None:
    leave(tmp_path)
    (tmp_path / "SUMMARY.md").unlink(missing_ok=True)
    record(tmp_path)
    (sentence,) = completed()
    assert sentence.endswith(f"ended before its reports were written: they are in {tmp_path} now.")
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


def test_what_cannot_be_completed_is_told_and_tried_again(tmp_path: Path) -> None:
    leave(tmp_path, ended=False)
    record(tmp_path)
    whole = (tmp_path / "verdict.json").read_text()
    (tmp_path / "verdict.json").write_text(whole[:100])
    for _ in range(2):
        (sentence,) = completed()
        assert sentence.startswith(f"The report of a run that was killed could not be completed in {tmp_path}: JSON")
    (tmp_path / "verdict.json").write_text(whole)
    (sentence,) = completed()
    assert "with no scenario as broken" in sentence


def test_no_more_than_a_few_are_kept_aside(tmp_path: Path) -> None:
    for number in range(killed_runs.MOST_ASIDE + 2):
        (tmp_path / "killed" / f"run-{number}").mkdir(parents=True)
    leave(tmp_path, ended=False)
    (tmp_path / "note.txt").write_text("somebody's")
    record(tmp_path)
    completed(tmp_path)
    kept = sorted(each.name for each in (tmp_path / "killed").iterdir())
    assert len(kept) == killed_runs.MOST_ASIDE
    assert (tmp_path / "killed" / kept[0] / "SUMMARY.md").exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["history", "killed", "note.txt", "state"]


def test_a_state_folder_that_cannot_be_written_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    leave(tmp_path)
    with (
        pytest.raises(SetupProblem, match=r"Not a directory.*XDG_STATE_HOME name a folder that can be written\.$"),
        killed_runs.on_record(tmp_path, datetime.now(UTC), [], lambda: True),
    ):
        pytest.fail("it must not begin")


def test_a_command_that_is_stopped_says_what_becomes_of_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop() -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli._COMMANDS, "sweep", stop)
    assert cli.main(["sweep"]) == 130
    assert capsys.readouterr().err == "Stopped. The same command does the rest.\n"
