"""Running the programs that a node uses."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO


class CommandError(Exception):
    """A program ended with an error; the message is its standard error, `code` its exit status."""

    def __init__(self, program: str, code: int, output: str) -> None:
        super().__init__(output or f"{program} ended with status {code}")
        self.code = code


async def run(
    command: Sequence[str],
    *,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> str:
    """The standard output of `command`, once it has ended. Raises CommandError.

    Through files in memory, not pipes: a process that the command leaves running may keep a pipe open.
    """
    with _memory(stdin.encode()) as given, _memory() as output, _memory() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=given, stdout=output, stderr=errors, env=environment, cwd=directory
        )
        code = await process.wait()
        if code:
            raise CommandError(command[0], code, _content(errors))
        return _content(output)


def _memory(content: bytes = b"") -> BinaryIO:
    file = os.fdopen(os.memfd_create("stream"), "w+b", buffering=0)
    file.write(content)
    file.seek(0)
    return file


def _content(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").strip()
