"""A folder of reports that belongs to somebody else is named before the run."""

import os
from pathlib import Path

import pytest

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.runner.report_permissions import require_own


def test_own_or_missing_reports_are_fine(tmp_path: Path) -> None:
    (tmp_path / "issues").mkdir()
    require_own(tmp_path)
    require_own(tmp_path / "missing")


@pytest.mark.parametrize("name", ["", "issues"])
def test_reports_of_another_user_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "issues").mkdir()
    closed = tmp_path / name
    monkeypatch.setattr(os, "access", lambda path, _mode: path != closed)
    with pytest.raises(SetupProblem) as problem:
        require_own(tmp_path)
    assert problem.value.sentence.startswith(f"{closed} belongs to ")
    assert "set STREAMSPACE_REPORTS to another folder" in problem.value.sentence
