"""The reports that people read, made from the files that a run left."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.reporting.markdown import fenced, plain, seconds
from streamspace_acceptance.verdict.verdict_file import VerdictFileError
from tests.support.finished_run import FAILURE, change, leave
from tests.support.project import PROJECT

PHASE_1, PHASE_2 = (f"INTEGRATION_TEST_RESULTS_PHASE_{phase}_2026-11-24.md" for phase in (1, 2))
LINK = re.compile(r"\]\(([^)]+)\)")


def written(reports: Path, **options: Any) -> dict[str, str]:
    """file name -> text of what is made of such a run."""
    write_reports.write(leave(reports, **options))
    return texts(reports)


def texts(reports: Path) -> dict[str, str]:
    """file name -> text."""
    return {str(path.relative_to(reports)): path.read_text() for path in reports.rglob("*.md")}


def test_a_healthy_run_goes(tmp_path: Path) -> None:
    found = written(tmp_path)
    assert set(found) == {"SUMMARY.md", PHASE_1, PHASE_2}
    summary = found["SUMMARY.md"]
    assert "# StreamSpace v2.0-beta.1 acceptance: ✅ GO\n" in summary
    assert "**Duration**: 3 min 05 s" in summary
    assert "- [x] Phase 1 tests completed (1 test)" in summary
    assert "- [x] Issues filed for any bugs found (no failures)" in summary
    assert "- [x] v2.0-beta.1 readiness decision documented (GO)" in summary
    assert "Nothing: every criterion is proven." in summary
    assert "## Failed" not in summary


def test_the_phase_report_follows_the_plans_template(tmp_path: Path) -> None:
    text = written(tmp_path, c12_2="FAILED")[PHASE_1]
    plan = (PROJECT / "plan/integration-test-plan.md").read_text()
    template = plan.partition("**Template**:")[2].partition("## Success Criteria")[0]
    # "Test Name", "N.1" and "N" stand for what a run fills in.
    wanted = [line for line in template.splitlines() if line.startswith("## ")]
    assert [line for line in text.splitlines() if line.startswith("## ")] == wanted
    assert text.splitlines()[2] == "# StreamSpace v2.0-beta.1 Integration Test Results - Phase 1"
    assert "| Test ID | Test Name | Status | Duration | Notes |" in text
    for field in set(re.findall(r"^\*\*([A-Z][a-zA-Z ]+)\*\*:", template, re.MULTILINE)) - {"Issues Found"}:
        assert f"**{field}**:" in text, field
    for fact in ("Kubernetes Version: unknown", "StreamSpace Version: v2.0-beta.1", "Node Resources: 1 node"):
        assert f"- {fact}" in text
    assert "- Number of Agents: unknown" in text


def test_a_failure_is_in_summary_phase_and_issue(tmp_path: Path) -> None:
    found = written(tmp_path, c12_1="FAILED")
    assert "❌ NO-GO" in found["SUMMARY.md"]
    assert "- ❌ [1.2-1](issues/1.2-1.md) (P0) The pod is recreated: " in found["SUMMARY.md"]
    assert "- [ ] Issues filed for any bugs found (1 ready to file in issues)" in found["SUMMARY.md"]
    phase = found[PHASE_1]
    assert "| 1.2 | Session state persistence | ❌ FAIL | 12 s | See issue [1.2-1](issues/1.2-1.md) |" in phase
    assert "**Expected**: Running within the startup budget (60 s)" in phase
    assert "**Root Cause**: likely: no node has room for cpu=2000m" in phase
    assert "mean startup time 30 s (target: 120 s)" in phase
    assert "| 1.2-1 | mean startup time | 30 s | 120 s | ❌ FAIL |" in phase
    assert set(found) == {"SUMMARY.md", PHASE_1, PHASE_2, "issues/1.2-1.md"}


def test_the_issue_can_be_filed_as_it_is(tmp_path: Path) -> None:
    text = written(tmp_path, c12_1="FAILED")["issues/1.2-1.md"]
    for part in ("# 1.2-1 fails: ", "## What was expected", "## What happened", "## How to reproduce", "## Evidence"):
        assert f"\n{part}" in text
    assert "behave --tags=@test-1.2" in text
    assert "  - ❌ Then so says 1.2-1 ← here" in text
    assert "  - ✅ Then so says 1.2-2\n" in text
    assert "event 59" in text
    assert "event 19\n" not in text
    assert "<summary>events.txt, its last 40 lines</summary>" in text
    assert text.count(plain(FAILURE["expected"])) == 1
    assert plain(FAILURE["subject"]) in text
    assert "[waits]" not in text
    assert text.index("[desktop") < text.index("[events.txt]")


def fail_preconditions(
    reports: Path,
    sentences: tuple[str, str] = ("Given a running session", "And a running session"),
    actuals: tuple[str, ...] = (),
    **options: Any,
) -> dict[str, str]:
    """The same of a run in which two scenarios failed before their criteria, alike or with `actuals`."""

    def edit(written: dict[str, Any]) -> None:
        for scenario, sentence in zip(written["scenarios"], sentences, strict=True):
            failed: dict[str, Any] = {
                "sentence": sentence,
                "criterion": None,
                "seconds": 0.0,
                "attachments": [],
            }
            scenario["steps"].insert(0, failed | {"verdict": "FAILED", "reason": "no session"} | options)
            scenario["causes"] = options.get("causes", [])
        for scenario, actual in zip(written["scenarios"], actuals, strict=False):
            scenario["steps"][0]["failure"] = FAILURE | {"actual": actual}

    folder = leave(reports, c12_1="UNPROVEN", c12_2="UNPROVEN", c21_1="UNPROVEN", c21_2="UNPROVEN")
    change(folder, edit)
    write_reports.write(folder)
    return texts(reports)


def test_a_failed_precondition_is_one_issue_for_all_scenarios(tmp_path: Path) -> None:
    found = fail_preconditions(tmp_path, failure=FAILURE, causes=["crash loop: pod s-1"])
    assert [name for name in found if name.startswith("issues/")] == ["issues/precondition-1.md"]
    text = found["issues/precondition-1.md"]
    assert "\n# A precondition fails: a running session\n\nP0 ·" in text
    assert f"\n## What was expected\n\n{plain(FAILURE['expected'])}\n" in text
    assert "- 1.2: The scenario of 1.2\n- 2.1: The scenario of 2.1\n" in text
    assert "\n- crash loop: pod s-1\n" in text
    assert "behave --tags=@test-1.2" in text
    assert "[events.txt]" in text
    for phase, other in ((PHASE_1, "1.2"), (PHASE_2, "2.1")):
        assert f"| {other} | " in found[phase]
        assert "| ❌ FAIL | 12 s | See issue [precondition-1](issues/precondition-1.md); not shown: " in found[phase]
        assert "#### precondition-1 Precondition: a running session: ❌ FAIL" in found[phase]
        assert f"**Actual**: {plain(FAILURE['actual'])}" in found[phase]
        assert "seen: crash loop: pod s-1" in found[phase]
        assert "**Issue Filed**: [precondition-1](issues/precondition-1.md) (ready to file)" in found[phase]
        assert "- File and fix: [precondition-1](issues/precondition-1.md)\n" in found[phase]
        assert "Issues Found" not in found[phase]
    assert "(precondition of 1.2 “The scenario of 1.2”; 2.1 “The scenario of 2.1”)" in found["SUMMARY.md"]
    assert "(1 ready to file in issues)" in found["SUMMARY.md"]
    assert "NO-GO" in found["SUMMARY.md"]


def test_preconditions_that_fail_alike_are_one_issue(tmp_path: Path) -> None:
    refused = FAILURE | {"expected": "a new session", "actual": "503 No agents available"}
    found = fail_preconditions(tmp_path, sentences=("Given a session", "Given two sessions"), failure=refused)
    assert [name for name in found if name.startswith("issues/")] == ["issues/precondition-1.md"]
    text = found["issues/precondition-1.md"]
    assert "\n# A precondition fails: a session\n" in text
    assert "- 1.2: The scenario of 1.2\n- 2.1: The scenario of 2.1\n" in text
    assert "(precondition of 1.2 “The scenario of 1.2”; 2.1 “The scenario of 2.1”)" in found["SUMMARY.md"]


@pytest.mark.parametrize(
    ("actuals", "issues"),
    [
        (("409: template test-1a2b3c is not ready", "409: template test-d4e5f6 is not ready"), 1),
        (("400: no image of 'test-1a2b3c'", "400: no image of 'delete-d4e5f6'"), 1),
        (("Pending for 12.0 s", "Pending for 12.1 s"), 1),
        (("409: not ready", "500: not ready"), 2),
        (("409: template test-1a2b3c is not ready", "409: template test-1a2b3c has no image"), 2),
    ],
)
def test_preconditions_that_differ_in_names_alone_are_one_issue(
    tmp_path: Path, actuals: tuple[str, str], issues: int
) -> None:
    found = fail_preconditions(tmp_path, ("Given a session", "Given two sessions"), actuals)
    assert len([name for name in found if name.startswith("issues/")]) == issues


def test_other_preconditions_have_other_issues(tmp_path: Path) -> None:
    found = fail_preconditions(tmp_path, sentences=("Given a session", "Given two sessions"))
    assert len([name for name in found if name.startswith("issues/")]) == 2


def test_a_precondition_without_parts_is_quoted(tmp_path: Path) -> None:
    text = fail_preconditions(tmp_path)["issues/precondition-1.md"]
    assert "## What was expected\n\na running session\n" in text
    assert "## What happened\n\n```text\nno session\n```" in text


def test_a_figure_beside_the_one_that_is_judged_has_no_target(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    part = {"name": "image pull (mean)", "value": 3.0, "unit": "s"}
    change(folder, lambda written: written["criteria"][0]["measured"].append(part))
    write_reports.write(folder)
    text = (tmp_path / PHASE_1).read_text()
    assert "| 1.2-1 | mean startup time | 30 s | 120 s | ✅ PASS |\n| 1.2-1 | image pull (mean) | 3 s | - | - |" in text


def keep(folder: ReportFolder, *values: float, hdr: str = "") -> None:
    """Give the first criterion of a run a distribution of so many milliseconds."""
    kept = histogram.encode("restart", values, "ms")
    change(folder, lambda run: run["criteria"][0].update(distributions=[asdict(replace(kept, hdr=hdr or kept.hdr))]))


def test_distribution_stands_in_the_report_by_percentiles(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    keep(folder, 20.0, 30.0)
    write_reports.write(folder)
    percentiles = "p50 20.02 ms, p90 30.02 ms, p99 30.02 ms, max 30.02 ms (2 values)"
    assert f"| 1.2-1 | restart, all values | {percentiles} | - | - |" in (tmp_path / PHASE_1).read_text()


def test_damaged_distribution_spoils_no_report(tmp_path: Path) -> None:
    folder = leave(tmp_path)
    keep(folder, 20.0, hdr="HISTFAAA")
    write_reports.write(folder)
    assert "| restart, all values | the distribution “restart” is damaged" in (tmp_path / PHASE_1).read_text()


def test_distributions_of_earlier_runs_are_added_up(tmp_path: Path) -> None:
    for day, lag in ((20, 10.0), (21, 20.0), (24, 90.0)):
        folder = leave(tmp_path, day=day)
        keep(folder, lag)
        write_reports.write(folder)
    together = "p50 10.01 ms, p90 20.02 ms, p99 20.02 ms, max 20.02 ms (2 values), 2 runs"
    assert f"(1 values) | {together} |" in (tmp_path / "SUMMARY.md").read_text()


def test_what_is_broken_is_no_issue(tmp_path: Path) -> None:
    found = written(tmp_path, c12_1="BROKEN")
    assert "issues/1.2-1.md" not in found
    assert "**Issue Filed**: none (not a failure of the product)" in found[PHASE_1]
    assert "◻ UNDECIDED" in found["SUMMARY.md"]
    assert "- ⚠️ 1.2-1 The pod is recreated: ConnectionError" in found["SUMMARY.md"]


def test_what_is_unproven_says_why(tmp_path: Path) -> None:
    found = written(tmp_path, c12_2="UNPROVEN", c21_1="UNPROVEN")
    assert "- ◻ 1.2-2 The file is still there: no new pod came" in found["SUMMARY.md"]
    assert "## Open: P1 criteria that are not proven" in found["SUMMARY.md"]
    assert "- [ ] Phase 1 tests completed (1 test) (1 of 2 criteria" in found["SUMMARY.md"]
    assert "- [ ] v2.0-beta.1 readiness decision documented (UNDECIDED)" in found["SUMMARY.md"]


def test_a_partial_run_says_what_was_not_selected(tmp_path: Path) -> None:
    found = written(tmp_path, c12_1=None, c12_2=None)
    assert set(found) == {"SUMMARY.md", PHASE_2}
    assert "- ◻ test 1.2: not selected in this run" in found["SUMMARY.md"]
    assert "- [ ] Test reports generated for each phase (missing: phases 1, 3, 4)" in found["SUMMARY.md"]
    assert "- Run what was not selected: test 1.2" in found["SUMMARY.md"]


def test_what_is_not_automated_is_not_called_unselected(tmp_path: Path) -> None:
    folder = leave(tmp_path, c21_1=None, c21_2=None)
    change(folder, lambda written: [line.update(sentence=None) for line in written["tests"][1]["criteria"]])
    write_reports.write(folder)
    summary = folder.summary.read_text()
    assert "- ◻ test 2.1: not automated yet" in summary
    assert "- Remove the reason why it was not shown, then run it again: test 2.1" in summary
    assert "not selected in this run" not in summary


def test_a_killed_run_is_reported_as_one(tmp_path: Path) -> None:
    found = written(tmp_path, ended=False)
    assert "◻ UNDECIDED" in found["SUMMARY.md"]
    for text in (found["SUMMARY.md"], found[PHASE_1]):
        assert "The run did not finish" in text


def test_the_embedded_streamspace_is_called_by_its_name(tmp_path: Path) -> None:
    found = written(tmp_path, target="http://127.0.0.1:8080 (embedded)", scale="0.1")
    assert "which is not a release" in found["SUMMARY.md"]
    assert "the plan's seconds are multiplied by 0.1" in found[PHASE_1]
    assert "(target: 120 s, here 12 s)" in found[PHASE_1]


def test_a_target_without_a_figure_is_no_gap_in_the_metrics(tmp_path: Path) -> None:
    folder = leave(tmp_path, c12_1="UNPROVEN")
    change(folder, lambda written: written["criteria"][0].pop("measured"))
    write_reports.write(folder)
    assert "| 1.2-1 | - | no new pod came | 120 s | ◻ UNPROVEN |" in (tmp_path / PHASE_1).read_text()


def test_every_link_leads_to_a_file(tmp_path: Path) -> None:
    found = written(tmp_path, c12_1="FAILED")
    (tmp_path / "allure-results" / "a-attachment.png").touch()
    (tmp_path / "report.html").touch()
    links = {(name, target.partition("#")[0]) for name, text in found.items() for target in LINK.findall(text)}
    assert len(links) > 5
    assert [(name, target) for name, target in links if not (tmp_path / name).parent.joinpath(target).exists()] == []


def test_a_new_run_removes_only_what_the_last_one_wrote(tmp_path: Path) -> None:
    written(tmp_path, c12_1="FAILED", day=20)
    mine = tmp_path / "issues" / "mine.md"
    mine.write_text("# My own\n")
    assert set(written(tmp_path)) == {"SUMMARY.md", PHASE_1, PHASE_2, "issues/mine.md"}


def test_a_page_of_an_earlier_run_does_not_pass_for_this_ones(tmp_path: Path) -> None:
    written(tmp_path)
    page = tmp_path / "report.html"
    page.touch()
    write_reports.write(ReportFolder(tmp_path))
    assert page.exists()
    write_reports.begin(ReportFolder(tmp_path))
    assert not page.exists()
    assert list(tmp_path.rglob("*.md")) == []


def test_the_summary_knows_the_last_run(tmp_path: Path) -> None:
    assert "There is no earlier run of this target" in written(tmp_path, day=20)["SUMMARY.md"]
    found = written(tmp_path, c12_1="FAILED")
    assert "turned red (was PROVEN on 2026-11-20 10:00 UTC)" in found["SUMMARY.md"]
    assert "It was PROVEN in the run of 2026-11-20 10:00 UTC." in found["issues/1.2-1.md"]
    write_reports.write(ReportFolder(tmp_path))
    assert texts(tmp_path)["SUMMARY.md"] == found["SUMMARY.md"]


def test_without_verdicts_there_is_nothing_to_report(tmp_path: Path) -> None:
    with pytest.raises(VerdictFileError):
        write_reports.write(ReportFolder(tmp_path))


@pytest.mark.parametrize(
    ("duration", "said"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (185, "3 min 05 s"), (3720, "1 h 02 min")]
)
def test_durations_read_as_people_say_them(duration: float, said: str) -> None:
    assert seconds(duration) == said


def test_what_a_product_says_cannot_break_the_page() -> None:
    assert plain("a | b\n*c* <d> [e](f)") == r"a \| b \*c\* \<d\> \[e\](f)"
    assert fenced("x ``` y")[0] == "````text"


def test_a_reported_cause_stands_beside_the_guess(tmp_path: Path) -> None:
    folder = leave(tmp_path, c12_1="FAILED")
    cause = "image pull failure: pod s-1: ErrImagePull: not found"
    change(folder, lambda written: written["criteria"][0].update(causes=[cause]))
    write_reports.write(folder)
    (phase,) = tmp_path.glob("INTEGRATION_TEST_RESULTS_PHASE_1_*.md")
    root = next(line for line in phase.read_text().splitlines() if line.startswith("**Root Cause**"))
    assert root.startswith("**Root Cause**: likely: no node has room")
    assert root.endswith(f"; seen: {cause}")
    issue = (tmp_path / "issues" / "1.2-1.md").read_text()
    assert "Likely cause: no node has room" in issue
    assert f"## Root cause\n\nThe cluster reported while the test ran:\n\n- {cause}" in issue
