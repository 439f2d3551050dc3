"""The first part of the report: the decision with its reason, the totals, and what is missing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance import cli
from streamspace_acceptance.reporting import decision_page
from streamspace_acceptance.reporting.allure.page_patches import criterion_addresses, opening_on
from streamspace_acceptance.reporting.markdown import shared_reason
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.verdict_file import of_json
from tests.support.finished_run import FAILURE, document, run


def page(**options: object) -> str:
    finished = run(**options)
    return decision_page.render(finished, decide(finished))


def test_decision_page_word_reason_and_totals_come_first() -> None:
    text = page(c12_1="FAILED", c21_2="UNPROVEN")
    assert text.index("NO-GO") < text.index("1 criterion failed (1.2-1)") < text.index("2 of 4 criteria proven")
    assert "(P0 1 of 2, P1 1 of 2), 1 failed" in text
    assert "<li>1.2-1 (P0) The pod is recreated: limit 120 s; Pending for 60.0 s | `still`</li>" in text


def test_decision_page_verdict_opens_the_scenario() -> None:
    finished = run(c12_1="FAILED")
    text = decision_page.render(finished, decide(finished), scenarios={"1.2-1": "#7f3a", "1.2-2": "#7f3a"})
    assert '<li><a href="#7f3a">1.2-1</a> (P0) The pod is recreated: limit 120 s; Pending for 60.0 s' in text
    assert '<td><a href="#7f3a">FAILED</a>: Pending for 60.0 s' in text
    assert '<td><a href="#7f3a">PROVEN</a></td>' in text


def test_decision_page_shortens_a_long_reason() -> None:
    content = document(c12_1="FAILED")
    content["criteria"][0]["failure"] = FAILURE | {"actual": "no name: 400; " * 60}
    finished = of_json(content)
    text = decision_page.render(finished, decide(finished))
    assert "no name: 400; " * 15 in text
    assert "no name: 400; " * 20 not in text


def test_decision_page_tells_a_broken_check_from_a_failure() -> None:
    text = page(c12_1="BROKEN", c12_2="UNPROVEN")
    assert "The pod is recreated: BROKEN (not a failure of the product): ConnectionError" in text
    assert "The file is still there: no new pod came" in text


def test_decision_page_next_steps_link_issues_and_name_the_gate() -> None:
    content = document(c12_1="FAILED", c21_2="UNPROVEN")
    content["criteria"][3]["reason"] = "gated: phase 1 must pass first (plan, Test Execution Order); FAILED: 1.2-1"
    finished = of_json(content)
    text = decision_page.render(finished, decide(finished))
    assert '<h2>Next steps</h2><ul><li>File and fix: <a href="issues/1.2-1.md">1.2-1</a></li>' in text
    assert '<li>Run what a gate kept back, after that or with -D gate=off: <span class="id">2.1-2</span></li>' in text
    assert "Remove the reason" not in text


def test_shared_reason_agrees_with_the_number() -> None:
    content = document(c12_1="UNPROVEN", c12_2="UNPROVEN", c21_1="UNPROVEN")
    for line in content["criteria"]:
        line["reason"] = "does not apply here"
    lost, kept, created, *_ = of_json(content).lines()
    assert shared_reason([lost]) == shared_reason([lost, kept]) == "does not apply here"  # 1.2-1; test 1.2
    assert shared_reason([lost, created]) == "do not apply here"


def test_decision_page_names_the_build_of_a_ci() -> None:
    content = document()
    content["environment"] |= {"Run by": "GitLab CI", "Build": "acceptance #7", "Build URL": "https://gitlab.example/7"}
    finished = of_json(content)
    text = decision_page.render(finished, decide(finished))
    assert '<p>Run by GitLab CI: <a href="https://gitlab.example/7">acceptance #7</a></p>' in text
    assert "Run by" not in page()


def test_decision_page_does_not_link_another_kind_of_address() -> None:
    content = document()
    content["environment"] |= {"Run by": "Jenkins", "Build": "x #7", "Build URL": "javascript:alert(1)"}
    finished = of_json(content)
    assert "javascript:" not in decision_page.render(finished, decide(finished))


def page_data(*results: tuple[str, str, str]) -> str:
    return "".join(
        'd("data/test-results/{}.json","{}")'.format(
            name,
            base64.b64encode(
                json.dumps({"id": name, "status": status, "labels": [{"name": "tag", "value": criterion}]}).encode()
            ).decode(),
        )
        for name, status, criterion in results
    )


def test_report_address_of_a_criterion_prefers_what_did_not_pass() -> None:
    text = page_data(("a", "passed", "1.1c-1"), ("b", "failed", "1.1c-1"), ("c", "passed", "1.2-1"))
    assert criterion_addresses(text) == {"1.1c-1": "#b", "1.2-1": "#c"}


def test_decision_page_names_a_failed_precondition() -> None:
    content = document(c12_1="UNPROVEN")
    step = {"sentence": "When <it> starts", "criterion": None, "verdict": "FAILED", "failure": FAILURE, "reason": "x"}
    content["scenarios"][0]["steps"].insert(0, step | {"seconds": 1.0, "attachments": []})
    finished = of_json(content)
    text = decision_page.render(finished, decide(finished))
    assert "<li>1.2 “The scenario of 1.2”, When &lt;it&gt; starts: expected Running within the startup budget" in text


def test_decision_page_names_a_phase_that_was_not_run() -> None:
    text = page(c21_1=None, c21_2=None)
    assert "not run: not selected in this run" in text
    assert "INTEGRATION_TEST_RESULTS_PHASE_1_2026-11-24.md" in text
    assert "INTEGRATION_TEST_RESULTS_PHASE_2" not in text


def test_decision_page_warns_of_a_time_scale() -> None:
    assert "60 s were 6 s" in page(scale="0.1")
    assert "times as fast" not in page()


def test_decision_page_tells_that_the_run_was_interrupted() -> None:
    content = document(c12_1="FAILED")
    content["interruption"] = "interrupted by SIGINT"
    finished = of_json(content)
    assert "The run was interrupted by SIGINT; what it did not" in decision_page.render(finished, decide(finished))


def test_decision_page_escapes_what_the_run_says() -> None:
    assert "<script>alert" not in page(target="<script>alert(1)</script> (given)")


def test_report_without_a_body_is_noticed() -> None:
    assert opening_on("first", "<body>rest") == "<body>\nfirstrest"
    with pytest.raises(ValueError, match="body"):
        opening_on("first", "<html></html>")


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STREAMSPACE_REPORTS", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.parametrize(
    ("verdicts", "required", "status"),
    [
        ({}, "GO", 0),
        ({"c12_1": "FAILED"}, "GO", 1),
        ({"c12_1": "FAILED"}, None, 0),
        ({"c12_1": "FAILED"}, "NO-GO", 0),
        ({"c12_1": "UNPROVEN"}, "GO", 1),
    ],
)
def test_decide_fails_unless_the_required_word_is_given(
    reports: Path, capsys: pytest.CaptureFixture[str], verdicts: dict[str, Any], required: str | None, status: int
) -> None:
    (reports / "verdict.json").write_text(json.dumps(document(**verdicts)))
    assert cli.main(["decide", *(["--require", required] if required else [])]) == status
    assert capsys.readouterr().out.startswith(("GO:", "NO-GO:", "UNDECIDED:"))


@pytest.mark.usefixtures("reports")
def test_decide_without_a_run_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["decide", "--require", "GO"]) == 2
    assert "There is no decision" in capsys.readouterr().err
