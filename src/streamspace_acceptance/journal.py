"""What a run makes and breaks, on disk before it happens, so that a killed run can be cleaned up after.

A run keeps one file of JSON lines in the user's state folder (reports/ is deleted by people, and belongs to one working
directory). Its first line says which target the run is about; then come an intent before each act, what came of it, and
that it is undone. The file is locked while the run lives: the kernel lets go of a lock when its process dies, so no
recycled process id is ever taken for a run. A run that has left nothing leaves no file.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

Json = dict[str, Any]


def folder() -> Path:
    """Where journals are kept: below XDG_STATE_HOME, `~/.local/state` where it is not set."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "streamspace-acceptance"


@dataclass
class Entry:
    """One act: what was intended, what came of it as far as is known. `at` is the suite's clock, in seconds."""

    number: int
    kind: str
    what: Json
    at: float
    outcome: Json = field(default_factory=dict)


class Journal:
    """The open journal of the run that is going on. Used by several threads."""

    def __init__(self, target: Json) -> None:
        self._lock = threading.Lock()
        self._open: dict[int, Entry] = {}
        self._count = 0
        place = folder()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = place / f"{int(time.time())}-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
        hidden = self.path.with_suffix(".new")
        self._file = hidden.open("x", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write({"target": target, "pid": os.getpid()})
        hidden.rename(self.path)  # nobody sees a journal that is not locked yet

    def intend(self, kind: str, what: Json) -> Entry:
        """On disk before the act; then the act may begin."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, kind, what, time.time())
            self._open[entry.number] = entry
            self._write({"intent": entry.number, "kind": kind, "what": what, "at": entry.at})
            # It outlasts the machine's end as well. What is said later need not: a killed process has said it, and an
            # intent alone is enough for a sweep.
            os.fsync(self._file.fileno())
        return entry

    def came_of(self, entry: Entry, outcome: Json) -> None:
        """What the act brought forth; more may be said later."""
        with self._lock:
            entry.outcome |= outcome
            self._write({"outcome": entry.number, **outcome})

    def undone(self, entry: Entry) -> None:
        """Nothing is left of the act."""
        with self._lock:
            if self._open.pop(entry.number, None) is not None:
                self._write({"undone": entry.number})

    def open_entries(self, kind: str) -> list[Entry]:
        """What is not undone yet."""
        with self._lock:
            return [each for each in self._open.values() if each.kind == kind]

    def close(self) -> None:
        """The end of the run; what is left stays on disk for the next sweep."""
        if not self._open:
            self.path.unlink(missing_ok=True)
        self._file.close()

    def _write(self, line: Json) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


_current: Journal | None = None


@contextmanager
def kept(target: Json) -> Iterator[Journal]:
    """Keeps the journal of a run about `target` until the context ends."""
    global _current  # noqa: PLW0603 - a process has one run, and every part of it writes here
    _current = journal = Journal(target)
    try:
        yield journal
    finally:
        _current = None
        journal.close()


def intend(kind: str, /, **what: Any) -> Entry:
    """Notes an act before it begins. Outside a run it goes nowhere."""
    return Entry(0, kind, what, time.time()) if _current is None else _current.intend(kind, what)


def came_of(entry: Entry, **outcome: Any) -> None:
    """Notes what an act brought forth."""
    if _current is not None:
        _current.came_of(entry, outcome)


def undone(entry: Entry) -> None:
    """Notes that nothing is left of an act."""
    if _current is not None:
        _current.undone(entry)


def identified(session_id: str, uid: str) -> None:
    """Notes the uid of the Kubernetes object of a session that the run made."""
    for entry in _current.open_entries("session") if _current is not None else ():
        if entry.outcome.get("id") == session_id and "uid" not in entry.outcome:
            came_of(entry, uid=uid)


class Left:
    """A dead run's journal, locked by whoever cleans up after it."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        self._file = file
        self.target: Json = {}
        self.entries: list[Entry] = []
        self._read()

    def forget(self) -> None:
        """Nothing is left of the run."""
        self.path.unlink(missing_ok=True)

    def undone(self, entry: Entry) -> None:
        """Nothing is left of one act."""
        self._file.write("\n" + json.dumps({"undone": entry.number}) + "\n")  # the last line may be torn
        self._file.flush()
        self.entries.remove(entry)

    def _read(self) -> None:
        found: dict[int, Entry] = {}
        for text in self._file:
            line = _line(text)
            if "target" in line:
                self.target = line["target"]
            elif "intent" in line:
                found[line["intent"]] = Entry(line["intent"], line["kind"], line["what"], line["at"])
            elif "outcome" in line:
                found[line["outcome"]].outcome |= {key: line[key] for key in line if key != "outcome"}
            elif "undone" in line:
                found.pop(line["undone"], None)
        self.entries = list(found.values())


def _line(text: str) -> Json:
    """One line; the last one of a killed run may be torn, and then says nothing: its act had not begun."""
    try:
        read = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


@contextmanager
def dead(path: Path) -> Iterator[Left | None]:
    """The journal at `path`, locked meanwhile; None while its run lives, or another sweep is at it, or it is gone."""
    try:
        file = path.open("r+", encoding="utf-8")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield Left(path, file) if path.exists() else None


def is_held(path: Path) -> bool:
    """Whether the run of the journal at `path` lives, or somebody cleans up after it."""
    with dead(path) as left:
        return left is None and path.exists()


def all_paths() -> list[Path]:
    """Every journal there is, the oldest first."""
    return sorted(folder().glob("*.jsonl"))
