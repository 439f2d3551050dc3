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
from streamspace_acceptance.verdict.scenario_result import Json
from streamspace_acceptance.verdict.verdict_file import of_json


class RunWriter:
    """Writes one run to `folder`, and its JUnit file also to `junit_files`."""

    def __init__(self, folder: ReportFolder, junit_files: Iterable[Path] = ()) -> None:
        self.folder = folder
        self.junit_files = {folder.junit, *junit_files}
        self._allure = AllureResults(folder.results)

    def write(self, document: Json) -> None:
        """Write the run. If it is killed in between, verdict.json holds: the views are written from it again."""
        document = redact_within(document)
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        files.put(self.folder.verdicts, text.encode())
        run = of_json(document)
        self._allure.write(run, verdicts=text if run.is_over else "")
        for path in self.junit_files:
            junit.write(path, run)
