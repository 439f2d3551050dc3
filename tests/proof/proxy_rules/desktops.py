"""Proxy rules about desktops: what the page does, and what becomes of a viewer's keys and clicks."""

import re
import struct
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from tests.proof.proxy import Line, Reply, Rule

KEY, POINTER, QEMU_KEY = 4, 5, 255  # types of messages (RFC 6143 and QEMU's extension)
HANDS = frozenset(map(bytes, ([KEY], [POINTER], [QEMU_KEY])))
UPDATE_REQUEST, CONTINUOUS_UPDATES = 3, 150
POINTER_BYTES, KEY_BYTES, QEMU_KEY_BYTES, AREA_BYTES = 6, 8, 12, 10
WHEEL_UP, WHEEL_DOWN = 0x08, 0x10  # the pointer's fourth and fifth button
FIRST_SCRIPT = "/rfb.js"
HANDSHAKE_BYTES = 14
MOVED_SECONDS = 1.0
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


class BesideInTheRightHalf(Beside):
    """The same in the right half of a desktop of so many pixels across alone."""

    def __init__(self, across: int, down: int, width: int = 1280) -> None:
        super().__init__(across, down)
        self._half = width // 2

    def hears(self, message: bytes) -> bytes:
        is_pointer = len(message) == POINTER_BYTES and message[0] == POINTER
        is_there = is_pointer and int.from_bytes(message[2:4]) >= self._half
        return super().hears(message) if is_there else message


class LosesKeys(Rule):
    """Some keys do not arrive."""

    def __init__(self, keysyms: Collection[int]) -> None:
        self._lost = frozenset(keysyms)

    def hears(self, message: bytes) -> bytes:
        return b"" if keysym(message) in self._lost else message


class FreezesAfter(Rule):
    """A desktop's picture never changes again after some seconds of the connection, which stays open."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def tells(self, line: Line, message: bytes) -> bytes:
        return b"" if _age(line) > self._seconds else message


class DeafAfter(Rule):
    """The desktop hears nothing more of its viewer but requests for pictures, after some seconds of the connection."""

    def __init__(self, kinds: Collection[int], seconds: float) -> None:
        self._kinds = frozenset(kinds)
        self._seconds = seconds

    def hears_on(self, line: Line, message: bytes) -> bytes:
        return b"" if message[:1] and message[0] in self._kinds and _age(line) > self._seconds else message


class DeafFrom(Rule):
    """The desktop hears its viewers from the so-manieth on of nothing but requests for pictures."""

    def __init__(self, viewer: int) -> None:
        self._hearing = viewer - 1
        self._viewers = 0

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if "number" not in line.notes:
            self._viewers += 1
            line.notes["number"] = self._viewers
        number = line.notes["number"]
        assert isinstance(number, int)
        return b"" if number > self._hearing and message[:1] in HANDS else message


class DeafOnceWoken(DeafFrom):
    """The same of all viewers that come after the first waking of a session."""

    def __init__(self) -> None:
        super().__init__(1 << 30)

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "POST" and path.endswith("/wake") and reply.status < 300:
            self._hearing = min(self._hearing, self._viewers)
        return reply


class DeafAfterFirstWaking(DeafFrom):
    """The same of all viewers between the first and the second waking of a session."""

    def __init__(self) -> None:
        super().__init__(1 << 30)
        self._wakings = 0

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "POST" and path.endswith("/wake") and reply.status < 300:
            self._wakings += 1
            self._hearing = self._viewers if self._wakings == 1 else 1 << 30
        return reply


class EndsAfter(Rule):
    """Each connection of a browser is cut after some seconds, whatever passes on it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def severs(self, line: Line) -> bool:
        return line.browser and _age(line) > self._seconds


class ShowsOnlyWhatIsPointedAt(Rule):
    """The picture changes only while the pointer moves: what comes later is shown with the next movement."""

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if message[:1] == bytes([POINTER]):
            line.notes["moved"] = time.monotonic()
        return message

    def tells(self, line: Line, message: bytes) -> bytes:
        moved = line.notes.get("moved", time.monotonic())
        assert isinstance(moved, float)
        kept = line.notes.pop("kept", b"")
        assert isinstance(kept, bytes)
        if time.monotonic() - moved < MOVED_SECONDS:
            return kept + message
        line.notes["kept"] = kept + message
        return b""


class TurnsTwice(Rule):
    """Each turn of the wheel by a notch counts as two: of either of its buttons, or of one."""

    def __init__(self, buttons: int = WHEEL_UP | WHEEL_DOWN) -> None:
        self._buttons = buttons

    def hears(self, message: bytes) -> bytes:
        wheel = len(message) == POINTER_BYTES and message[0] == POINTER and message[1] & self._buttons
        return message + bytes([POINTER, message[1] & ~self._buttons]) + message[2:] + message if wheel else message


