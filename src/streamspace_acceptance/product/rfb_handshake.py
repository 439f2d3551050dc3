"""The RFB handshake (RFC 6143), as noVNC performs it: versions, security, the desktop's size and name."""

from __future__ import annotations

import base64
import binascii
import struct
import warnings
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.utils import CryptographyDeprecationWarning
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

from streamspace_acceptance import rfb_protocol, waiting
from streamspace_acceptance.rfb_protocol import NONE, PLAIN, TIGHT, V33, V38, VENCRYPT, VNC_AUTH

with warnings.catch_warnings():
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

SANE_PIXELS = range(64, 16385)
LONGEST_REASON = 1024
_ACCEPTED = b"\0\0\0\0"
_VENCRYPT_02 = b"\x00\x02"


class NoHandshake(Exception):
    """No RFB server answered as one: the sentence says how far it came.

    `reached`: an RFB server had greeted. `final`: it will say the same to every further try. `rest`: the seconds for
    which a server that limits connections wants no other one.
    """

    def __init__(self, sentence: str, *, reached: bool = False, final: bool = False, rest: float = 0.0) -> None:
        self.reached = reached
        self.final = final
        self.rest = rest
        super().__init__(sentence)


class NotInTime(NoHandshake):
    """The server is silent; the connection itself is open, and what is asked for may still come."""


@dataclass(frozen=True)
class Framebuffer:
    """The content of ServerInit: the desktop's size in pixels and its name. `at`: the time on the monotonic clock.

    `greeting` is the version that the server greeted with, `security` the name of the security type.
    """

    width: int
    height: int
    name: str
    at: float
    greeting: str = ""
    security: str = ""


class Stream:
    """The byte stream inside the messages of a WebSocket, with one deadline for all of it.

    The messages are binary, or `text` frames of base64. `awaited` is what it waits for, `greeting` what the
    server greeted with; both are for a sentence.
    """

    def __init__(self, socket: ClientConnection, address: str, deadline: float, *, text: bool = False) -> None:
        self._socket = socket
        self._text = text
        self._address = address
        self._deadline = deadline
        self._buffer = b""
        self.awaited = "ProtocolVersion"
        self.greeting = ""

    def allow(self, seconds: float) -> None:
        """Sets the deadline anew: what is read from now on must come within `seconds`."""
        self._deadline = waiting.now() + seconds

    def read(self, count: int, what: str) -> bytes:
        """Exactly `count` bytes."""
        self.awaited = what
        while len(self._buffer) < count:
            try:
                message = self._socket.recv(timeout=max(self._deadline - waiting.now(), 0.0))
            except TimeoutError as error:
                late = self.missing(str(error) or "not in time")
                raise NotInTime(str(late), reached=late.reached) from error
            except (OSError, WebSocketException) as error:
                raise self.missing(str(error) or type(error).__name__) from error
            self._buffer += self._bytes_of(message, what)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _bytes_of(self, message: str | bytes, what: str) -> bytes:
        if isinstance(message, bytes):
            return message
        if not self._text:
            raise NoHandshake(f"text came instead of the {what}: {message[:80]!r}")
        try:
            return base64.b64decode(message, validate=True)
        except binascii.Error as error:
            raise NoHandshake(f"text that is not base64 came instead of the {what}: {message[:80]!r}") from error

    def number(self, what: str) -> int:
        """A number of four bytes."""
        return int(struct.unpack("!I", self.read(4, what))[0])

    def send(self, data: bytes) -> None:
        """Sends `data`; NoHandshake when the server is gone."""
        try:
            self._socket.send(base64.b64encode(data).decode() if self._text else data)
        except (OSError, WebSocketException) as error:
            raise NoHandshake(
                f"{self._address} ended the connection in the handshake{self.greeted}: {error}", reached=True
            ) from error

    def missing(self, reason: str) -> NoHandshake:
        """The error for what did not come."""
        sentence = f"no {self.awaited} came from {self._address}{self.greeted}: {reason}"
        return NoHandshake(sentence, reached=bool(self.greeting))

    @property
    def greeted(self) -> str:
        """The greeting, for a sentence; empty before it came."""
        return f", which had greeted with {self.greeting}" if self.greeting else ""


def perform_handshake(stream: Stream, password: str | None) -> Framebuffer:
    """The whole handshake. `password` answers a server that asks for one; NoHandshake where there is none to give."""
    version = stream.read(rfb_protocol.GREETING_BYTES, "ProtocolVersion")
    answer = rfb_protocol.ANSWERS.get(version)
    if answer is None:
        raise NoHandshake(f"the server greets with {version!r}, which is not an RFB version that noVNC takes")
    stream.greeting = rfb_protocol.greeting(version)
    stream.send(answer)
    security = _agree_on_security(stream, answer, password)
    stream.send(b"\x01")  # ClientInit: share the desktop with other viewers
    width, height = struct.unpack("!HH", stream.read(4, "ServerInit"))
    _check_format(stream.read(16, "pixel format"))
    length = stream.number("length of the desktop's name")
    if width not in SANE_PIXELS or height not in SANE_PIXELS or length > 4096:
        raise NoHandshake(f"ServerInit tells of {width}x{height} pixels and a name of {length} bytes", reached=True)
    name = stream.read(length, "desktop's name").decode("utf-8", "replace")
    return Framebuffer(width, height, name, waiting.now(), stream.greeting, security)


