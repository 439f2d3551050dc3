"""Puts the run on disk as it is by now: verdict.json first, then its views for programs (Allure, JUnit)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.redaction.redactor import redact_within
from streamspace_acceptance.reporting import junit
from streamspace_acceptance.reporting.allure.results import AllureResults
from streamspace_acceptance.reporting.evidence_files import EvidenceFiles
from streamspace_acceptance.verdict.run_document import decided
from streamspace_acceptance.verdict.scenario_result import Json, scenario_of
from streamspace_acceptance.verdict.verdict_file import RunResult, of_json


class RunWriter:
    """Writes one run to `folder`, and its JUnit file also to `junit_files`."""

    def __init__(self, folder: ReportFolder, junit_files: Iterable[Path] = ()) -> None:
        self.folder = folder
        self.junit_files = {folder.junit, *junit_files}
        self._allure = AllureResults(folder.results)
        self._evidence = EvidenceFiles(folder)
        self._document: Json = {}

    def write(self, document: Json) -> None:
        """Write the run. If it is killed in between, verdict.json holds: the views are written from it again."""
        self._document = redact_within(document)
        self._evidence.publish(self._document)
        run = of_json(self._document)
        # Indented only at the end: the encoder that indents is slow, and a run writes often.
        text = json.dumps(self._document, indent=2 if run.is_over else None, ensure_ascii=False) + "\n"
        files.put(self.folder.verdicts, text.encode())
        self.folder.running.unlink(missing_ok=True)
        self._allure.write(run, verdicts=text if run.is_over else "")
        self._write_junit(run)

    def update(self, changes: Json, *, all_views: bool = False) -> None:
        """Write parts of the run again: fields of the document, and of its scenarios those with the same ids.

        The rest is neither redacted nor rendered again. `all_views` renews the decision and JUnit as well, which takes
        as long as all else.
        """
        changed = redact_within(changes)
        scenarios = {scenario["id"]: scenario for scenario in changed.pop("scenarios")}
        known = self._document["scenarios"]
        self._document |= changed | {"scenarios": [scenarios.get(before["id"], before) for before in known]}
        self._evidence.publish(self._document)
        if all_views:
            run = of_json(self._document)
            self._document = decided(self._document, run)
            self._write_junit(run)
        files.put(self.folder.verdicts, json.dumps(self._document, ensure_ascii=False).encode())
        self.folder.running.unlink(missing_ok=True)
        for scenario in scenarios.values():
            self._allure.update(scenario_of(scenario))

    def write_running(self, scenario: Json) -> None:
        """Write the running scenario by itself: at every step the whole record would take too long."""
        redacted = redact_within(scenario)
        files.put(self.folder.running, json.dumps(redacted, ensure_ascii=False).encode())
        self._allure.update(scenario_of(redacted))

    def _write_junit(self, run: RunResult) -> None:
        for path in self.junit_files:
            junit.write(path, run, self.folder.path)
