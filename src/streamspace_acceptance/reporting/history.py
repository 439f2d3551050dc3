"""Earlier runs: the verdicts of each finished run, without its scenarios, and no more than the newest few."""

from __future__ import annotations

import json

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.verdict.verdict_file import RunResult, VerdictFileError, read

MOST = 50
"""Runs kept: five times what a trend looks back at, since runs of several targets share the folder."""


def keep(folder: ReportFolder) -> None:
    """Add the run in verdict.json, once, and remove the oldest. A run that may still be running is not added."""
    run = read(folder.verdicts)
    if run.ended is None and run.interruption is None:
        return
    document = json.loads(folder.verdicts.read_text(encoding="utf-8")) | {"scenarios": [], "attachments": []}
    files.write(folder.past(run.began), json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    for path in folder.past_runs()[:-MOST]:
        path.unlink()


def before(folder: ReportFolder, run: RunResult) -> list[RunResult]:
    """The runs that began before `run`, oldest first; files of another version of the suite are left out."""
    earlier = []
    for path in folder.past_runs():
        try:
            earlier.append(read(path))
        except VerdictFileError:
            continue
    return [past for past in earlier if past.began < run.began]
