"""Times of a run: they hold on a machine whose clock is set meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.verdict import run_record
from streamspace_acceptance.verdict.run_record import RunRecord


def test_times_do_not_depend_on_a_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    record, scenario, later = RunRecord(RunEvidence(Path()), _since=100.0), object(), object()
    for at, act in ((103.0, record.begin), (110.5, record.finish)):
        monkeypatch.setattr(run_record, "now", lambda at=at: at)
        act(scenario)
    monkeypatch.setattr(run_record, "now", lambda: 120.0)
    record.end()
    assert record.seconds_of(scenario) == 7.5
    assert record.began_at(scenario) == record.began + timedelta(seconds=3)
    assert record.ended == record.began + timedelta(seconds=20)
    assert (record.seconds_of(later), record.began_at(later)) == (0.0, None)