class EndsInSilence(Rule):
    """A gateway ends each connection on which the desktop sent nothing for some seconds, whatever its viewer sends."""

    def __init__(self, seconds: float) -> None:
        self.silence = seconds


class LosesButtons(Rule):
    """Some buttons of the mouse are not heard, or only while the pointer rests."""

    def __init__(self, mask: int) -> None:
        self._mask = mask

    def hears(self, message: bytes) -> bytes:
        if len(message) != POINTER_BYTES or message[0] != POINTER:
            return message
        return message[:1] + bytes([message[1] & ~self._mask]) + message[2:]


class Doubles(Rule):
    """Each press counts twice: of keys, or of the mouse's buttons. A key that is down already cannot be pressed."""

    def __init__(self, kind: int) -> None:
        self._kind = kind

    def hears(self, message: bytes) -> bytes:
        if message[:1] != bytes([self._kind]):
            return message
        place = 3 if self._kind == QEMU_KEY else 1
        released = message[:place] + b"\0" + message[place + 1 :]
        return message + released + message if message[place] else message


class LosesQuickClicks(Rule):
    """A press of the mouse that comes too soon after the last release is taken for a bounce, and lost."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if len(message) != POINTER_BYTES or message[0] != POINTER:
            return message
        held, released = line.notes.get("held", 0), line.notes.get("released", 0.0)
        assert isinstance(held, int)
        assert isinstance(released, float)
        line.notes["held"] = message[1]
        if held and not message[1]:
            line.notes["released"] = time.monotonic()
        bounces = bool(message[1]) and not held and time.monotonic() - released < self._seconds
        line.notes["lost"] = bounces or (bool(message[1]) and bool(line.notes.get("lost")))
        return message[:1] + b"\0" + message[2:] if line.notes["lost"] else message


class SwapsButtons(Rule):
    """The left button of the mouse counts as the right one, and the right one as the left."""

    def hears(self, message: bytes) -> bytes:
        if len(message) != POINTER_BYTES or message[0] != POINTER:
            return message
        buttons = message[1]
        swapped = buttons & ~0x05 | (buttons & 0x01) << 2 | (buttons & 0x04) >> 2
        return message[:1] + bytes([swapped]) + message[2:]


class LagsBehind(Rule):
    """The pointer is always where it was before its last movement, also when a button is pressed."""

    def hears_on(self, line: Line, message: bytes) -> bytes:
        if len(message) != POINTER_BYTES or message[0] != POINTER:
            return message
        place = message[2:]
        last = line.notes.setdefault("place", place)
        if place != last:
            line.notes |= {"before": last, "place": place}
        before = line.notes.get("before", place)
        assert isinstance(before, bytes)
        return message[:2] + before


class FirstPictureAlone(Rule):
    """The first picture of a desktop stays for ever; its connection and its input go on."""

    def tells(self, line: Line, message: bytes) -> bytes:
        return b"" if line.to_viewer > PICTURE_BYTES else message


class StaysBeyond(Rule):
    """What changes to the right of a share of the desktop is shown with the next whole picture alone."""

    def __init__(self, share: float) -> None:
        self._share = share

    def hears(self, message: bytes) -> bytes:
        of_changes = message[:2] == bytes([UPDATE_REQUEST, 1]) or message[:1] == bytes([CONTINUOUS_UPDATES])
        if len(message) != AREA_BYTES or not of_changes:
            return message
        kind, flag, left, top, width, height = struct.unpack("!BBHHHH", message)
        return struct.pack("!BBHHHH", kind, flag, left, top, int(width * self._share), height)


class Mistypes(Rule):
    """One key arrives as another."""

    def __init__(self, keys: Mapping[int, int]) -> None:
        self._keys = keys

    def hears(self, message: bytes) -> bytes:
        key = keysym(message)
        if key is None or key not in self._keys:
            return message
        # Without a keycode, so that only the keysym counts.
        down = message[1:2] if len(message) == KEY_BYTES else message[3:4]
        return bytes([KEY]) + down + b"\0\0" + self._keys[key].to_bytes(4)


class LosesReleases(Rule):
    """The release of a key is lost, each time."""

    def __init__(self, keysyms: Collection[int]) -> None:
        self._lost = frozenset(keysyms)

    def hears(self, message: bytes) -> bytes:
        if keysym(message) not in self._lost:
            return message
        down = message[1] if len(message) == KEY_BYTES else message[3]
        return message if down else b""


class OtherClient(Rule):
    """The client of the page is not the one that it should be: a file of it is missing, or is another page."""

    def __init__(self, path: str, reply: Reply) -> None:
        self._path = path
        self._reply = reply

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        return self._reply if self._path in path else reply


def _age(line: Line) -> float:
    """Seconds since the line's first message."""
    began = line.notes.setdefault("began", time.monotonic())
    assert isinstance(began, float)
    return time.monotonic() - began
