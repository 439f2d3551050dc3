"""A cause that was seen is told beside a failure, never in its place, and never where nothing failed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from behave.model_type import Status

from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.reporting.console import formatting
from streamspace_acceptance.verdict.judgement import Verdict, judge_criteria, judge_scenario
from streamspace_acceptance.verdict.run_record import RunRecord

CAUSE = "agent not connected: none is online: the API lists no agent"


def scenario(error: Exception | None) -> Any:
    step = SimpleNamespace(exception=error, status=Status.failed if error else Status.passed, keyword="Then", name="x")
    return SimpleNamespace(all_steps=[step], feature=None, skip_reason=None)


def judged(error: Exception | None) -> Any:
    record, ran = RunRecord(RunEvidence(Path())), scenario(error)
    record.saw(ran, [CAUSE])
    assert judge_criteria(ran, ran.all_steps[:1], record) == [judge_scenario(ran, record)]
    return judge_scenario(ran, record)


def test_beside_a_failure() -> None:
    failure = judged(Unmet("session s-1", expected="Running", actual="Pending", likely="see the events"))
    assert failure.verdict is Verdict.FAILED
    assert "likely:   see the events" in failure.reason
    assert CAUSE not in failure.reason
    assert failure.causes == (CAUSE,)


def test_beside_what_is_broken() -> None:
    assert judged(ConnectionError("refused")).causes == (CAUSE,)


def test_not_where_nothing_failed() -> None:
    assert judged(None).causes == ()
    assert judged(Unproven("the machine is too busy")).causes == ()


def test_the_console_says_it() -> None:
    assert [line.plain for line in formatting.causes((CAUSE,))] == [f"seen:     {CAUSE}"]
