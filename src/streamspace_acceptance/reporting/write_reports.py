"""All that people read after a run, except the HTML: made from the files that the run left, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.reporting import findings, history, issues, phases, scenarios, summary
from streamspace_acceptance.reporting.markdown import MARK
from streamspace_acceptance.reporting.trend import trend
from streamspace_acceptance.settings import PAGE, SUMMARY
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.verdict_file import read


def write(reports: Path) -> Path:
    """Write the phases' results, an issue text for each failure and the summary, and give the summary's path.

    What an earlier run left of these goes; `history` gets the run if it is not there yet. UnreadableDocument when
    there is no verdict.json to be read.
    """
    run = read(reports / "verdict.json")
    done = scenarios.read(reports / "allure-results")
    changes = trend(run, history.before(reports, run))
    clear(reports)
    for phase in run.phases:
        files.write(reports / phases.file_name(run, phase), phases.render(run, phase, done))
    for finding in findings.of_run(run):
        text = issues.render(run, finding, done, changes, reports / "allure-results")
        files.write(reports / issues.FOLDER / issues.file_name(finding), text)
    path = reports / SUMMARY.name
    files.write(path, summary.render(run, decide(run), changes, done))
    history.keep(reports)
    return path


def begin(reports: Path) -> None:
    """Remove all that tells of an earlier run: what is left from it would pass for this one's.

    Its verdicts go first: a run that is killed here has left nothing that could be taken for results.
    """
    for name in ("verdict.json", "junit.xml", PAGE):
        (reports / name).unlink(missing_ok=True)
    clear(reports)


def clear(reports: Path) -> None:
    """Remove what an earlier run wrote here; a file that somebody else put beside it stays."""
    for path in written(reports):
        path.unlink()


def written(reports: Path) -> Iterator[Path]:
    """The papers that a run wrote here."""
    found = [reports / SUMMARY.name, *reports.glob("INTEGRATION_TEST_RESULTS_PHASE_*.md")]
    for path in [*found, *(reports / issues.FOLDER).glob("*.md")]:
        if path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            yield path
