"""Attachments have telling names below `evidence/`, and are on disk once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.reporting.run_writer import RunWriter
from tests.support.finished_run import document


def attachment(name: str, file: str) -> dict[str, str]:
    return {"name": name, "file": file, "type": "text/plain"}


def run_with(*attached: dict[str, str], **more: Any) -> dict[str, Any]:
    run = document()
    run["scenarios"][0]["steps"][0]["attachments"] = list(attached)
    run["scenarios"][0] |= more
    run["criteria"][0]["evidence"] = [
        f"allure-results/{entry['file']}" for entry in attached if entry["name"] != "waits"
    ]
    return run


def written(reports: Path, run: dict[str, Any]) -> dict[str, Any]:
    folder = ReportFolder(reports)
    folder.results.mkdir(parents=True)
    for scenario in run["scenarios"]:
        for owner in (scenario, *scenario["steps"]):
            for entry in owner["attachments"]:
                (folder.results / entry["file"]).write_text(entry["name"])
    RunWriter(folder).write(run)
    found: dict[str, Any] = json.loads(folder.verdicts.read_text())
    return found


def test_evidence_of_a_criterion_has_a_telling_name(tmp_path: Path) -> None:
    run = written(tmp_path, run_with(attachment("The answer: 201 Created", "4f-attachment.txt")))
    assert run["criteria"][0]["evidence"] == ["evidence/1.2/1.2-1-the-answer-201-created.txt"]
    assert run["scenarios"][0]["steps"][0]["attachments"][0]["path"] == run["criteria"][0]["evidence"][0]
    assert (tmp_path / run["criteria"][0]["evidence"][0]).read_text() == "The answer: 201 Created"


def test_evidence_is_on_disk_once(tmp_path: Path) -> None:
    run = written(tmp_path, run_with(attachment("answer", "4f-attachment.txt")))
    assert (tmp_path / "allure-results" / "4f-attachment.txt").samefile(tmp_path / run["criteria"][0]["evidence"][0])


def test_evidence_without_hard_links_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object, **_options: object) -> None:
        raise OSError("Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    run = written(tmp_path, run_with(attachment("answer", "4f-attachment.txt")))
    assert (tmp_path / run["criteria"][0]["evidence"][0]).read_text() == "answer"


def test_evidence_of_the_same_name_is_numbered(tmp_path: Path) -> None:
    named = (attachment("Pods", "a.txt"), attachment("pods", "b.txt"), attachment("pods.txt", "c.txt"))
    run = written(tmp_path, run_with(*named))
    assert run["criteria"][0]["evidence"] == [f"evidence/1.2/1.2-1-{name}.txt" for name in ("pods", "pods-2", "pods-3")]
    assert (tmp_path / "evidence/1.2/1.2-1-pods-2.txt").read_text() == "pods"


def test_evidence_of_an_example_names_its_first_value(tmp_path: Path) -> None:
    run = written(tmp_path, run_with(attachment("pod", "a.txt"), examples={"size": "minimum", "cpu": "500m"}))
    assert run["criteria"][0]["evidence"] == ["evidence/1.2/1.2-1-minimum-pod.txt"]


def test_evidence_of_a_scenario_lies_in_its_test(tmp_path: Path) -> None:
    written(tmp_path, run_with(attachments=[attachment("log of ../../x", "a.txt"), attachment("\u2026", "b.txt")]))
    assert sorted(path.name for path in (tmp_path / "evidence" / "1.2").iterdir()) == [
        "attachment.txt",
        "log-of-..-..-x.txt",
    ]


def test_evidence_leaves_out_the_timelines_of_waits(tmp_path: Path) -> None:
    written(tmp_path, run_with(attachment("waits", "w.txt"), attachment("pod", "a.txt"), attachments=[]))
    assert [path.name for path in (tmp_path / "evidence" / "1.2").iterdir()] == ["1.2-1-pod.txt"]
