"""The decision: GO only for what was shown, NO-GO for what failed, and UNDECIDED with what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from streamspace_acceptance.verdict.decision import Decision, decide
from streamspace_acceptance.verdict.verdict_file import CriterionResult, VerdictFileError, compact, of_json
from tests.support.finished_run import document, run

EMBEDDED = "http://127.0.0.1:8080 (embedded)"


def ids(lines: tuple[CriterionResult, ...]) -> list[str]:
    return [line.id for line in lines]


def decided(**options: Any) -> Decision:
    return decide(run(**options))


def test_all_proven_is_go() -> None:
    decision = decided()
    assert decision.sentence == "GO: every P0 criterion is proven and no P1 criterion failed."


@pytest.mark.parametrize("criterion", ["c12_1", "c21_2"])
def test_a_failure_of_either_priority_is_no_go(criterion: str) -> None:
    decision = decided(**{criterion: "FAILED"})
    assert decision.word == "NO-GO"
    assert len(decision.failed) == 1


def test_a_failure_outweighs_what_is_missing() -> None:
    decision = decided(c12_1="UNPROVEN", c21_2="FAILED", ended=False)
    assert decision.sentence == "NO-GO: 1 criterion failed (2.1-2). Open: 1 P0 criterion is not proven (1.2-1)."
    assert ids(decision.missing) == ["1.2-1"]


@pytest.mark.parametrize("verdict", ["UNPROVEN", "BROKEN", None])
def test_a_p0_criterion_that_was_not_shown_is_undecided(verdict: str | None) -> None:
    decision = decided(c12_2=verdict)
    assert decision.sentence == "UNDECIDED: 1 P0 criterion is not proven (1.2-2)."
    assert ids(decision.missing) == ["1.2-2"]


@pytest.mark.parametrize("verdict", ["UNPROVEN", "BROKEN", None])
def test_a_p1_criterion_that_was_not_shown_is_open_and_said_so(verdict: str | None) -> None:
    decision = decided(c21_1=verdict)
    assert decision.word == "GO"
    assert decision.sentence.endswith(" Open: 1 P1 criterion is not proven (2.1-1).")


def test_a_failure_beyond_the_plan_leaves_it_undecided() -> None:
    content = document()
    scenario = dict(content["scenarios"][0], test=None, name="Another user", verdict="FAILED", reason="seen")
    step = dict(scenario["steps"][-1], criterion=None, sentence="Then nobody sees it", verdict="FAILED", reason="seen")
    content["scenarios"] = [*content["scenarios"], scenario | {"steps": [step]}]
    decision = decide(of_json(content))
    assert decision.sentence == ("UNDECIDED: the product failed beyond the plan: Another user: “nobody sees it”.")
    assert decision.failed_preconditions == ()


def test_no_go_tells_p0_criteria_that_are_not_proven() -> None:
    decision = decided(c12_2=None, c21_1="FAILED", c21_2="UNPROVEN")
    assert decision.sentence == (
        "NO-GO: 1 criterion failed (2.1-1). Open: 1 P0 criterion is not proven (1.2-2); "
        "1 P1 criterion is not proven (2.1-2)."
    )


def test_a_run_of_one_phase_decides_nothing() -> None:
    decision = decided(c12_1=None, c12_2=None)
    assert decision.word == "UNDECIDED"
    assert "2 P0 criteria are not proven (test 1.2)" in decision.sentence


def test_the_embedded_streamspace_never_goes() -> None:
    decision = decided(target=EMBEDDED, scale="0.1")
    assert decision.sentence == "UNDECIDED: the embedded StreamSpace is not a release."
    assert decided(target=EMBEDDED, c12_1="FAILED").word == "NO-GO"


@pytest.mark.parametrize("scale", ["0.1", "3"])
def test_other_times_than_the_plans_decide_nothing(scale: str) -> None:
    assert decided(scale=scale).word == "UNDECIDED"


def test_a_killed_run_decides_nothing_even_if_all_is_proven() -> None:
    assert decided(ended=False).sentence == "UNDECIDED: the run did not finish."


def test_whole_tests_are_named_as_such() -> None:
    assert compact(run().lines()) == "tests 1.2, 2.1"
    assert compact(list(run().lines())[1:]) == "test 2.1 and 1.2-2"
    assert compact([]) == ""


def test_a_register_without_p0_criteria_decides_nothing() -> None:
    written = document()
    written["tests"] = written["tests"][1:]
    assert decide(of_json(written)).word == "UNDECIDED"


def test_what_does_not_apply_is_missing_in_the_decision() -> None:
    written = document(c12_1="UNPROVEN")
    written["criteria"][0]["applies"] = False
    decision = decide(of_json(written))
    assert decision.word == "UNDECIDED"
    assert not decision.missing[0].applies


@pytest.mark.parametrize("lost", ["run", "criteria", "scenarios", "tests", "schema"])
def test_a_document_of_another_shape_is_refused(lost: str) -> None:
    written = document()
    del written[lost]
    with pytest.raises(VerdictFileError):
        of_json(written)


def test_an_interrupted_run_with_unshown_criteria_does_not_go() -> None:
    stopped = {"interruption": "interrupted by SIGTERM"}
    decision = decide(of_json(document(c21_1="UNPROVEN") | stopped))
    assert decision.sentence.startswith("UNDECIDED: the run was interrupted by SIGTERM. Open: 1 P1")
    assert decide(of_json(document(c21_1=None) | stopped)).word == "GO"
    assert decide(of_json(document() | stopped)).word == "GO"


@pytest.mark.parametrize(
    ("scenario", "sentence"),
    [
        (None, "UNDECIDED: something broke outside the scenarios (after_all failed: x)."),
        ("A", "GO: every P0 criterion is proven and no P1 criterion failed."),
    ],
)
def test_a_run_that_broke_outside_its_scenarios_does_not_go(scenario: str | None, sentence: str) -> None:
    problem = {"where": "after_all", "reason": "after_all failed: x\ny", "verdict": "BROKEN"}
    owner = {"scenario": scenario, "feature": None, "test": None}
    assert decide(of_json(document() | {"problems": [problem | owner]})).sentence == sentence
