"""Calls of programs: without a shell, within a total deadline, and without processes left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Secrets of the suite that no other program needs.
_SECRETS = ("STREAMSPACE_TEST_TOKEN", "STREAMSPACE_ADMIN_PASSWORD", "STREAMSPACE_VNC_PASSWORD", "TOKEN")
_SHOWN_CHARACTERS = 300
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class CommandResult:
    """The result of a call. `trouble` says why it did not succeed; None when it did."""

    command: str
    output: str
    errors: str
    trouble: str | None = None


def call(name: str, *arguments: str, seconds: float) -> CommandResult:
    """Calls the program of that name on PATH; a missing program is a result as well."""
    path = shutil.which(name)
    if path is None:
        return CommandResult(" ".join((name, *arguments)), "", "", f"there is no {name} on PATH")
    return run([path, *arguments], " ".join((name, *arguments)), seconds=seconds)


def run(
    command: Sequence[str], title: str, *, seconds: float, folder: Path | None = None, children_stay: bool = False
) -> CommandResult:
    """Runs a program to its end, at most `seconds` long, then ends it and all its children.

    With `children_stay`, the children of a successful program keep running: a deployment may leave some.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    # Files, since a child that goes on holds a pipe open.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return CommandResult(title, "", "", f"it cannot be started: {error.strerror or error}")
        code: int | None = None
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return CommandResult(title, _end_of(output), _end_of(errors), f"no answer within {seconds:g} s")
        finally:
            if code != 0 or not children_stay:
                _end(process)
        texts = _end_of(output), _end_of(errors)
        return CommandResult(title, *texts, None if code == 0 else _why(code, *texts))


def _end_of(file: IO[bytes]) -> str:
    """The text of a file, or its end if the file is long."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _MOST_BYTES, 0))
    return file.read().decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group, a script's own children among it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):  # a program of another user's may refuse
        process.wait(1)


def _why(code: int, output: str, errors: str) -> str:
    lines = [line.strip() for line in (errors.strip() or output.strip()).splitlines()]
    return (
        f"it ended with {code}: {lines[-1][:_SHOWN_CHARACTERS]}" if lines else f"it ended with {code}, saying nothing"
    )
