"""The child processes of this program: list them, and end one."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def children(of: int | None = None) -> frozenset[int]:
    """The ids of the processes that this one, or the one of that id, has started and that are still there."""
    parent = os.getpid() if of is None else of
    return frozenset(pid for pid, started_by in _parents().items() if started_by == parent)


def end(pid: int) -> None:
    """Kill a descendant of this process; another process that has its id by now is not touched."""
    parents, ancestor = _parents(), pid
    while ancestor in parents and ancestor != os.getpid():
        ancestor = parents[ancestor]
    if ancestor == os.getpid() != pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parents() -> dict[int, int]:
    """The id of every process with its parent's id."""
    if (_PROC / "self" / "stat").exists():
        return dict(pair for entry in _PROC.iterdir() if entry.name.isdigit() for pair in _of_stat(entry / "stat"))
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, timeout=5, check=True)
    return {int(pid): int(parent) for pid, parent in map(str.split, listed.stdout.splitlines())}


def _of_stat(path: Path) -> list[tuple[int, int]]:
    """(id, parent) as Linux tells it after the name, which may hold anything; nothing of a process that is gone."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [(int(path.parent.name), int(text.rpartition(")")[2].split()[1]))]
