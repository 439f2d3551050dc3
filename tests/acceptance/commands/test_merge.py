"""Shards and their merger: the whole run has the verdicts that one runner gives, and a lost shard is never absent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.demo_project import Project, Run
from tests.support.project import PROJECT

pytestmark = pytest.mark.slow

CLI = (sys.executable, "-m", "streamspace_acceptance.cli")
LATER = "2.1-1"


def command(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments], cwd=project.folder, env=project.environment() | {"PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


def shard(project: Project, number: int, *options: str, demo: str = "", hook: str = "") -> None:
    """Run a shard of two, and put its reports into `shard-<number>`."""
    run = project.behave("-D", f"shard={number}/2", *options, demo=demo, hook=hook)
    assert f" · shard {number}/2\n" in run.stdout
    (project.folder / "reports").rename(project.folder / f"shard-{number}")


def merge(project: Project, *folders: str) -> tuple[Run, subprocess.CompletedProcess[str]]:
    done = command(project, "merge", *folders, "--into", "reports")
    return Run(project.folder, done.returncode, done.stdout, done.stderr), done


def told(run: Run) -> dict[str, tuple[str, str]]:
    return {line["id"]: (line["verdict"], line["reason"]) for line in run.ledger()["criteria"]}


def problems(document: dict[str, Any]) -> list[str]:
    schema = json.loads((PROJECT / "docs" / "verdict.schema.json").read_text())
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def decision(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.ledger()["decision"]
    return found


@pytest.mark.parametrize("demo", ["", "file=fail", "listed=error", "file=unproven", "given=fail", "file=inapplicable"])
def test_merged_shards_say_what_one_run_says(project: Project, demo: str) -> None:
    whole = project.behave(demo=demo)
    verdicts, decided, status = told(whole), decision(whole), whole.status
    names = [scenario["name"] for scenario in whole.ledger()["scenarios"]]
    (project.folder / "reports").rename(project.folder / "whole")
    shard(project, 1, demo=demo)
    shard(project, 2, demo=demo)
    run, _ = merge(project, "shard-2", "shard-1")
    assert told(run) == verdicts
    assert (decision(run), run.status) == (decided, status)
    assert [scenario["name"] for scenario in run.ledger()["scenarios"]] == names


def test_merged_reports_have_the_evidence_of_all_shards(project: Project) -> None:
    shard(project, 1)
    shard(project, 2)
    run, done = merge(project, "shard-1", "shard-2")
    assert problems(json.loads((project.folder / "shard-1" / "verdict.json").read_text())) == []
    assert problems(run.ledger()) == []
    named = [path for line in run.ledger()["criteria"] for path in line.get("evidence", ())]
    assert named
    assert [path for path in named if not (project.folder / "reports" / path).is_file()] == []
    assert done.stdout.startswith(decision(run)["sentence"])
    assert (project.folder / "reports" / "SUMMARY.md").exists()
    assert len(run.results()) == 3


def test_lost_shard_is_broken_and_named(project: Project) -> None:
    shard(project, 2)
    run, done = merge(project, "shard-1", "shard-2")
    assert "shard-1/verdict.json cannot be read" in done.stderr
    lost = told(run)[LATER]
    assert lost[0] == "BROKEN"
    assert lost[1].startswith("shard 1/2 is lost: no folder has its results; shard-1/verdict.json cannot be read")
    assert told(run)["1.2-2"][0] == "PROVEN"
    assert run.status == 2
    assert "shard 1/2 is lost" in decision(run)["sentence"]


def test_interrupted_shard_is_told_in_the_decision(project: Project) -> None:
    shard(project, 1)
    shard(project, 2)
    path = project.folder / "shard-2" / "verdict.json"
    document = json.loads(path.read_text())
    document["run"]["ended"] = None
    path.write_text(json.dumps(document))
    assert merge(project, "shard-1", "shard-2")[0].ledger()["interruption"] == "killed in shard 2/2"


def test_merge_with_gates_lifted_keeps_what_was_shown(project: Project) -> None:
    shard(project, 1, "-D", "gate=off", demo="file=fail")
    shard(project, 2, "-D", "gate=off", demo="file=fail")
    assert told(merge(project, "shard-1", "shard-2")[0])[LATER] == ("PROVEN", "")


def test_merge_keeps_a_failure_behind_a_closed_gate(project: Project) -> None:
    shard(project, 1, demo="created=fail")
    shard(project, 2, demo="file=error")
    run, _ = merge(project, "shard-1", "shard-2")
    assert (told(run)[LATER][0], told(run)["2.1-2"][0], decision(run)["word"]) == ("FAILED", "UNPROVEN", "NO-GO")


@pytest.mark.parametrize(
    ("folders", "sentence"),
    [
        (("shard-1", "again"), "both have shard 1/2"),
        (("shard-1", "whole"), "whole has the results of a whole run, not of a shard"),
        (("nothing",), "There are no results of a shard in these folders"),
        (("shard-1", "reports"), "merge --into another folder"),
        (("shard-1", "other"), "they were planned for different scenarios"),
        (("shard-1", "older"), "Suite is 0.0.1 in one and"),
    ],
)
def test_merge_of_folders_that_do_not_belong_together(
    project: Project, folders: tuple[str, ...], sentence: str
) -> None:
    shard(project, 1)
    document = json.loads((project.folder / "shard-1" / "verdict.json").read_text())
    other = document["shard"] | {"number": 2}
    changed = {
        "again": document,
        "whole": {name: value for name, value in document.items() if name != "shard"},
        "other": document | {"shard": other | {"plan": other["plan"][:1]}},
        "older": document | {"shard": other, "environment": document["environment"] | {"Suite": "0.0.1"}},
    }
    for name, content in changed.items():
        (project.folder / name).mkdir()
        (project.folder / name / "verdict.json").write_text(json.dumps(content))
    run, done = merge(project, *folders)
    assert (run.status, sentence in done.stderr) == (2, True), done.stderr


def test_shards_prints_the_command_of_each(project: Project) -> None:
    done = command(project, "shards", "2", "--tags=@phase2 or @phase1")
    assert [line.partition("  #")[0] for line in done.stdout.splitlines()] == [
        "behave -D shard=1/2 '--tags=@phase2 or @phase1'",
        "behave -D shard=2/2 '--tags=@phase2 or @phase1'",
    ]
    assert "alone on its target" in done.stdout.splitlines()[1]


def test_shards_matrix_leaves_out_what_has_no_scenario(project: Project) -> None:
    done = command(project, "shards", "5", "--json")
    assert json.loads(done.stdout) == {
        "include": [{"shard": "1/5", "exclusive": False}, {"shard": "5/5", "exclusive": True}]
    }


def test_shard_without_scenarios_is_refused(project: Project) -> None:
    run = project.behave("-D", "shard=2/5")
    assert (run.status, "Shard 2/5 has no scenario" in run.stderr) == (2, True)


def test_shards_durations_are_recorded(project: Project) -> None:
    project.behave()
    assert command(project, "shards", "--record").returncode == 0
    recorded = json.loads(Path(project.folder / "plan" / "durations.json").read_text())
    assert len(recorded) == 3
    assert min(recorded.values()) >= 0
