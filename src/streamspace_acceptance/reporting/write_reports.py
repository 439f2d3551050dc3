"""All that people read after a run, except the HTML: made from verdict.json and the attachments."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.reporting import conformance, history, issues, phases, plan_text, reported_failures, summary
from streamspace_acceptance.reporting.markdown import MARK
from streamspace_acceptance.reporting.trend import trend
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.verdict_file import read


def write(folder: ReportFolder) -> None:
    """Write the results of each phase, an issue text for each failure and the summary, in place of earlier ones.

    `history` gets the run if it is not there yet. VerdictFileError when verdict.json cannot be read.
    """
    run = read(folder.verdicts)
    changes = trend(run, history.before(folder, run))
    clear(folder)
    plan = plan_text.load()
    for phase in run.phases:
        files.write(folder.phase(phase, run.began), phases.render(run, phase, plan))
    for reported in reported_failures.of_run(run):
        files.write(folder.issue(reported.name), issues.render(run, reported, changes, folder.results))
    files.write(folder.summary, summary.render(run, decide(run), changes))
    if plan.markdown:
        files.put(folder.plan, plan.page().encode())  # not of the run: it has no secrets
    files.write(folder.conformance, conformance.render(run, folder.verdicts))
    history.keep(folder)


def begin(folder: ReportFolder) -> None:
    """Remove everything about an earlier run: what is left from it would pass for this one's.

    Its verdicts go first: a run that is killed here has left nothing that could be taken for results.
    """
    for path in (folder.verdicts, folder.junit, folder.page, folder.plan, folder.conformance):
        path.unlink(missing_ok=True)
    for place in (folder.results, folder.evidence):
        shutil.rmtree(place, ignore_errors=True)
    clear(folder)


def clear(folder: ReportFolder) -> None:
    """Remove the Markdown that an earlier run wrote; a file that somebody else put beside it stays."""
    for path in written(folder):
        path.unlink()


def written(folder: ReportFolder) -> Iterator[Path]:
    """The Markdown that a run wrote."""
    return (path for path in folder.markdown() if path.read_text(encoding="utf-8", errors="replace").startswith(MARK))
