"""What the API server needs of the nodes: logs, exec and usage. The kubelet implements it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from streamspace_sandbox.kubernetes.machinery.resources import Obj


@dataclass(frozen=True)
class LogOptions:
    """Which part of a container's log is wanted, as in the query of `GET .../pods/{name}/log`."""

    follow: bool = False
    tail_lines: int | None = None
    since_seconds: float | None = None
    since_time: datetime | None = None
    timestamps: bool = False
    previous: bool = False


@dataclass(frozen=True)
class ContainerStats:
    """What one running container uses."""

    namespace: str
    pod: str
    container: str
    cpu_nanoseconds: int
    """CPU time since the container started."""
    cpu_nanocores: int
    """CPU used over `window_seconds`, in billionths of a core."""
    memory_bytes: int
    """Working set."""


@dataclass(frozen=True)
class NodeStats:
    """What one node uses, all its pods together."""

    node: str
    cpu_nanocores: int
    memory_bytes: int


@dataclass(frozen=True)
class Stats:
    """Usage of everything at one moment."""

    taken_at: datetime
    window_seconds: float
    containers: Sequence[ContainerStats]
    nodes: Sequence[NodeStats]


class ExecSession(Protocol):
    """A command running in a container."""

    async def write(self, data: bytes) -> None:
        """Hand `data` to the command's standard input; waits while the command does not read.

        What a command that has closed its input or ended no longer reads is lost, as in a shell's pipe.
        """

    async def close_stdin(self) -> None:
        """End of input."""

    def stdout(self) -> AsyncIterator[bytes]:
        """Output as it comes, until the end; with a terminal all output is here."""
        ...

    def stderr(self) -> AsyncIterator[bytes]: ...

    async def resize(self, columns: int, rows: int) -> None:
        """New size of the terminal; ignored without one."""

    async def wait(self) -> int:
        """The exit code, once the command has ended."""
        ...

    async def kill(self) -> None:
        """End the command because its client left; harmless when it has ended."""


class Runtime(Protocol):
    """The nodes as the API server sees them. Methods raise `ApiError` for what the client is to be told."""

    async def logs(self, pod: Obj, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """The container's log, in chunks of whole or partial lines; ends at once, or with `follow` when it stops.

        Raises before it returns, for example 400 for a container that has not started.
        """
        ...

    async def exec(self, pod: Obj, container: str, command: Sequence[str], *, tty: bool, stdin: bool) -> ExecSession:
        """Start `command` in a running container."""
        ...

    async def stats(self) -> Stats:
        """Usage of all running containers and of all nodes."""
        ...
