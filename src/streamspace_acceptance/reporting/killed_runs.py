"""Runs that ended before their reports did: each is on record while it writes, and the next command completes it.

What a killed run has left holds (the ledger, the Allure results and the JUnit file are written as it goes); but three
files cannot be replaced in one instant, the papers are written at the end, and nothing says yet that it was killed.
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
from streamspace_acceptance.evidence import files
from streamspace_acceptance.lock_files import Json
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import junit, write_reports
from streamspace_acceptance.settings import PAGE
from streamspace_acceptance.verdict.judgement import UNFINISHED, Verdict
from streamspace_acceptance.verdict.ledger import decided, iso
from streamspace_acceptance.verdict.run_record import describe

KIND = "report"
KILLED = "killed"
ASIDE = "killed"
"""The folder in the reports' own for what a killed run left, once another run writes there."""
MOST_ASIDE = 5
VERDICTS, RESULTS = "verdict.json", "allure-results"
Say = Callable[[str], object]


@contextmanager
def on_record(
    reports: Path, began: datetime, junit_files: Iterable[Path], is_complete: Callable[[], bool]
) -> Iterator[None]:
    """A run writes to `reports` within this context, and nobody else; SetupProblem while another one does.

    It stays on record when it is not complete in the end.
    """
    place = reports.resolve()
    own = _begin({"reports": str(place), "began": iso(began), "junit": [str(each.resolve()) for each in junit_files]})
    try:
        for path in lock_files.paths(KIND):
            if (
                path != own.path
                and lock_files.first_line(path).get("reports") == str(place)
                and lock_files.is_locked(path)
            ):
                own.remove()
                raise SetupProblem(
                    f"Another run writes to {place}: let it end, or let STREAMSPACE_REPORTS name another folder."
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


def complete(say: Say, *, move_aside_in: Path | None = None) -> None:
    """Completes the report of every run that was killed, wherever it is; one sentence for each.

    In the folder `makes_way_in` another run is about to write: what is there of the killed one goes aside.
    """
    for path in lock_files.paths(KIND):
        with lock_files.acquire_stale(path) as file:
            if file is None:
                continue
            left = KilledRun(lock_files.parse_line(file.readline()))
            try:
                if left.is_there():
                    say(left.complete(move_aside_in))
            except Exception as error:  # noqa: BLE001 - it is told, and tried again; it must not keep a run from beginning
                say(f"The report of a run that was killed could not be completed in {left.reports}: {describe(error)}.")
                continue
            path.unlink()


@dataclass(frozen=True)
class KilledRun:
    """What a run had put on record when it began to write."""

    record: Json

    @property
    def reports(self) -> Path:
        return Path(self.record.get("reports", ""))

    def is_there(self) -> bool:
        """Whether the folder still tells of this run: it may have been deleted, or used again by a run of elsewhere."""
        try:
            document = json.loads((self.reports / VERDICTS).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        return bool(document["run"]["began"] == self.record.get("began"))

    def complete(self, makes_way_in: Path | None) -> str:
        """Makes all that the run left agree, writes what it had not written yet, and says so."""
        document = json.loads((self.reports / VERDICTS).read_text(encoding="utf-8"))
        was_killed = document["run"]["ended"] is None
        broken = list(_unfinished(self.reports / RESULTS)) if was_killed else []
        if was_killed:
            files.write_json(self.reports / VERDICTS, decided(_with_killed(document, broken)))
            for path in map(Path, self.record["junit"]):
                junit.break_off(path, [(each["titlePath"][-1], each["name"]) for each in broken])
        for draft in (*self.reports.glob("*.tmp"), *(self.reports / RESULTS).glob("*.tmp")):
            draft.unlink()
        write_reports.write(self.reports)
        place = self.reports
        if makes_way_in is not None and makes_way_in.resolve() == self.reports:
            place = _put_aside(self.reports, datetime.fromisoformat(self.record["began"]))
        return _sentence(self.record["began"], [each["name"] for each in broken], place, was_killed=was_killed)


def _unfinished(results: Path) -> Iterator[Json]:
    """The Allure result of the scenario that was running: it is opened before, and closed after, all else of it."""
    for path in sorted(results.glob("*-result.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        if (result.get("statusDetails") or {}).get("message") == UNFINISHED:
            yield result


def _with_killed(document: Json, broken: Iterable[Json]) -> Json:
    """The ledger with all that was running as broken, whatever a part of it had shown already."""
    criteria, scenarios = set(), set()
    for result in broken:
        criteria |= {label["value"] for label in result.get("labels", ()) if label["name"] == "criterion"}
        scenarios.add(result["name"])
    for line in document["criteria"]:
        if line["id"] in criteria:
            line |= {"verdict": Verdict.BROKEN, "reason": UNFINISHED}
            for told in ("failure", "causes", "applies"):
                line.pop(told, None)
    setbacks = [each for each in document.get("setbacks", ()) if each["scenario"] not in scenarios]
    return document | {"setbacks": setbacks, "interruption": KILLED}


def _put_aside(reports: Path, began: datetime) -> Path:
    """Moves what the run left, and lets go of the oldest that was put aside."""
    place = reports / ASIDE / f"run-{began:%Y%m%dT%H%M%S%f}"
    others = (PAGE, junit.JUNIT_FILE.name, RESULTS, VERDICTS)  # the last tells whether all has been moved
    for path in (*write_reports.written(reports), *(reports / each for each in others)):
        if path.exists():
            target = place / path.relative_to(reports)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    for former in sorted((reports / ASIDE).glob("run-*"))[:-MOST_ASIDE]:
        shutil.rmtree(former)
    return place


def _sentence(began: str, broken: list[str], place: Path, *, was_killed: bool) -> str:
    run = f"The run that began at {datetime.fromisoformat(began):%Y-%m-%d %H:%M:%S} UTC"
    if not was_killed:
        return f"{run} ended before its reports were written: they are in {place} now."
    named = ", ".join(f"“{each}”" for each in broken)
    return f"{run} was killed: its report is complete now in {place}, with {named or 'no scenario'} as broken."
