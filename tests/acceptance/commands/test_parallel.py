"""`run -j N`: the shards of a run side by side, with one set of reports whatever becomes of a shard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from streamspace_acceptance.commands import parallel
from tests.support.demo_project import Project, Run
from tests.support.project import PROJECT

pytestmark = pytest.mark.slow

RUN = (sys.executable, "-m", "streamspace_acceptance.cli", "run")
GIVEN = {"STREAMSPACE_API_URL": "http://localhost:1", "STREAMSPACE_SHARED_NAMESPACE": "streamspace"}
"""The demo project asks no target for anything."""
DIES = "\nimport os, sys\nif '{}' in sys.argv:\n    os._exit(9)\n"


def started(
    project: Project, *options: str, demo: str = "", given: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    variables = {name: value for name, value in project.environment(demo).items() if not name.startswith("STREAMSPACE")}
    return subprocess.Popen(
        [*RUN, *options],
        cwd=project.folder,
        env=variables | {"PYTHONPATH": str(PROJECT)} | (GIVEN if given is None else given),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(project: Project, process: subprocess.Popen[str], before: str = "") -> Run:
    output, errors = process.communicate(timeout=240)
    return Run(project.folder, process.returncode, before + output, errors)


def told(run: Run) -> dict[str, tuple[str, str]]:
    return {line["id"]: (line["verdict"], line["reason"]) for line in run.ledger()["criteria"]}


def test_run_in_shards_says_what_one_run_says(project: Project) -> None:
    whole = project.behave(demo="file=fail")
    verdicts, decision = told(whole), whole.ledger()["decision"]
    run = ended(project, started(project, "-j", "2", demo="file=fail"))
    assert (told(run), run.ledger()["decision"], run.status) == (verdicts, decision, whole.status), run.stderr
    lines = run.stdout.splitlines()
    assert any(line.startswith("[1/2] ") for line in lines)
    first_of_exclusive = next(number for number, line in enumerate(lines) if line.startswith("[2/2] "))
    assert not any(line.startswith("[1/2] ") for line in lines[first_of_exclusive:]), "they ran side by side"
    assert decision["sentence"] in run.stdout


def test_options_reach_each_shard(project: Project) -> None:
    whole = project.behave("-D", "gate=off", "--tags=@phase1", demo="file=fail")
    verdicts = told(whole)
    run = ended(project, started(project, "-j", "2", "-D", "gate=off", "--tags", "@phase1", demo="file=fail"))
    assert told(run) == verdicts, run.stderr


def test_shard_that_dies_is_broken_whatever_was_there(project: Project) -> None:
    """Results of an earlier run do not pass for those of a lost shard."""
    assert ended(project, started(project, "-j", "2")).status == 0
    environment = (project.folder / "environment.py").read_text()
    project.write("environment.py", environment + DIES.format("shard=1/2"))
    run = ended(project, started(project, "-j", "2"))
    assert run.status == 2, run.stderr
    assert any("shard 1/2 is lost" in line["reason"] for line in run.ledger()["criteria"])


def test_run_whose_shards_all_die_leaves_no_verdicts(project: Project) -> None:
    assert ended(project, started(project, "-j", "2")).status == 0
    environment = (project.folder / "environment.py").read_text()
    project.write("environment.py", environment + DIES.format("gate=off"))
    run = ended(project, started(project, "-j", "2", "-D", "gate=off"))
    assert run.status == 2
    assert "There are no results of a shard" in run.stderr
    assert not (project.folder / "reports" / "verdict.json").exists(), "those of the run before"


def test_interrupted_run_ends_its_shards_and_reports(project: Project) -> None:
    process = started(project, "-j", "2", demo="created=hang")
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += line
        if line == "[1/2] hanging\n":
            break
    process.send_signal(signal.SIGINT)
    run = ended(project, process, output)
    assert run.status == 2, run.stderr
    assert run.ledger()["interruption"] is not None
    assert "[2/2] " not in run.stdout, "the exclusive shard began after the signal"
    reasons = {criterion: reason for criterion, (_, reason) in told(run).items()}
    assert "shard 2/2 is lost" in reasons["1.2-2"]


def test_given_target_must_be_allowed_for_several_shards(project: Project) -> None:
    run = ended(project, started(project, "-j", "2", given={"STREAMSPACE_API_URL": "http://localhost:1"}))
    assert run.status == 2
    assert "set STREAMSPACE_SHARED_NAMESPACE=streamspace if nobody else works there" in run.stderr


def test_run_without_any_shard_is_refused(project: Project) -> None:
    assert ended(project, started(project, "-j", "0")).status == 2


def test_embedded_target_serves_all_shards_and_ends(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, list[str]] = {"start": [], "stop": []}

    def start(name: str, _profile: str) -> dict[str, str]:
        names["start"].append(name)
        return {"STREAMSPACE_API_URL": "http://localhost:1", "NAMESPACE": "made"}

    monkeypatch.setattr(parallel, "start_embedded", start)
    monkeypatch.setattr(parallel, "stop_embedded", names["stop"].append)
    monkeypatch.chdir(project.folder)
    for name, value in project.environment().items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith("STREAMSPACE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    tells = (
        "\nimport os\nprint('target', os.environ['STREAMSPACE_API_URL'], os.environ['STREAMSPACE_SHARED_NAMESPACE'])\n"
    )
    project.write("environment.py", (project.folder / "environment.py").read_text() + tells)
    assert parallel.run(2, [], []) == 0
    lines = capfd.readouterr().out.splitlines()
    for number in (1, 2):
        assert f"[{number}/2] target http://localhost:1 made" in lines
    assert len(names["start"]) == 1
    assert names["stop"] == names["start"]
