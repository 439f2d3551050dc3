"""Earlier runs: reports/history keeps each finished run's verdict.json, and no more than the newest few."""

from __future__ import annotations

import json
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.verdict.verdict_file import RunResult, VerdictFileError, read

FOLDER = "history"
MOST = 50
"""Runs kept: five times what a trend looks back at, since runs of several targets share the folder."""


def keep(reports: Path) -> None:
    """Add the run that verdict.json tells of, once, and let go of the oldest. One that may still go on is not."""
    verdicts = reports / "verdict.json"
    run = read(verdicts)
    if run.ended is None and run.interruption is None:
        return
    text = json.dumps(json.loads(verdicts.read_text(encoding="utf-8")), ensure_ascii=False, separators=(",", ":"))
    files.write(reports / FOLDER / f"run-{run.began:%Y%m%dT%H%M%S%f}.json", text + "\n")
    for path in _paths(reports)[:-MOST]:
        path.unlink()


def before(reports: Path, run: RunResult) -> list[RunResult]:
    """The runs that began before `run`, oldest first; files of another version of the suite are passed over."""
    found = []
    for path in _paths(reports):
        try:
            found.append(read(path))
        except VerdictFileError:
            continue
    return [one for one in found if one.began < run.began]


def _paths(reports: Path) -> list[Path]:
    """By name, which is by time."""
    return sorted((reports / FOLDER).glob("run-*.json"))
