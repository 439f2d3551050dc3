"""When the outcome of a case is as expected, how it is kept, and how the table shows it."""

import json
from pathlib import Path

import pytest

from tests.proof import table
from tests.proof.case import Case, Lane, Load, Outcome, Result
from tests.proof.results import Results
from tests.proof.running import Run

REASON = "1.2-1: expected a file | nothing"


def run(**verdicts: str) -> Run:
    named = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    return Run(1, "the console", named, dict.fromkeys(named, REASON), set(), {})


@pytest.mark.parametrize(
    ("verdicts", "wanted", "problem"),
    [
        ({"a_1": "FAILED", "a_2": "PROVEN"}, {"a-1"}, ""),
        ({"a_1": "PROVEN"}, {"a-1"}, "not red, though mapped: a-1"),
        ({"a_1": "UNPROVEN"}, {"a-1"}, "not red, though mapped: a-1"),
        ({"a_1": "FAILED", "a_2": "FAILED"}, {"a-1"}, "red, though not mapped: a-2"),
        ({"a_1": "FAILED", "a_2": "BROKEN"}, {"a-1"}, "BROKEN: a-2"),
    ],
)
def test_outcome_names_every_difference(verdicts: dict[str, str], wanted: set[str], problem: str) -> None:
    outcome = Outcome.of(run(**verdicts), wanted, [])
    assert [difference[: len(problem)] for difference in outcome.problems] == ([problem] if problem else [])
    assert outcome.console == ("the console" if problem else "")


def test_outcome_keeps_the_problems_of_its_family() -> None:
    assert Outcome.of(run(a_1="FAILED"), {"a-1"}, ["exit status 0"]).problems == ("exit status 0",)


def test_results_survive_and_belong_to_their_code(tmp_path: Path) -> None:
    result = Result("planted/one", 12.5, Outcome(("1.2-1",), {"1.2-1": REASON}, ("wrong",), "console"))
    Results(tmp_path, "code").write(result)
    assert Results(tmp_path, "code").read("planted/one") == result
    assert Results(tmp_path, "other code").read("planted/one") is None
    assert Results(tmp_path, "code").read("planted/one") is None, "the other code's proof removed it"


def test_forgotten_result_is_gone(tmp_path: Path) -> None:
    results = Results(tmp_path, "code")
    results.write(Result("planted/one", 1.0, Outcome()))
    results.forget("planted/one")
    assert results.read("planted/one") is None


def test_table_shows_what_killed_a_fault_and_what_was_not_run(tmp_path: Path) -> None:
    cases = [_case(f"planted/{name}") for name in ("killed", "survivor", "waiting")]
    killed = Result("planted/killed", 12.4, Outcome(("1.2-1",), {"1.2-1": REASON}))
    survivor = Result("planted/survivor", 9.0, Outcome(("1.2-1",), {}, ("not red, though mapped: 1.2-1",)))
    table.write(tmp_path, cases, {result.id: result for result in (killed, survivor)}, "code")
    text = (tmp_path / "proof.md").read_text()
    assert "| 1.2-1 | 3 | 1 | 1 | 1 |" in text
    assert "| 1.2-1 | planted/killed | yes | 1.2-1 | 1.2-1 | “" in text
    assert "expected a file \\| nothing) | 12 |" in text
    assert "| 1.2-1 | planted/survivor | NO | 1.2-1 | - | - | 9 |" in text
    assert "| 1.2-1 | planted/waiting | not run | - | - | - | - |" in text
    document = json.loads((tmp_path / "proof.json").read_text())
    assert document["counts"]["1.2-1"] == {"cases": 3, "as expected": 1, "not as expected": 1, "not run": 1}
    assert [row["state"] for row in document["cases"]] == ["as expected", "not as expected", "not run"]


def _case(case_id: str) -> Case:
    return Case(case_id, ("1.2-1",), 1.0, Load.BUSY, _nothing)


def _nothing(_lane: Lane) -> Outcome:
    return Outcome()
