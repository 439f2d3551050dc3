"""Running the programs that a node is made of."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO


class CommandError(Exception):
    """A program ended with an error; the message is what it wrote to standard error, `code` its exit status."""

    def __init__(self, program: str, code: int, said: str) -> None:
        super().__init__(said or f"{program} ended with status {code}")
        self.code = code


async def run(
    command: Sequence[str],
    *,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> str:
    """What `command` wrote to standard output until it ended. Raises CommandError.

    Through files in memory, not pipes: what the command leaves running may hold a pipe open for ever.
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
