"""Files of JSON lines in the user's state folder, each locked while its process lives.

The kernel releases a lock when its process dies, so a recycled process id is not mistaken for a run. The files are not
in reports/, which people delete and which belongs to one working directory.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from streamspace_acceptance.user_home import user_home

Json = dict[str, Any]

BEGUN_SECONDS = 3600.0
"""A hidden file that is older was left by a killed process: it gets its name after milliseconds."""


class RecordError(Exception):
    """A line could not be written, and no part of it is on disk. The message has the reason and the remedy."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} cannot be written ({error.strerror or error}), and the suite changes nothing that it "
            "cannot record: free some space, or set XDG_STATE_HOME to a folder that can be written"
        )


def folder() -> Path:
    """Where these files are kept: below XDG_STATE_HOME, `~/.local/state` where it is not set."""
    state = os.environ.get("XDG_STATE_HOME") or str(user_home() / ".local" / "state")
    return Path(state) / "streamspace-acceptance"


class LockedFile:
    """A new file, locked before anybody can see it. A line is written as a whole or not at all (RecordError)."""

    def __init__(self, kind: str, first: Json) -> None:
        self.path = folder() / f"{int(time.time())}-{os.getpid()}-{secrets.token_hex(3)}.{kind}"
        self._size = 0
        hidden = self.path.with_suffix(".new")
        try:
            hidden.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _clear(hidden.parent)
            self._file = hidden.open("xb", buffering=0)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RecordError(self.path, error) from error
        try:
            self.write(first)
            hidden.rename(self.path)  # nobody sees a file that is not locked yet
        except BaseException:
            hidden.unlink(missing_ok=True)
            self._file.close()
            raise

    def write(self, line: Json, *, outlasts_machine: bool = False) -> None:
        """Writes a line that outlasts the process, and on demand the machine as well."""
        data = (json.dumps(line) + "\n").encode()
        try:
            _put(self._file.fileno(), data)
            if outlasts_machine:
                os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):  # else its end is torn, which readers know
                self._file.truncate(self._size)
                self._file.seek(self._size)
            raise RecordError(self.path, error) from error
        self._size += len(data)

    def remove(self) -> None:
        """Removes the file; it stays locked until it is closed."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlocks it."""
        self._file.close()


@contextmanager
def acquire_stale(path: Path) -> Iterator[TextIO | None]:
    """The file at `path`, locked meanwhile; None while its process lives, another process has it, or it does not exist.

    Bytes that are not text, after a crash of the machine, are read as replacement characters.
    """
    try:
        file = path.open("r+", encoding="utf-8", errors="replace")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file if path.exists() else None


def append(path: Path, file: TextIO, line: Json) -> None:
    """Adds a line to the file of a dead process, whose last one may be torn; RecordError."""
    try:
        os.lseek(file.fileno(), 0, os.SEEK_END)
        _put(file.fileno(), f"\n{json.dumps(line)}\n".encode())
    except OSError as error:
        raise RecordError(path, error) from error


def is_locked(path: Path) -> bool:
    """Whether the process of the file at `path` lives, or another one cleans up after it."""
    with acquire_stale(path) as file:
        return file is None and path.exists()


def parse_line(text: str) -> Json:
    """One line; a torn last line of a killed process is empty, since the act that it announces had not begun."""
    try:
        read = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def first_line(path: Path) -> Json:
    """The first line of the file at `path`, locked or not; empty if it does not exist."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return parse_line(file.readline())
    except FileNotFoundError:
        return {}


def _put(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _clear(place: Path) -> None:
    """Removes the hidden files of killed processes."""
    for path in place.glob("*.new"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > BEGUN_SECONDS:
                path.unlink()


def paths(kind: str) -> list[Path]:
    """Every file of that kind, the oldest first."""
    return sorted(folder().glob(f"*.{kind}"))
