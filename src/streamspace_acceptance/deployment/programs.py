"""Calling a program: without a shell, within a total deadline, and with nothing of it left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What the suite holds and no other program needs.
_SECRETS = ("STREAMSPACE_TEST_TOKEN", "STREAMSPACE_ADMIN_PASSWORD", "TOKEN")
_TOLD_CHARACTERS = 300


@dataclass(frozen=True)
class Called:
    """What came of a call. `trouble` says in part of a sentence why it did not succeed; None when it did."""

    command: str
    output: str
    errors: str
    trouble: str | None = None


def call(name: str, *arguments: str, seconds: float) -> Called:
    """Calls the program of that name on PATH; whatever comes of it is in the answer, also that there is none."""
    path = shutil.which(name)
    if path is None:
        return Called(" ".join((name, *arguments)), "", "", f"there is no {name} on PATH")
    return run([path, *arguments], " ".join((name, *arguments)), seconds=seconds)


def run(command: Sequence[str], title: str, *, seconds: float, folder: Path | None = None) -> Called:
    """Runs a program to its end, at most `seconds` long; it and all that it has started is gone afterwards."""
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Called(title, "", "", f"it cannot be started: {error.strerror or error}")
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        output, errors = process.communicate()
        return Called(title, output, errors, f"no answer within {seconds:g} s")
    finally:
        _end(process)
    return Called(title, output, errors, None if process.returncode == 0 else _why(process.returncode, output, errors))


def _end(process: subprocess.Popen[str]) -> None:
    """The whole group: a script's own children hold its output open."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _why(code: int, output: str, errors: str) -> str:
    lines = [line.strip() for line in (errors.strip() or output.strip()).splitlines()]
    return f"it ended with {code}: {lines[-1][:_TOLD_CHARACTERS]}" if lines else f"it ended with {code}, saying nothing"
