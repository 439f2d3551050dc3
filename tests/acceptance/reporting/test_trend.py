"""The trend: what turned red or green, and what got worse beyond noise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.reporting import history
from streamspace_acceptance.reporting.trend import is_worse, trend
from tests.support.finished_run import leave, run

STEADY = [30.0, 30.4, 29.8, 30.1, 30.2]


def test_without_an_earlier_run_there_is_nothing_to_say() -> None:
    found = trend(run(c12_1="FAILED"), [])
    assert (found.runs, found.red) == (0, ())


@pytest.mark.parametrize("verdict", ["FAILED", "BROKEN"])
def test_what_turned_red_is_named_with_what_it_was(verdict: str) -> None:
    found = trend(run(c12_1=verdict), [run(day=20), run(day=21)])
    assert [(change.line.id, change.before, change.when.day) for change in found.red] == [("1.2-1", "PROVEN", 21)]
    assert found.green == found.lost == ()


def test_what_was_red_already_is_not_news() -> None:
    assert trend(run(c12_1="FAILED"), [run(day=20, c12_1="BROKEN")]).red == ()


def test_what_turned_green_and_what_is_not_shown_any_more() -> None:
    found = trend(run(c21_1="UNPROVEN"), [run(day=20, c12_1="FAILED")])
    assert [change.line.id for change in found.green] == ["1.2-1"]
    assert [change.line.id for change in found.lost] == ["2.1-1"]


def test_a_run_that_did_not_judge_the_criterion_is_passed_over() -> None:
    found = trend(run(c12_1="FAILED"), [run(day=20), run(day=21, c12_1=None)])
    assert [change.when.day for change in found.red] == [20]


def test_trend_ignores_what_an_interrupted_run_did_not_show() -> None:
    stopped = replace(run(day=21, c12_1="BROKEN", c21_1="FAILED"), interruption="killed")
    found = trend(run(c12_1="FAILED", c21_1="FAILED"), [run(day=20), stopped])
    assert [(change.line.id, change.when.day) for change in found.red] == [("1.2-1", 20)]
    assert trend(replace(stopped, began=run().began), [run(day=20)]).red[0].line.id == "2.1-1"
    lost = trend(replace(run(c12_1="UNPROVEN"), interruption="killed"), [run(day=20)])
    assert (lost.red, lost.lost) == ((), ())


def test_what_this_run_was_not_asked_is_not_lost() -> None:
    assert trend(run(c12_1=None), [run(day=20)]).lost == ()


@pytest.mark.parametrize("other", [{"target": "https://elsewhere (given)"}, {"scale": "0.1"}])
def test_other_targets_are_not_compared(other: dict[str, str]) -> None:
    assert trend(run(c12_1="FAILED"), [run(day=20, **other)]).runs == 0


def test_embedded_ones_are_the_same_target_on_any_port() -> None:
    now = run(target="http://127.0.0.1:8080 (embedded)")
    assert trend(now, [run(day=20, target="http://127.0.0.1:8081 (embedded)")]).runs == 1


@pytest.mark.parametrize(
    ("value", "unit", "earlier", "worse"),
    [
        (45.0, "s", STEADY, True),
        (36.0, "s", STEADY, False),  # within a quarter
        (45.0, "s", STEADY[:4], False),  # too few to know
        (45.0, "s", [20.0, 30.0, 40.0, 25.0, 35.0], False),  # that is how it varies
        (0.6, "s", [0.2, 0.2, 0.2, 0.2, 0.2], False),  # nobody would notice
        (15.0, "s", STEADY, False),  # better
        (10.0, "sessions/min", [20.0, 20.1, 19.9, 20.0, 20.0], True),
        (40.0, "sessions/min", [20.0, 20.1, 19.9, 20.0, 20.0], False),
        (40.0, "sessions", [20.0, 20.0, 20.0, 20.0, 20.0], False),  # a count: more may be better
    ],
)
def test_worse_is_beyond_noise(value: float, unit: str, earlier: list[float], worse: bool) -> None:
    assert is_worse(Figure("figure", value, unit), earlier) is worse


def test_a_figure_is_held_against_the_runs_that_proved_it() -> None:
    earlier = [run(day=day, figure=30 + day / 100) for day in range(10, 15)]
    failed = [run(day=day, figure=300, c12_1="FAILED") for day in range(15, 20)]
    found = trend(run(figure=50), [*earlier, *failed])
    assert [(worse.line.id, worse.figure.value, worse.usual.value, worse.runs) for worse in found.worse] == [
        ("1.2-1", 50, 30.12, 5)
    ]


def test_a_finished_run_is_kept_once_and_the_oldest_go(tmp_path: Path) -> None:
    for day in (1, 1, 2, 3):
        leave(tmp_path, day=day)
        history.keep(ReportFolder(tmp_path))
    (tmp_path / "history" / "run-0.json").write_text(json.dumps({"schema": "of another time"}))
    assert [earlier.began.day for earlier in history.before(ReportFolder(tmp_path), run(day=3))] == [1, 2]
    for number in range(history.MOST):
        (tmp_path / "history" / f"run-1999-{number:02}.json").write_text("{}")
    history.keep(ReportFolder(tmp_path))
    kept = sorted(path.name for path in (tmp_path / "history").iterdir())
    assert len(kept) == history.MOST
    assert kept[-1].startswith("run-20261103")


def test_a_killed_run_is_not_kept(tmp_path: Path) -> None:
    leave(tmp_path, ended=False)
    history.keep(ReportFolder(tmp_path))
    assert not (tmp_path / "history").exists()
