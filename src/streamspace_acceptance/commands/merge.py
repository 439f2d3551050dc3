"""`streamspace-acceptance merge DIR… --into reports`: the reports of all shards as those of one run."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from streamspace_acceptance.evidence import files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.reporting.allure import html_report
from streamspace_acceptance.reporting.run_writer import RunWriter
from streamspace_acceptance.verdict import merged_run
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.merged_run import ShardRun
from streamspace_acceptance.verdict.verdict_file import VerdictFileError, of_json, read


def merge(sources: Sequence[Path], into: Path) -> int:
    """Write the reports of the whole run into `into`. The exit status is that of one run with these verdicts."""
    folder = ReportFolder(into)
    if into.resolve() in [source.resolve() for source in sources]:
        raise SetupProblem(f"{into} has the results of a shard: merge --into another folder.")
    runs, unreadable = _read(sources)
    for sentence in unreadable:
        _say(sentence)
    document = merged_run.merged(runs, unreadable)
    write_reports.begin(folder)
    for run in runs:
        for name in merged_run.files(run.document):
            if (source := Path(run.source) / name).exists():
                files.link(source, into / name)
    RunWriter(folder).write(document)
    write_reports.write(folder)
    _tell(folder)
    return merged_run.exit_status(document)


def _read(sources: Sequence[Path]) -> tuple[list[ShardRun], list[str]]:
    """The runs in the folders, and a sentence for each folder that has none."""
    runs, unreadable = [], []
    for source in sources:
        path = ReportFolder(source).verdicts
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            of_json(document)
        except OSError as error:
            unreadable.append(f"{path} cannot be read: {error.strerror}")
        except (ValueError, VerdictFileError) as error:
            unreadable.append(f"{path} cannot be read: {error}")
        else:
            runs.append(ShardRun(str(source), document))
    return runs, unreadable


def _tell(folder: ReportFolder) -> None:
    sys.stdout.write(f"{redact(decide(read(folder.verdicts)).sentence)}\n")
    sys.stdout.write(f"Summary: {folder.summary.resolve()}\n")
    if html_report.GENERATOR.is_file():
        sys.stdout.write(f"Report:  {html_report.build(folder).resolve()} (open it in a browser)\n")


def _say(sentence: str) -> None:
    sys.stderr.write(f"{redact(sentence)}\n")
