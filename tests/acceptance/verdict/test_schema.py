"""verdict.json is what its published schema says, in every state that a run can leave it in."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import Any

import jsonschema
import pytest

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.verdict.verdict_file import SCHEMA
from tests.support.demo_project import BEHAVE, Project, copied
from tests.support.project import PROJECT

PUBLISHED = json.loads((PROJECT / "docs" / "verdict.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(PUBLISHED)


def problems(document: object) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def test_the_schema_is_one_and_of_this_version() -> None:
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)
    assert PUBLISHED["$id"] == PUBLISHED["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize("demo", ["", "file=fail,created=error,listed=unproven", "given=error"])
def test_a_finished_run(project: Project, demo: str) -> None:
    document = project.behave(demo=demo).ledger()
    assert problems(document) == []
    assert document["run"]["ended"] > document["run"]["began"]


def test_a_run_whose_setup_broke(project: Project) -> None:
    assert problems(project.behave(hook="before_all").ledger()) == []


def test_a_killed_run(project: Project) -> None:
    environment = project.environment("file=hang")
    process = subprocess.Popen(
        [*BEHAVE, "--tags=@test-1.2"], cwd=project.folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "hanging\n":
            break
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=180)
    process.stdout.close()
    document = json.loads((project.folder / "reports" / "verdict.json").read_text())
    assert problems(document) == []
    assert document["run"]["ended"] is None
    assert document["decision"]["word"] == "UNDECIDED"
    write_reports.write(ReportFolder(project.folder / "reports"))
    summary = (project.folder / "reports" / "SUMMARY.md").read_text()
    assert "The run did not finish" in summary
    assert "◻ UNDECIDED" in summary
    assert not (project.folder / "reports" / "history").exists()


def test_the_five_lines_of_a_failure_are_fields(project: Project) -> None:
    document = project.behave("--tags=@test-1.2", demo="file=fail").ledger()
    line = next(line for line in document["criteria"] if line["id"] == "1.2-3")
    assert line["failure"]["actual"] == "Pending for 60.0 s"
    assert line["failure"]["likely"].startswith("no node has room")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The verdict.json of a run that is over."""
    return copied(tmp_path_factory.mktemp("finished")).behave("--tags=@test-2.1").ledger()


@pytest.mark.parametrize("field", PUBLISHED["required"])
def test_the_schema_misses_what_is_missing(finished: dict[str, Any], field: str) -> None:
    assert problems({name: value for name, value in finished.items() if name != field}) != []
