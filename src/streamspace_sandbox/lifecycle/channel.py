"""The connection between `up` and its control plane: one line of JSON per message, over a socket pair.

The control plane sends `{"kubernetes_port": N}` once it answers, or `{"failed": sentence}`. `up` sends
`{"deployed": true}` when StreamSpace is Ready; if `up` ends before that, the control plane removes everything.
"""

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INSTANCE_VARIABLE = "STREAMSPACE_SANDBOX_INSTANCE"
OWNER_VARIABLE = "STREAMSPACE_SANDBOX_OWNER"
VARIABLE = "STREAMSPACE_SANDBOX_CHANNEL"
"""In the control plane's environment: the instance's name, its owner's process id, and the descriptor of its end."""


@dataclass(frozen=True)
class Owner:
    """The process whose end ends the instance. `handle` is None if it has ended already."""

    pid: int
    handle: int | None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Owner | None":
        """The owner that the environment names."""
        pid = environment.get(OWNER_VARIABLE)
        if not pid:
            return None
        try:
            return cls(int(pid), os.pidfd_open(int(pid)))
        except ProcessLookupError:
            return cls(int(pid), None)


class StartChannel:
    """One end. `receive` returns None when the other end is closed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises ConnectionError when the other end is closed."""
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        try:
            line = await self._reader.readline()
        except ConnectionError:
            return None
        message: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return message

    def close(self) -> None:
        self._writer.close()


async def on_socket(end: socket.socket) -> StartChannel:
    return StartChannel(*await asyncio.open_unix_connection(sock=end))


async def inherited() -> StartChannel | None:
    """The control plane's end; None when it was started by hand."""
    number = os.environ.pop(VARIABLE, None)
    return await on_socket(socket.socket(fileno=int(number))) if number else None
