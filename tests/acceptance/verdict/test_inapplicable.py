"""What does not apply to a target is UNPROVEN and told as such, closes no gate, and leaves the exit status alone."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.judgement import PROVEN, Judgement, Verdict, judge_run, worst
from streamspace_acceptance.verdict.run_record import RunRecord
from streamspace_acceptance.verdict.verdict_file import of_json
from tests.support.demo_project import Project
from tests.support.finished_run import document, run
from tests.support.project import PROJECT

REASON = "does not apply to this target: it keeps no files"
ELSEWHERE = Judgement(Verdict.UNPROVEN, REASON, applies=False)
UNPROVEN = Judgement(Verdict.UNPROVEN, "not shown")


def test_a_run_is_green_with_a_criterion_that_does_not_apply(project: Project) -> None:
    done = project.behave(demo="file=inapplicable")
    assert done.status == 0
    assert done.verdicts() == {
        "1.2-2": "PROVEN", "1.2-3": "UNPROVEN", "1.2-4": "PROVEN", "2.1-1": "PROVEN", "2.1-2": "PROVEN",
    }  # fmt: skip
    assert done.reason("1.2-3") == REASON
    assert {line["id"] for line in done.ledger()["criteria"] if not line.get("applies", True)} == {"1.2-3"}
    assert "1 UNPROVEN   (1 of these does not apply to this target)" in done.stdout
    assert "n/a" in done.stdout
    assert done.result("The pod behind a session is lost")["status"] == "skipped"
    assert done.junit()["The pod behind a session is lost"] == "skipped"
    jsonschema.validate(done.ledger(), json.loads((PROJECT / "docs/verdict.schema.json").read_text()))


@pytest.mark.parametrize("step", ["given", "when"])
def test_no_criterion_of_an_inapplicable_scenario_applies(project: Project, step: str) -> None:
    done = project.behave(demo=f"{step}=inapplicable")
    assert done.status == 0
    elsewhere = {line["id"]: line["reason"] for line in done.ledger()["criteria"] if not line.get("applies", True)}
    assert elsewhere == dict.fromkeys(["1.2-2", "1.2-3", "1.2-4"], REASON)
    assert done.verdicts()["2.1-1"] == "PROVEN", "no gate closes for it"


def test_it_hides_nothing_that_went_wrong_beside_it(project: Project) -> None:
    done = project.behave(demo="file=inapplicable,pod=fail")
    assert done.status == 1
    assert done.reason("2.1-1").endswith("; FAILED: 1.2-2")
    assert project.behave(demo="file=inapplicable,volume=unproven").status == 3
    assert project.behave(demo="file=inapplicable", hook="cleanup of a scenario").status == 2


def test_a_run_in_which_nothing_applies_has_shown_nothing(project: Project) -> None:
    assert project.behave("--tags=@phase1", demo="given=inapplicable").status == 3


def test_the_worst_of_several() -> None:
    assert worst([PROVEN, ELSEWHERE]) is ELSEWHERE
    assert worst([ELSEWHERE, UNPROVEN]) is UNPROVEN
    assert judge_run(RunRecord(RunEvidence(Path())), [PROVEN, ELSEWHERE]) is PROVEN
    assert judge_run(RunRecord(RunEvidence(Path())), [ELSEWHERE]) is ELSEWHERE


def test_the_decision_names_it_as_such_and_is_never_go() -> None:
    written = document(c12_1="UNPROVEN")
    written["criteria"][0]["applies"] = False
    assert decide(of_json(written)).sentence == "UNDECIDED: 1 P0 criterion does not apply to this target (1.2-1)."
    assert decide(run()).word == "GO"


def test_the_summary_and_the_reports_say_so(project: Project) -> None:
    project.behave(demo="file=inapplicable")
    summary = (project.folder / "reports" / "SUMMARY.md").read_text()
    assert REASON in summary
    assert "- Show on a cluster what does not apply to this target: 1.2-3" in summary
    (report,) = (project.folder / "reports").rglob("*PHASE_1_*.md")
    assert "does not apply: 1.2-3" in report.read_text()
    assert "✅ PASS" in report.read_text()


def test_reports_that_cannot_be_written_are_not_hidden_by_it(project: Project) -> None:
    (project.folder / "reports").mkdir()
    (project.folder / "reports" / "SUMMARY.md.tmp").mkdir()
    done = project.behave(demo="file=inapplicable")
    assert "The reports could not be written: " in done.stderr
    assert done.status == 2
