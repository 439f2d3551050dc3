"""The methods with which a formatter learns more about a run than behave reports to it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.verdict.ledger import Ledger


@runtime_checkable
class RunObserver(Protocol):
    """A formatter that wants the ledger, and the end of each scenario after its cleanups."""

    def run_started(self, ledger: Ledger, folder: ReportFolder) -> None:
        """Before the first hook."""

    def scenario_finished(self, scenario: Any) -> None:
        """After the scenario's cleanups."""

    def run_ended(self) -> None:
        """Called last in every case; maybe after `close`."""
