"""`streamspace-acceptance verify`: a conformance.yaml is complete and true to the verdict.json beside it, or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamspace_acceptance import cli
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.reporting import write_reports
from tests.support.finished_run import change, leave

FACTS = {"Suite": "0.1.0", "Suite commit": "4" * 40, "Plan version": "1.0", "Kubernetes": "v1.32.4"}
Edit = Callable[[dict[str, Any]], object]


def written(reports: Path, **options: Any) -> ReportFolder:
    folder = leave(reports, **options)
    change(folder, lambda run: run["environment"].update(FACTS))
    write_reports.write(folder)
    return folder


def verify(folder: ReportFolder, capsys: pytest.CaptureFixture[str], edit: Edit = dict) -> tuple[int, str]:
    content = yaml.safe_load(folder.conformance.read_text())
    edit(content)
    folder.conformance.write_text(yaml.safe_dump(content))
    status = cli.main(["verify", str(folder.conformance)])
    return status, capsys.readouterr().out


def test_verify_accepts_what_a_whole_run_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = verify(written(tmp_path), capsys)
    assert told.endswith("is complete and agrees with verdict.json: core conformant; extended conformant.\n")
    assert status == 0


def test_conformance_names_what_failed_and_what_is_open(tmp_path: Path) -> None:
    content = yaml.safe_load(written(tmp_path, c12_1="FAILED", c21_2="UNPROVEN").conformance.read_text())
    assert content["core"]["result"] == "not conformant"
    assert [criterion["id"] for criterion in content["core"]["failed"]] == ["1.2-1"]
    assert content["extended"]["result"] == "incomplete"
    assert content["extended"]["not_shown"][0]["reason"] == "no new pod came"
    assert content["reproduce"][-1] == "behave"


def test_conformance_names_what_does_not_apply(tmp_path: Path) -> None:
    folder = leave(tmp_path, c12_2="UNPROVEN", c21_2="UNPROVEN")
    change(
        folder, lambda run: [line.update(applies=False) for line in run["criteria"] if line["verdict"] == "UNPROVEN"]
    )
    write_reports.write(folder)
    content = yaml.safe_load(folder.conformance.read_text())
    assert content["unsupported"][0] == {"id": "1.2-2", "name": "The file is still there", "reason": "no new pod came"}
    assert content["core"]["result"] == "incomplete"
    assert content["extended"]["result"] == "conformant"


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda one: one.pop("reproduce"), "MISSING  reproduce: run the plan again"),
        (lambda one: one["suite"].update(commit="unknown"), "MISSING  suite.commit: it is unknown; run the suite from"),
        (lambda one: one["suite"].update(commit="4-dirty"), "WRONG    suite.commit: the suite had changes"),
        (lambda one: one["core"].update(proven=1), "WRONG    core.criteria: 2 are stated, but 1 are listed"),
        (lambda one: one["core"].update(proven="many"), "WRONG    core.proven: 'many' is not of the expected kind"),
        (
            lambda one: one["decision"].update(word="NO-GO"),
            "WRONG    decision.word: the file says 'NO-GO', verdict.json",
        ),
        (lambda one: one.update(unsupported=[{"id": "1.2-1"}]), "MISSING  unsupported: {'id': '1.2-1'} needs an id"),
        (
            lambda one: one["plan"].update(criteria=3),
            "WRONG    plan.criteria: 3 are stated, but core and extended have 4",
        ),
    ],
)
def test_verify_names_each_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], edit: Edit, problem: str
) -> None:
    status, told = verify(written(tmp_path), capsys, edit)
    assert problem in told
    assert status == 1


def test_verify_notices_a_part_of_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = verify(written(tmp_path, c21_1=None, c21_2=None), capsys)
    assert "MISSING  results: the run left out test 2.1; run `behave` without --tags" in told
    assert status == 1


def test_verify_notices_a_changed_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path)
    change(folder, lambda run: run["criteria"][0].update(verdict="FAILED", reason="it failed"))
    status, told = verify(folder, capsys)
    assert "WRONG    core.result: the file says 'conformant', verdict.json 'not conformant'" in told
    assert "WRONG    results.sha256" in told
    assert status == 1


def test_verify_notices_lost_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = leave(tmp_path)
    change(folder, lambda run: run["criteria"][0].update(evidence=["allure-results/lost.png"]))
    write_reports.write(folder)
    assert "MISSING  1.2-1: its evidence allure-results/lost.png is not beside the file" in verify(folder, capsys)[1]


def test_verify_without_a_record_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path)
    folder.verdicts.unlink()
    status, told = verify(folder, capsys)
    assert "keep the file beside the verdict.json of its run" in told
    assert status == 1


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "it is not YAML"), ("a: 1", "is not a conformance file"), (None, "cannot be read")]
)
def test_verify_refuses_another_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / "conformance.yaml").write_text(text)
    assert cli.main(["verify", str(tmp_path / "conformance.yaml")]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert len(told.splitlines()) == 1
