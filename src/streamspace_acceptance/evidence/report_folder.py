"""The folder of reports: the names of all files that a run writes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

RESULTS, ISSUES, PAGE, VERDICTS = "allure-results", "issues", "report.html", "verdict.json"
EVIDENCE = "evidence"
SUMMARY, PLAN_PAGE, CONFORMANCE = "SUMMARY.md", "plan.html", "conformance.yaml"
"""Names by which the reports link to each other."""


class ReportFolder:
    """The folder at `path`, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.verdicts = path / VERDICTS  # the record of the run, from which everything else is written
        self.running = path / "running.json"  # the running scenario, newer than in the record
        self.summary = path / SUMMARY
        self.page = path / PAGE
        self.plan = path / PLAN_PAGE  # the plan, to which the reports link
        self.conformance = path / CONFORMANCE  # the claim that the run supports, for others to verify
        self.junit = path / "junit.xml"
        self.results = path / RESULTS  # Allure results and attachments
        self.evidence = path / EVIDENCE  # the attachments by tests and criteria
        self.issues = path / ISSUES
        self.history = path / "history"  # earlier runs, for the trend
        self.page_history = self.history / "history.jsonl"  # the same for Allure's generator
        self.killed = path / "killed"  # killed runs that had to make room for another one

    def phase(self, phase: int, began: datetime) -> Path:
        """The results of a phase, named as the plan demands."""
        return self.path / self.phase_name(phase, began)

    @staticmethod
    def phase_name(phase: int, began: datetime) -> str:
        """The name of that file."""
        return f"INTEGRATION_TEST_RESULTS_PHASE_{phase}_{began:%Y-%m-%d}.md"

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
        views = self.page, self.plan, self.conformance, self.junit
        return *views, self.evidence, self.results, self.running, self.verdicts

    def drafts(self) -> Iterator[Path]:
        """The files that a killed run was writing."""
        yield from self.path.glob("*.tmp")
        yield from self.results.glob("*.tmp")


def _name(began: datetime) -> str:
    return f"run-{began:%Y%m%dT%H%M%S%f}"
