"""The files of a run, kept up to date while it goes on, so that they hold whenever it is killed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.reporting.run_writer import RunWriter
from streamspace_acceptance.verdict import run_document
from streamspace_acceptance.verdict.ledger import Ledger
from streamspace_acceptance.verdict.run_record import RunRecord, describe


class RunFiles:
    """Writes what a run has shown so far. `reported`: the Markdown reports of the whole run are written."""

    def __init__(self, folder: ReportFolder, ledger: Ledger, record: RunRecord) -> None:
        self.reported = False
        self._folder, self._ledger, self._record = folder, ledger, record
        self._writer = RunWriter(folder)
        self._ended: list[Any] = []

    @property
    def junit_files(self) -> set[Path]:
        """Where `junit.xml` goes."""
        return self._writer.junit_files

    def begin(self) -> None:
        """Write what holds if the run is killed before its first scenario."""
        write_reports.begin(self._folder)
        self._write_all()

    def end(self) -> None:
        """Write the verdicts and the reports of all scenarios."""
        self._write_all()
        self.reported = self._report()

    def scenario_began(self, scenario: Any) -> None:
        """Write this scenario and those that have ended since the last one began."""
        self._writer.update(run_document.changes(self._ledger, [*self._ended, scenario]), all_views=True)
        self._ended = []

    def scenario_ended(self, scenario: Any) -> None:
        """It goes on disk when the next one begins, or at the end."""
        self._ended.append(scenario)

    def scenario_not_run(self, scenario: Any) -> None:
        """Write a scenario that is left out."""
        self._writer.update(run_document.changes(self._ledger, [scenario]))

    def step_changed(self) -> None:
        """Write the running scenario alone."""
        self._writer.write_running(run_document.scenario_document(self._record.running, self._ledger))

    def _write_all(self) -> None:
        self._writer.write(run_document.document(self._ledger))

    def _report(self) -> bool:
        """Write the Markdown. The verdicts are on disk by now: after an error here, `report` can try again."""
        if self._record.setup_problem is not None:
            return True
        try:
            write_reports.write(self._folder)
        except Exception as error:  # noqa: BLE001  # an error in a report must not hide the verdicts
            sys.stderr.write(f"The reports could not be written: {describe(error)}\n")
            return False
        return True
