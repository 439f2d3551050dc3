"""Writes Allure results so that the folder tells the truth at every moment of the run.

A result file is named after its result, so a later state replaces an earlier one: every selected scenario stands
in the folder as "not run" from the start, as broken while it runs, and in its true state when it has ended.
Whatever kills the run, what is on disk holds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from allure_commons import hookimpl
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import TestResult
from attr import asdict

from streamspace_acceptance.evidence import files
from streamspace_acceptance.redaction.redactor import redact, redact_within


class ResultWriter(AllureFileLogger):
    """allure-behave's file logger with a redactor, and with result files that can be replaced."""

    @hookimpl
    def report_result(self, result: TestResult) -> None:
        """Write or replace the file of `result`."""
        self._put(f"{result.uuid}-result.json", _as_json(result))

    @hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment; text is redacted, bytes are taken as they are."""
        self._put(file_name, redact(body) if isinstance(body, str) else body)

    @hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Copy a file; redacted when it is text."""
        body = Path(source).read_bytes()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            self._put(file_name, body)
        else:
            self._put(file_name, redact(text))

    def _report_item(self, item: Any) -> None:
        """allure_commons writes containers and globals through here."""
        self._put(item.file_pattern.format(prefix=getattr(item, "uuid", None) or id(item)), _as_json(item))

    def _put(self, file_name: str, body: str | bytes) -> None:
        files.put(Path(self._report_dir) / file_name, body.encode() if isinstance(body, str) else body)


def _as_json(item: Any) -> str:
    document = asdict(item, filter=lambda _, value: value or value is False)
    return json.dumps(redact_within(document), ensure_ascii=False)
