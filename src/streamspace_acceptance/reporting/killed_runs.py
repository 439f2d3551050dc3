"""Completes the reports of killed runs. A run is on record while it writes; the next command finds it there.

verdict.json of a killed run holds; its views may be one write behind, and the Markdown is missing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from streamspace_acceptance import lock_files
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.lock_files import Json
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.reporting.run_writer import RunWriter
from streamspace_acceptance.verdict.run_document import decided, iso
from streamspace_acceptance.verdict.run_record import describe
from streamspace_acceptance.verdict.verdict_file import KILLED, of_json

KIND = "report"
MOST_ASIDE = 5
"""Killed runs kept, once another run writes to the folder."""
Say = Callable[[str], object]


@contextmanager
def on_record(
    folder: ReportFolder, began: datetime, junit_files: Iterable[Path], is_complete: Callable[[], bool]
) -> Iterator[None]:
    """A run writes to `folder` within this context; SetupProblem while another one does.

    It stays on record when it is not complete in the end.
    """
    place = folder.path.resolve()
    own = _begin({"reports": str(place), "began": iso(began), "junit": [str(path.resolve()) for path in junit_files]})
    try:
        for path in lock_files.paths(KIND):
            if (
                path != own.path
                and lock_files.first_line(path).get("reports") == str(place)
                and lock_files.is_locked(path)
            ):
                own.remove()
                raise SetupProblem(
                    f"Another run writes to {place}: wait until it ends, or set STREAMSPACE_REPORTS to another folder."
                )
        yield
        if is_complete():
            own.remove()
    finally:
        own.close()


def _begin(first: Json) -> lock_files.LockedFile:
    try:
        return lock_files.LockedFile(KIND, first)
    except lock_files.RecordError as error:
        raise SetupProblem(f"{error}.") from error


def complete(say: Say, *, move_aside_in: ReportFolder | None = None) -> None:
    """Complete the report of every killed run, wherever it is; one sentence for each.

    In the folder `move_aside_in` another run is about to write: the killed one is moved aside there.
    """
    for path in lock_files.paths(KIND):
        with lock_files.acquire_stale(path) as file:
            if file is None:
                continue
            killed = KilledRun(lock_files.parse_line(file.readline()))
            try:
                if killed.is_there():
                    say(killed.complete(move_aside_in))
            except Exception as error:  # noqa: BLE001 - reported and tried again; it must not keep a run from beginning
                say(f"The report of a killed run in {killed.folder.path} could not be completed: {describe(error)}.")
                continue
            path.unlink()


@dataclass(frozen=True)
class KilledRun:
    """`record` is what the run had put on record when it began to write."""

    record: Json

    @property
    def folder(self) -> ReportFolder:
        """Where it wrote."""
        return ReportFolder(Path(self.record.get("reports", "")))

    def is_there(self) -> bool:
        """Whether verdict.json is this run's: the folder may be gone, or another machine's run has used it since."""
        try:
            return bool(self._document()["run"]["began"] == self.record.get("began"))
        except FileNotFoundError:
            return False

    def complete(self, move_aside_in: ReportFolder | None) -> str:
        """Write everything from verdict.json, and report that in a sentence."""
        folder, document = self.folder, self._document()
        was_killed = document["run"]["ended"] is None
        if was_killed:
            document = decided(document | {"interruption": KILLED})
            RunWriter(folder, [path for path in map(Path, self.record["junit"]) if path.exists()]).write(document)
        for draft in folder.drafts():
            draft.unlink()
        write_reports.write(folder)
        place = folder.path
        if move_aside_in is not None and move_aside_in.path.resolve() == place:
            place = _put_aside(folder, datetime.fromisoformat(self.record["began"]))
        running = [scenario.name for scenario in of_json(document).scenarios if scenario.running]
        return _sentence(self.record["began"], running, place, was_killed=was_killed)

    def _document(self) -> Json:
        """The record of the run, with the steps of the scenario that was running."""
        document: Json = json.loads(self.folder.verdicts.read_text(encoding="utf-8"))
        if self.folder.running.exists():
            running = json.loads(self.folder.running.read_text(encoding="utf-8"))
            document["scenarios"] = [
                running if scenario["running"] and scenario["id"] == running["id"] else scenario
                for scenario in document["scenarios"]
            ]
        return document


def _put_aside(folder: ReportFolder, began: datetime) -> Path:
    """Move what the run left, and remove the oldest of those moved before."""
    place = folder.aside(began)
    for path in (*write_reports.written(folder), *folder.others()):
        if path.exists():
            target = place / path.relative_to(folder.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    for former in folder.killed_runs()[:-MOST_ASIDE]:
        shutil.rmtree(former)
    return place


def _sentence(began: str, running: list[str], place: Path, *, was_killed: bool) -> str:
    run = f"The run that began at {datetime.fromisoformat(began):%Y-%m-%d %H:%M:%S} UTC"
    if not was_killed:
        return f"{run} ended before its reports were written; they are in {place} now."
    names = ", ".join(f"“{name}”" for name in running) or "no scenario"
    return f"{run} was killed; its report in {place} is complete now, with {names} as broken."
