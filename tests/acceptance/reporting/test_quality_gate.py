"""The release criteria, in the report's tab of quality gates: what a run did not show is not met."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from streamspace_acceptance.reporting import quality_gate
from streamspace_acceptance.reporting.allure.page_patches import with_quality_gate
from streamspace_acceptance.verdict.decision import decide
from tests.support.finished_run import run

CORE, NONE_FAILED = "Every P0 criterion is proven", "No criterion and no precondition failed"


def gate(**options: Any) -> dict[str, quality_gate.ReleaseCriterion]:
    finished = run(**options)
    return {criterion.rule: criterion for criterion in quality_gate.of_run(finished, decide(finished))}


def test_quality_gate_is_met_by_a_run_that_says_go() -> None:
    rules = gate()
    assert all(criterion.met for criterion in rules.values())
    assert rules[CORE].message == "PROVEN: 2 of 2 proven"


def test_quality_gate_names_what_failed() -> None:
    rules = gate(c12_1="FAILED", c21_2="FAILED")
    assert rules[CORE].message == "FAILED: 1 of 2 proven; failed: 1.2-1"
    assert rules[NONE_FAILED].message == "FAILED: 4 criteria were judged; failed: 1.2-1, 2.1-2"


def test_quality_gate_is_not_met_by_what_is_unproven() -> None:
    rules = gate(c12_2="UNPROVEN")
    assert not rules[CORE].met
    assert rules[CORE].message == "UNPROVEN: 1 of 2 proven; not proven: 1.2-2"
    assert rules[NONE_FAILED].met


def test_quality_gate_is_not_met_by_a_run_of_no_release() -> None:
    rule = gate(scale="0.1")["The run can decide about a release"]
    assert rule.message == "UNPROVEN: a release is judged by the plan's own times, not by 0.1 of them"


def test_quality_gate_stands_in_the_page() -> None:
    page = with_quality_gate('d("widgets/quality-gate.json","e30=")', gate(c12_1="FAILED").values())
    data = re.search(r'json","(.*)"\)', page)
    assert data is not None
    rules = json.loads(base64.b64decode(data[1]))["default"]
    assert [rule["success"] for rule in rules if rule["rule"] == CORE] == [False]
    with pytest.raises(ValueError, match="quality gate"):
        with_quality_gate("<html></html>", ())
