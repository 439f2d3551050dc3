"""Deviations are told with the criteria judged through them; a decision goes with them only where they are accepted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from streamspace_acceptance.deviations import Deviation
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.reporting import decision_page, phases, summary
from streamspace_acceptance.reporting.trend import Trend
from streamspace_acceptance.verdict.decision import Decision, decide
from streamspace_acceptance.verdict.ledger import deviations_up_to
from streamspace_acceptance.verdict.verdict_file import RunResult, of_json
from tests.support.finished_run import document

ID = Deviation("fields.id", "sessionId", "name")
HOME = Deviation("pods.home", "/home/user", "/config")


def run(*, accepted: bool) -> RunResult:
    written = document()
    written["deviations"] = [
        {"key": deviation.key, "plan": deviation.plan, "product": deviation.product} for deviation in (ID, HOME)
    ]
    written["criteria"][0]["deviations"] = ["fields.id"]
    facts = {"Contract profile": "own", "Deviations": "accepted" if accepted else "not accepted"}
    return of_json(written | {"environment": written["environment"] | facts})


def decision(*, accepted: bool) -> Decision:
    return decide(run(accepted=accepted))


def test_decision_with_accepted_deviations_says_how_many() -> None:
    assert decision(accepted=True).sentence.startswith("GO with 2 deviations: every P0 criterion is proven")


def test_deviations_that_are_not_accepted_keep_it_undecided() -> None:
    sentence = decision(accepted=False).sentence
    assert sentence.startswith("UNDECIDED: the product's contract has 2 deviations from the plan's")


def test_run_without_deviations_reads_as_before() -> None:
    assert decide(of_json(document())).title == "GO"


def test_summary_has_a_section_with_the_words_of_both() -> None:
    text = summary.render(run(accepted=True), decision(accepted=True), Trend(0))
    assert "GO with 2 deviations" in text.partition("\n\n")[2].splitlines()[0]
    section = text[text.index("## Deviations from the plan's contract") :]
    assert "| `fields.id` | sessionId | name | 1.2-1 |" in section
    assert "| `pods.home` | /home/user | /config | - |" in section


def test_phase_report_has_those_of_its_criteria() -> None:
    text = phases.render(run(accepted=True), 1)
    assert "1.2-1 The pod is recreated (deviation)" in text
    assert "`fields.id`" in text
    assert "`pods.home`" not in text
    assert "## Deviations" not in phases.render(run(accepted=True), 2)


def test_first_screen_counts_them() -> None:
    page = decision_page.render(run(accepted=True), decision(accepted=True))
    assert "Deviations from the plan's contract: 2. Criteria that are proven through one: 1." in page


def test_criterion_has_its_own_and_those_of_the_events(tmp_path: Path) -> None:
    evidence = RunEvidence(tmp_path)
    steps: list[Any] = [SimpleNamespace(step_type=kind) for kind in ("given", "when", "then", "then")]
    for number, step in enumerate(steps):
        evidence.owner = step
        evidence.deviate(Deviation(f"{number}", "a", "b"))
        evidence.deviate(Deviation(f"{number}", "a", "b"))
    met = deviations_up_to(steps[3], SimpleNamespace(all_steps=steps), evidence)
    assert [deviation.key for deviation in met] == ["1", "3"]
    assert [deviation.key for deviation in evidence.deviations()] == ["0", "1", "2", "3"]
