"""TCP forwarders: connections to a Service's address are passed on to one of its pods."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import cast

from streamspace_sandbox.host.outer_network import tcp_socket

Backend = tuple[str, int]
"""Address and port of a pod that is Ready."""

BACKLOG = 256
CONNECT_SECONDS = 5.0


class _Half(asyncio.Protocol):
    """One side of a forwarded connection: what it receives, its peer sends."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: _Half | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)

    def eof_received(self) -> bool:
        """The other direction stays open, as over a plain connection."""
        if self.peer is not None and self.peer.transport is not None and self.peer.transport.can_write_eof():
            self.peer.transport.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        peer, self.peer, self.transport = self.peer, None, None
        if peer is not None and peer.transport is not None:
            # A broken connection breaks on the other side too; a closed one closes there.
            (peer.transport.abort if error else peer.transport.close)()

    def pause_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.resume_reading()


class _Front(_Half):
    """The client's side: what it sends before a pod has been reached is kept."""

    def __init__(self, choose: Callable[[], Backend | None], tasks: set[asyncio.Task[None]]) -> None:
        super().__init__()
        self._choose = choose
        self._tasks = tasks
        self._early: list[bytes] = []
        self._early_end = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        task = asyncio.get_running_loop().create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def data_received(self, data: bytes) -> None:
        if self.peer is None:
            self._early.append(data)
        else:
            super().data_received(data)

    def eof_received(self) -> bool:
        self._early_end = self.peer is None
        return super().eof_received()

    async def _connect(self) -> None:
        backend = self._choose()
        back = _Half()
        # Before it is connected, so that nothing it says can come too early.
        back.peer = self
        try:
            if backend is None:
                raise ConnectionRefusedError("no pod is Ready")
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().create_connection(lambda: back, *backend)
        except (OSError, TimeoutError):
            if self.transport is not None:
                self.transport.abort()
            return
        self._join(back)

    def _join(self, back: _Half) -> None:
        if back.transport is None:
            # The pod has closed it already, and this side with it.
            return
        if self.transport is None:
            # The client has left meanwhile.
            back.transport.abort()
            return
        self.peer = back
        for data in self._early:
            back.transport.write(data)
        self._early.clear()
        if self._early_end:
            back.transport.write_eof()


class Forwarder:
    """Forwards one address and port. It listens only while there is a pod, so that else connections are refused."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = port
        self._backends: Sequence[Backend] = ()
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._claim = _claimed(address, port)
        # Holds the port while nothing listens on it. Raises OSError when another program has it.
        try:
            self._reservation = _bound(address, port, reuse=False)
        except OSError:
            self._claim.close()
            raise

    def forward_to(self, backends: Sequence[Backend]) -> None:
        """Pass new connections on to these, in turn; those that exist stay where they are."""
        self._backends = backends
        if backends and self._server is None and self._opening is None:
            listening = _bound(self.address, self.port, reuse=True)
            # At once, not in the loop's next turn: a client that sees the Service's pod Ready may connect.
            listening.listen(BACKLOG)
            self._opening = asyncio.get_running_loop().create_task(self._serve(listening))
        elif not backends and self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        self._backends = ()
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
            self._server = None
        self._reservation.close()
        self._claim.close()

    async def _serve(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Front(self._choose, self._tasks), sock=listening)
        finally:
            self._opening = None
        if not self._backends:
            self._server.close()
            self._server = None

    def _choose(self) -> Backend | None:
        if not self._backends:
            return None
        self._turn += 1
        return self._backends[self._turn % len(self._backends)]


def _claimed(address: str, port: int) -> socket.socket:
    """A claim that one forwarder of this machine's network holds. Raises OSError (EADDRINUSE) when another has it.

    The kernel lets sockets of several sandboxes share a port, and would give each a part of the connections.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(f"\0streamspace-sandbox/{address}:{port}")
    except OSError:
        claim.close()
        raise
    return claim


def _bound(address: str, port: int, *, reuse: bool) -> socket.socket:
    """A socket at a port that only sockets like it may share.

    `reuse` takes a port on which old connections still linger. The socket that reserves the port does without: two
    sockets that reuse a port and do not listen can be bound by different programs.
    """
    bound = tcp_socket(address)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(reuse))
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.setblocking(False)
    try:
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
