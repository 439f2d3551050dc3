"""Free and occupied TCP ports of this machine."""

import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from streamspace_sandbox.host.outer_network import tcp_socket

Opened = TypeVar("Opened")
HIGHEST = 65535
PROC = Path("/proc")
_LISTENING = "0A"


def next_free(address: str, port: int, make: Callable[[str, int], Opened]) -> Opened:
    """The result of `make` for the first free port from `port` on. Raises OSError when all are taken."""
    for candidate in range(port, HIGHEST + 1):
        if is_taken(address, candidate):
            continue
        try:
            return make(address, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise OSError(errno.EADDRINUSE, f"no port from {port} on is free on {address}")


def is_taken(address: str, port: int) -> bool:
    """Whether a process listens there, or on all addresses of the machine."""
    with tcp_socket(address) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return True
    return False


def listen(address: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises OSError."""
    opened = tcp_socket(address)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
        opened.listen(512)
    except OSError:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


def holder(port: int, proc: Path = PROC) -> str:
    """Who listens on the port: a program with its process id, as far as this process may see it."""
    sockets = {f"socket:[{inode}]" for inode in _listeners(port, proc)}
    for process in sorted(proc.glob("[0-9]*")):
        with contextlib.suppress(OSError):
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return "a program of another user or container"


def _listeners(port: int, proc: Path) -> Iterator[str]:
    """The inodes of the sockets that listen on the port, at any address."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
