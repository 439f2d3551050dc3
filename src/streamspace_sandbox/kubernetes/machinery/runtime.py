"""The interface between API server and kubelet: logs, exec and usage."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from streamspace_sandbox.kubernetes.machinery.resources import Obj


@dataclass(frozen=True)
class LogOptions:
    """The part of a container's log to return, as in the query of `GET .../pods/{name}/log`."""

    follow: bool = False
    tail_lines: int | None = None
    since_seconds: float | None = None
    since_time: datetime | None = None
    timestamps: bool = False
    previous: bool = False


@dataclass(frozen=True)
class ContainerStats:
    """The usage of one running container."""

    namespace: str
    pod: str
    container: str
    cpu_nanoseconds: int
    """CPU time since the container started."""
    cpu_nanocores: int
    """CPU used over `window_seconds`, in billionths of a core."""
    memory_bytes: int
    """Working set."""
    sampled_at: datetime
    """When the counter was read."""


@dataclass(frozen=True)
class NetworkStats:
    """The bytes that a pod received and sent since it started."""

    namespace: str
    pod: str
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True)
class NodeStats:
    """The usage of one node, all its pods together."""

    node: str
    cpu_nanocores: int
    memory_bytes: int


@dataclass(frozen=True)
class Stats:
    """The usage of all containers and nodes at one moment."""

    taken_at: datetime
    window_seconds: float
    containers: Sequence[ContainerStats]
    nodes: Sequence[NodeStats]
    networks: Sequence[NetworkStats] = ()


class ExecSession(Protocol):
    """A command running in a container."""

    async def write(self, data: bytes) -> None:
        """Hand `data` to the command's standard input; waits while the command does not read.

        Data that the command does not read before it closes its input or ends is lost, as in a shell's pipe.
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
    """The nodes as the API server sees them. Methods raise `ApiError` with the answer to the client."""

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
