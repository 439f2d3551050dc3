"""The changes of a run, on disk before they happen, so that the next start can clean up after a killed run.

A run keeps one file of JSON lines in the user's state folder, locked while it lives. Its first line identifies
the target; then come an intent before each act, its outcome, and its revert. A run that left nothing leaves no file.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from streamspace_acceptance import lock_files
from streamspace_acceptance.lock_files import Json

KIND = "jsonl"


@dataclass
class JournalEntry:
    """One act: the intent, and the outcome as far as it is known. `at` is the suite's clock, in seconds."""

    number: int
    kind: str
    what: Json
    at: float
    outcome: Json = field(default_factory=dict)


class Journal:
    """The open journal of the run that is going on. Used by several threads."""

    def __init__(self, target: Json) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, JournalEntry] = {}
        self._count = 0
        self._held = lock_files.LockedFile(KIND, {"target": target, "pid": os.getpid()})
        self.path = self._held.path

    def record_intent(self, kind: str, what: Json) -> JournalEntry:
        """On disk before the act; then the act may begin. RecordError if it must not."""
        with self._lock:
            self._count += 1
            entry = JournalEntry(self._count, kind, what, time.time())
            # It outlasts a crash of the machine. Later lines need not: an intent alone is enough for a sweep.
            self._held.write(
                {"intent": entry.number, "kind": kind, "what": what, "at": entry.at}, outlasts_machine=True
            )
            self._open[entry.number] = entry
        return entry

    def record_outcome(self, entry: JournalEntry, outcome: Json) -> None:
        """Note the outcome of the act; more may follow."""
        with self._lock:
            entry.outcome |= outcome
            self._held.write({"outcome": entry.number, **outcome})

    def record_revert(self, entry: JournalEntry) -> None:
        """Note that nothing is left of the act."""
        with self._lock:
            if self._open.pop(entry.number, None) is not None:
                self._held.write({"undone": entry.number})

    def open_entries(self, kind: str) -> list[JournalEntry]:
        """The acts that are not reverted yet."""
        with self._lock:
            return [entry for entry in self._open.values() if entry.kind == kind]

    def close(self) -> None:
        """The end of the run; what is left stays on disk for the next sweep."""
        if not self._open:
            self._held.remove()
        self._held.close()


_current: Journal | None = None


@contextmanager
def keep(target: Json) -> Iterator[Journal]:
    """Keeps the journal of a run about `target` until the context ends."""
    global _current  # noqa: PLW0603 - a process has one run, and every thread of it writes here
    _current = journal = Journal(target)
    try:
        yield journal
    finally:
        _current = None
        journal.close()


def record_intent(kind: str, /, **what: Any) -> JournalEntry:
    """Notes an act before it begins. Outside a run it goes nowhere."""
    return JournalEntry(0, kind, what, time.time()) if _current is None else _current.record_intent(kind, what)


def record_outcome(entry: JournalEntry, **outcome: Any) -> None:
    """Notes what an act brought forth."""
    if _current is not None:
        _current.record_outcome(entry, outcome)


def record_revert(entry: JournalEntry) -> None:
    """Notes that nothing is left of an act."""
    if _current is not None:
        _current.record_revert(entry)


def record_identity(session_id: str, uid: str) -> None:
    """Notes the uid of the Kubernetes object of a session that the run made."""
    for entry in _current.open_entries("session") if _current is not None else ():
        if entry.outcome.get("id") == session_id and "uid" not in entry.outcome:
            record_outcome(entry, uid=uid)


class StaleJournal:
    """A dead run's journal, locked by the process that cleans up after it."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        self._file = file
        self.target: Json = {}
        self.entries: list[JournalEntry] = []
        self._read()

    def remove(self) -> None:
        """Nothing is left of the run."""
        self.path.unlink(missing_ok=True)

    def record_revert(self, entry: JournalEntry) -> None:
        """Nothing is left of one act; RecordError when that cannot be noted, and then the next sweep looks again."""
        lock_files.append(self.path, self._file, {"undone": entry.number})
        self.entries.remove(entry)

    def _read(self) -> None:
        entries: dict[int, JournalEntry] = {}
        for text in self._file:
            line = lock_files.parse_line(text)
            if "target" in line:
                self.target = line["target"]
            elif "intent" in line:
                entries[line["intent"]] = JournalEntry(line["intent"], line["kind"], line["what"], line["at"])
            elif line.get("outcome") in entries:
                entries[line["outcome"]].outcome |= {key: line[key] for key in line if key != "outcome"}
            elif "undone" in line:
                entries.pop(line["undone"], None)
        self.entries = list(entries.values())


@contextmanager
def acquire_stale(path: Path) -> Iterator[StaleJournal | None]:
    """The journal at `path`, locked meanwhile; None while its run lives, or another sweep is at it, or it is gone."""
    with lock_files.acquire_stale(path) as file:
        yield None if file is None else StaleJournal(path, file)


def active(target: Json) -> list[Path]:
    """The journals of other runs that are at work on the target of that namespace, or are being swept just now."""
    others = [path for path in all_paths() if _current is None or path != _current.path]
    journals = [path for path in others if _is_about(lock_files.first_line(path), target)]
    return [path for path in journals if lock_files.is_locked(path)]


def _is_about(first: Json, target: Json) -> bool:
    return bool(first.get("target", {}).get("namespace_uid") == target["namespace_uid"])


def all_paths() -> list[Path]:
    """Every journal there is, the oldest first."""
    return lock_files.paths(KIND)
