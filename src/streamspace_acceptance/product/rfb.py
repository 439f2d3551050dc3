"""A raw RFB probe (RFC 6143): the handshake that a VNC viewer makes, through the product's own WebSocket."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from streamspace_acceptance import waiting
from streamspace_acceptance.product import tls

HANDSHAKE_SECONDS = 5.0
NO_SECURITY = 1
SANE_PIXELS = range(64, 16385)
MESSAGE_BYTES = 1 << 20


class NoHandshake(Exception):
    """No RFB server answered as one: the sentence says how far it came."""


class NotInTime(NoHandshake):
    """The server is silent; the connection itself is open, and what is asked for may still come."""


@dataclass(frozen=True)
class Framebuffer:
    """The content of ServerInit: the desktop's size in pixels and its name. `at`: the time on the monotonic clock."""

    width: int
    height: int
    name: str
    at: float


class RfbStream:
    """The byte stream inside the binary messages of a WebSocket, with one deadline for all of it."""

    def __init__(self, socket: ClientConnection, address: str, deadline: float) -> None:
        self._socket = socket
        self._address = address
        self._deadline = deadline
        self._buffer = b""

    def allow(self, seconds: float) -> None:
        """Sets the deadline anew: what is read from now on must come within `seconds`."""
        self._deadline = waiting.now() + seconds

    def read(self, count: int, what: str) -> bytes:
        """Exactly `count` bytes."""
        while len(self._buffer) < count:
            try:
                message = self._socket.recv(timeout=max(self._deadline - waiting.now(), 0.0))
            except TimeoutError as error:
                raise NotInTime(f"no {what} came from {self._address}: {error or 'not in time'}") from error
            except (OSError, WebSocketException) as error:
                reason = str(error) or type(error).__name__
                raise NoHandshake(f"no {what} came from {self._address}: {reason}") from error
            if isinstance(message, str):
                raise NoHandshake(f"text came instead of the {what}: {message[:80]!r}")
            self._buffer += message
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def send(self, data: bytes) -> None:
        """Sends `data`; NoHandshake when the server is gone."""
        try:
            self._socket.send(data)
        except (OSError, WebSocketException) as error:
            raise NoHandshake(f"{self._address} ended the connection: {error}") from error


@contextmanager
def handshake(
    address: str, token: str, seconds: float = HANDSHAKE_SECONDS, *, trusted: ssl.SSLContext | None = None
) -> Iterator[Framebuffer]:
    """A desktop whose handshake was completed within `seconds`, held open meanwhile; NoHandshake otherwise.

    `trusted` says whose certificates are accepted at a wss:// address; the system's where it is None.
    """
    with opened(address, token, seconds, trusted=trusted) as (framebuffer, _):
        yield framebuffer


@contextmanager
def opened(
    address: str, token: str, seconds: float = HANDSHAKE_SECONDS, *, trusted: ssl.SSLContext | None = None
) -> Iterator[tuple[Framebuffer, RfbStream]]:
    """The same, with the stream of what follows the handshake."""
    deadline = waiting.now() + seconds
    context = trusted if address.startswith("wss:") else None
    try:
        socket = waiting.within(seconds, lambda: _connect(address, token, seconds, context), what="the opening")
    except (OSError, EOFError, WebSocketException, waiting.DeadlineExceeded) as error:
        reason = tls.trouble(error) or error
        raise NoHandshake(f"the WebSocket {address} does not open: {reason}") from error
    stream = RfbStream(socket, address, deadline)
    try:
        framebuffer = _shake(stream)
    except NoHandshake:
        # Nobody waits for its end: the other side may be as silent about that as about all else.
        Thread(target=socket.close, name="end of a handshake", daemon=True).start()
        raise
    try:
        yield framebuffer, stream
    finally:
        socket.close()


def _connect(address: str, token: str, seconds: float, trusted: ssl.SSLContext | None) -> ClientConnection:
    return connect(
        address,
        ssl=trusted,
        additional_headers={"Authorization": f"Bearer {token}"},
        open_timeout=seconds,
        close_timeout=0.3,  # twice, at worst
        max_size=MESSAGE_BYTES,
        compression=None,
        proxy=None,
        legacy=True,  # the connection itself: `handshake` is its context manager
    )


def _shake(stream: RfbStream) -> Framebuffer:
    version = stream.read(12, "ProtocolVersion")
    if version not in (b"RFB 003.003\n", b"RFB 003.007\n", b"RFB 003.008\n"):
        raise NoHandshake(f"the server greets with {version!r}, which is not an RFB version")
    stream.send(version)
    _agree_on_security(stream, version)
    stream.send(b"\x01")  # ClientInit: share the desktop with other viewers
    width, height = struct.unpack("!HH", stream.read(4, "ServerInit"))
    _check_format(stream.read(16, "pixel format"))
    (length,) = struct.unpack("!I", stream.read(4, "length of the desktop's name"))
    if width not in SANE_PIXELS or height not in SANE_PIXELS or length > 4096:
        raise NoHandshake(f"ServerInit tells of {width}x{height} pixels and a name of {length} bytes")
    name = stream.read(length, "desktop's name").decode("utf-8", "replace")
    return Framebuffer(width, height, name, waiting.now())


def _agree_on_security(stream: RfbStream, version: bytes) -> None:
    if version == b"RFB 003.003\n":
        (kind,) = struct.unpack("!I", stream.read(4, "security type"))
        if kind != NO_SECURITY:
            raise NoHandshake(f"the server chose security type {kind}, not None (1)")
        return
    kinds = stream.read(stream.read(1, "number of security types")[0], "security types")
    if NO_SECURITY not in kinds:
        raise NoHandshake(f"the server offers security types {list(kinds)}, not None (1)")
    stream.send(bytes([NO_SECURITY]))
    if version == b"RFB 003.008\n" and (result := stream.read(4, "SecurityResult")) != b"\0\0\0\0":
        raise NoHandshake(f"the server refused: SecurityResult {int.from_bytes(result, 'big')}")


def _check_format(pixel_format: bytes) -> None:
    bits, depth = pixel_format[0], pixel_format[1]
    if bits not in (8, 16, 32) or not 0 < depth <= bits:
        raise NoHandshake(f"ServerInit tells of {bits} bits a pixel at depth {depth}")


def attempt(
    address: str, token: str, during: Callable[[], None] = lambda: None, *, trusted: ssl.SSLContext | None = None
) -> Framebuffer | str:
    """The desktop of one handshake, with `during` done while it is open; or the sentence that says how it failed."""
    try:
        with handshake(address, token, trusted=trusted) as framebuffer:
            during()
            return framebuffer
    except NoHandshake as error:
        return str(error)
