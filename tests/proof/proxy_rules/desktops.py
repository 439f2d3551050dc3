"""Proxy rules about desktops: what the page does, and what becomes of a viewer's keys and clicks."""

import re
import struct
from collections.abc import Collection
from dataclasses import replace

from tests.proof.proxy import Line, Reply, Rule

KEY, POINTER, QEMU_KEY = 4, 5, 255  # types of messages (RFC 6143 and QEMU's extension)
POINTER_BYTES, KEY_BYTES, QEMU_KEY_BYTES = 6, 8, 12
FIRST_SCRIPT = "/rfb.js"
HANDSHAKE_BYTES = 14
PICTURE_BYTES, UNTOUCHED_BYTES = 3000, 300  # to a viewer that shows something; from one that has only asked for that


def keysym(message: bytes) -> int | None:
    """The key that a message is about, as X11 calls it; None when it is about none."""
    if (len(message), message[:1]) in ((KEY_BYTES, bytes([KEY])), (QEMU_KEY_BYTES, bytes([QEMU_KEY]))):
        return int.from_bytes(message[4:8])
    return None


class Spins(Rule):
    """The desktop's page never comes to an end in a browser; fetched plainly, it is as always."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        page = path.endswith("/viewer.js")
        return replace(reply, body=reply.body + b"\nwhile (true) {}\n") if page else reply


class Minified(Rule):
    """The noVNC client as a bundler leaves it: no comments, and no class is called what it was called."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.endswith(FIRST_SCRIPT):
            return reply
        text = re.sub(r"/\*.*?\*/", "", reply.body.decode(), flags=re.DOTALL)
        text = re.sub(r"\bclass RFB\b|\bRFB\.", lambda found: found[0].replace("RFB", "t"), text)
        return replace(reply, body=text.replace("noVNC requires", "This client requires").encode())


class TornInTheHandshake(Rule):
    """The browser's connection to the desktop is torn once RFB's version and security types have come."""

    def severs(self, line: Line) -> bool:
        return line.browser and line.to_viewer >= HANDSHAKE_BYTES


class TornWhenTouched(Rule):
    """The browser's connection to the desktop is torn when a user who sees it lays hands on it."""

    def severs(self, line: Line) -> bool:
        return line.browser and line.to_viewer > PICTURE_BYTES and line.from_viewer > UNTOUCHED_BYTES


class NoPointer(Rule):
    def hears(self, message: bytes) -> bytes:
        return b"" if len(message) >= POINTER_BYTES and message[0] == POINTER else message


class Beside(Rule):
    """Whatever is pointed at, the desktop hears of a place some pixels beside it."""

    def __init__(self, across: int, down: int) -> None:
        self._across = across
        self._down = down

    def hears(self, message: bytes) -> bytes:
        if len(message) != POINTER_BYTES or message[0] != POINTER:
            return message
        kind, buttons, across, down = struct.unpack("!BBHH", message)
        return struct.pack("!BBHH", kind, buttons, max(across + self._across, 0), max(down + self._down, 0))


class LosesKeys(Rule):
    """Some keys do not arrive."""

    def __init__(self, keysyms: Collection[int]) -> None:
        self._lost = frozenset(keysyms)

    def hears(self, message: bytes) -> bytes:
        return b"" if keysym(message) in self._lost else message
