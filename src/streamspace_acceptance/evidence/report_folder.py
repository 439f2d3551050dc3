"""The folder of reports: every file that a run leaves has its name here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RESULTS, ISSUES, PAGE, VERDICTS = "allure-results", "issues", "report.html", "verdict.json"
"""Names by which the reports link to each other."""


@dataclass(frozen=True)
class ReportFolder:
    """The folder at `path`, which need not exist yet."""

    path: Path

    @property
    def verdicts(self) -> Path:
        """The record of the run, from which everything else is written."""
        return self.path / VERDICTS

    @property
    def summary(self) -> Path:
        """The decision, and the reasons for it."""
        return self.path / "SUMMARY.md"

    @property
    def page(self) -> Path:
        """The one HTML file."""
        return self.path / PAGE

    @property
    def junit(self) -> Path:
        """The run as JUnit XML."""
        return self.path / "junit.xml"

    @property
    def results(self) -> Path:
        """Allure results and attachments."""
        return self.path / RESULTS

    @property
    def issues(self) -> Path:
        """Issue texts that are ready to file."""
        return self.path / ISSUES

    @property
    def history(self) -> Path:
        """Earlier runs, for the trend."""
        return self.path / "history"

    @property
    def page_history(self) -> Path:
        """Earlier runs, as Allure's generator keeps them."""
        return self.history / "history.jsonl"

    @property
    def killed(self) -> Path:
        """Killed runs that had to make room for another one."""
        return self.path / "killed"

    def phase(self, phase: int, began: datetime) -> Path:
        """The results of a phase, named as the plan demands."""
        return self.path / f"INTEGRATION_TEST_RESULTS_PHASE_{phase}_{began:%Y-%m-%d}.md"

    def issue(self, name: str) -> Path:
        """The issue text of a finding."""
        return self.issues / f"{name}.md"

    def past(self, began: datetime) -> Path:
        """The verdicts of a finished run."""
        return self.history / f"{_name(began)}.json"

    def past_runs(self) -> list[Path]:
        """The verdicts of finished runs, oldest first."""
        return sorted(self.history.glob("run-*.json"))

    def aside(self, began: datetime) -> Path:
        """The folder for a killed run."""
        return self.killed / _name(began)

    def killed_runs(self) -> list[Path]:
        """The folders of killed runs, oldest first."""
        return sorted(self.killed.glob("run-*"))

    def markdown(self) -> Iterator[Path]:
        """Markdown files that have the name of a report."""
        reports = [self.summary, *self.path.glob("INTEGRATION_TEST_RESULTS_PHASE_*.md"), *self.issues.glob("*.md")]
        return (path for path in reports if path.is_file())

    def others(self) -> tuple[Path, ...]:
        """Everything else about the run that is in the folder now. The verdicts come last."""
        return self.page, self.junit, self.results, self.verdicts

    def drafts(self) -> Iterator[Path]:
        """What a killed run was writing."""
        yield from self.path.glob("*.tmp")
        yield from self.results.glob("*.tmp")


def _name(began: datetime) -> str:
    return f"run-{began:%Y%m%dT%H%M%S%f}"