def _agree_on_security(stream: Stream, version: bytes, password: str | None) -> str:
    """The name of the security type, once the server is content."""
    if version == V33:
        kind = stream.number("security type")
        if kind == 0:
            raise _refused(stream, "refuses the connection")
        kinds = [kind]
    else:
        count = stream.read(1, "number of security types")[0]
        if count == 0:
            raise _refused(stream, "refuses the connection")
        kinds = list(stream.read(count, "security types"))
    kind = next((offered for offered in (NONE, VNC_AUTH, VENCRYPT, TIGHT) if offered in kinds), 0)
    asked = rfb_protocol.asks_for_password(kinds)
    if kind == 0 or (asked and password is None):
        raise _not_agreed(stream, kinds, asked)
    if version != V33:
        stream.send(bytes([kind]))
    _ANSWERS[kind](stream, password or "")
    if kind != NONE or version == V38:
        _check_result(stream, version)
    return rfb_protocol.security(kind)


def _not_agreed(stream: Stream, kinds: list[int], asked: str | None) -> NoHandshake:
    if asked:
        sentence = f"the VNC server {asked}, and STREAMSPACE_VNC_PASSWORD is not set"
    else:
        names = ", ".join(map(rfb_protocol.security, kinds))
        sentence = f"the server offers security types {kinds} ({names}), of which the suite speaks none"
    return NoHandshake(f"{sentence} (it greeted with {stream.greeting})", reached=True, final=True)


def _refused(stream: Stream, how: str, *, final: bool = False) -> NoHandshake:
    """The server's own words for a refusal follow."""
    length = min(stream.number("length of the reason"), LONGEST_REASON)
    reason = stream.read(length, "reason").decode("utf-8", "replace").strip()
    words = f"“{reason}”" if reason else "without a reason"
    return NoHandshake(f"the VNC server {how}: {words} (it greeted with {stream.greeting})", reached=True, final=final)


def _check_result(stream: Stream, version: bytes) -> None:
    result = stream.read(4, "SecurityResult")
    if result == _ACCEPTED:
        return
    number = int.from_bytes(result, "big")
    if version == V38:
        raise _refused(stream, f"refused (SecurityResult {number})", final=True)
    raise NoHandshake(f"the server refused: SecurityResult {number}", reached=True, final=True)


def _answer_challenge(stream: Stream, password: str) -> None:
    """VNC authentication: DES of 16 bytes, by the password's first 8 bytes with their bits in reverse."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode("latin-1", "replace")[:8].ljust(8, b"\0"))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 - as RFC 6143 has it
    stream.send(encryptor.update(stream.read(16, "challenge")) + encryptor.finalize())


def _answer_vencrypt(stream: Stream, password: str) -> None:
    """VeNCrypt 0.2 with a subtype that leaves TLS to the browser: None, VncAuth or Plain."""
    stream.read(2, "VeNCrypt version")
    stream.send(_VENCRYPT_02)
    if stream.read(1, "answer to the VeNCrypt version") != b"\0":
        raise NoHandshake("the VNC server does not speak VeNCrypt 0.2", reached=True, final=True)
    count = stream.read(1, "number of VeNCrypt subtypes")[0]
    kinds = list(struct.unpack(f"!{count}I", stream.read(4 * count, "VeNCrypt subtypes")))
    kind = next((offered for offered in (NONE, VNC_AUTH, PLAIN) if offered in kinds), None)
    if kind is None:
        names = ", ".join(map(rfb_protocol.security, kinds))
        raise NoHandshake(f"the VNC server offers the VeNCrypt subtypes {names} alone", reached=True, final=True)
    stream.send(struct.pack("!I", kind))
    if kind == PLAIN:
        user, _, secret = password.rpartition(":")
        parts = user.encode(), secret.encode()
        stream.send(struct.pack("!II", len(parts[0]), len(parts[1])) + parts[0] + parts[1])
    elif kind == VNC_AUTH:
        _answer_challenge(stream, password)


def _answer_tight(stream: Stream, password: str) -> None:
    """Tight security without tunnels, and None or VncAuth inside it."""
    tunnels = stream.number("number of tunnels")
    if tunnels:
        stream.read(16 * tunnels, "tunnels")
        stream.send(struct.pack("!I", 0))
    count = stream.number("number of Tight authentications")
    kinds = [struct.unpack("!I", stream.read(16, "Tight authentication")[:4])[0] for _ in range(count)]
    if not kinds or NONE in kinds:
        stream.send(struct.pack("!I", NONE) if kinds else b"")
    elif VNC_AUTH in kinds and password:
        stream.send(struct.pack("!I", VNC_AUTH))
        _answer_challenge(stream, password)
    else:
        raise _not_agreed(stream, kinds, rfb_protocol.asks_for_password(kinds))


_ANSWERS: dict[int, Callable[[Stream, str], None]] = {
    NONE: lambda _stream, _password: None,
    VNC_AUTH: _answer_challenge,
    VENCRYPT: _answer_vencrypt,
    TIGHT: _answer_tight,
}


def _check_format(pixel_format: bytes) -> None:
    bits, depth = pixel_format[0], pixel_format[1]
    if bits not in (8, 16, 32) or not 0 < depth <= bits:
        raise NoHandshake(f"ServerInit tells of {bits} bits a pixel at depth {depth}", reached=True)
