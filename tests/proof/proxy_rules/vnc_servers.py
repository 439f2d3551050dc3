"""Proxy rules about VNC servers: what they greet with, what they ask for, and how they refuse."""

import os
import struct
from collections.abc import Sequence

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tests.proof.proxy import Line, Reply, Rule
from tests.proof.proxy_rules.viewer_pages import Edit, Page, same

GREETING_BYTES, CHALLENGE_BYTES = 12, 16
NONE, VNC_AUTH = b"\x01", b"\x02"
OFFER = b"\x01\x01"
MORE = b"\x03\x05\x12\x01"  # RA2, TLS, None
FINE = b"\0\0\0\0"
INITIALISED_BYTES = GREETING_BYTES + len(OFFER) + len(FINE)  # what comes next is ServerInit
BELL, CLIPBOARD = b"\x02", b"\x03\0\0\0" + struct.pack("!I", 5) + b"hello"
HTML = "text/html"
TOO_MANY = b"Too many security failures"


def refusal(reason: bytes) -> bytes:
    """No security type, and a reason."""
    return b"\0" + struct.pack("!I", len(reason)) + reason


class Wants(Page):
    """The WebSocket wants a subprotocol, which the page offers."""

    def __init__(self, protocol: str, script: Edit = same) -> None:
        super().__init__(script=script)
        self._protocol = protocol

    def refuses(self, path: str, offered: Sequence[str], *, browser: bool) -> Reply | None:
        if self._protocol in offered:
            return None
        return Reply(400, "text/plain", b"Sec-WebSocket-Protocol is missing")


class WantsNone(Rule):
    """The WebSocket takes no subprotocol at all."""

    def refuses(self, path: str, offered: Sequence[str], *, browser: bool) -> Reply | None:
        return Reply(400, "text/plain", b"unknown subprotocol") if offered else None


class Answers(Rule):
    """Every upgrade is answered with a status of HTTP."""

    def __init__(self, status: int, *, browsers: bool = False) -> None:
        self._status = status
        self._browsers = browsers

    def refuses(self, path: str, offered: Sequence[str], *, browser: bool) -> Reply | None:
        return Reply(self._status, HTML, b"<html>hello") if browser or not self._browsers else None


class Greets(Rule):
    """The VNC server greets with another version."""

    def __init__(self, greeting: bytes) -> None:
        self._greeting = greeting

    def tells(self, line: Line, message: bytes) -> bytes:
        return self._greeting + message[GREETING_BYTES:] if line.to_viewer == 0 else message


class OffersMore(Rule):
    """The VNC server offers security types that no viewer in a browser knows, before the one that it knows."""

    def tells(self, line: Line, message: bytes) -> bytes:
        return MORE if line.to_viewer == GREETING_BYTES and message == OFFER else message


class RingsAtFirst(Rule):
    """Before its first picture, the desktop rings and shares its clipboard."""

    def tells(self, line: Line, message: bytes) -> bytes:
        return message + BELL + CLIPBOARD if line.to_viewer == INITIALISED_BYTES else message


class Refuses(Rule):
    """The VNC server offers no security type, and says why."""

    def __init__(self, reason: bytes) -> None:
        self._reason = reason

    def tells(self, line: Line, message: bytes) -> bytes:
        return refusal(self._reason) if line.to_viewer >= GREETING_BYTES else message


class LocksOutFrom(Rule):
    """From the n-th viewer in a browser on, of whatever session, a VNC server refuses as TigerVNC does."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._viewers = 0

    def tells(self, line: Line, message: bytes) -> bytes:
        if not line.browser:
            return message
        if line.to_viewer == 0 and "number" not in line.notes:
            self._viewers += 1
            line.notes["number"] = self._viewers
        number = line.notes["number"]
        locked = isinstance(number, int) and number >= self._since and line.to_viewer == GREETING_BYTES
        return refusal(TOO_MANY) if locked else message


class LocksOut(Rule):
    """As TigerVNC does: who ends `most` handshakes early is refused from then on."""

    def __init__(self, most: int = 5) -> None:
        self._most = most
        self._marks = 0

    def tells(self, line: Line, message: bytes) -> bytes:
        if line.to_viewer == 0 and message:
            self._marks += 1
        if line.to_viewer == GREETING_BYTES and self._marks > self._most:
            return refusal(TOO_MANY)
        return message

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if line.from_viewer > GREETING_BYTES:  # ClientInit
            self._marks = 0
        return message


class AsksForPassword(Page):
    """The VNC server asks for a password (VncAuth), and the page for the same."""

    def __init__(self, password: str, script: Edit = same) -> None:
        super().__init__(script=script)
        self._password = password

    def tells(self, line: Line, message: bytes) -> bytes:
        if line.to_viewer == GREETING_BYTES:
            return b"\x01" + VNC_AUTH
        if line.to_viewer == GREETING_BYTES + 2:
            line.notes["challenge"] = challenge = os.urandom(CHALLENGE_BYTES)
            return challenge
        if line.to_viewer == GREETING_BYTES + 2 + CHALLENGE_BYTES:
            return FINE + message
        return message

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if line.from_viewer == GREETING_BYTES:
            return NONE
        if line.from_viewer == GREETING_BYTES + 1:
            challenge = line.notes["challenge"]
            key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in self._password.encode()[:8].ljust(8, b"\0"))
            encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 - as RFC 6143 has it
            right = isinstance(challenge, bytes) and message == encryptor.update(challenge)
            return b"\x01" if right else b""  # ClientInit, in the viewer's place; a wrong answer is met with silence
        if line.from_viewer == GREETING_BYTES + 2 and "greeted" not in line.notes:
            line.notes["greeted"] = True
            return b""
        return message
