"""Listens to the RFB handshake (RFC 6143) in a page's own WebSocket: how far it came, and what the server said."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Generator

from streamspace_acceptance import rfb_protocol
from streamspace_acceptance.rfb_protocol import NONE, V33, V38, VNC_AUTH

_PARTS = Generator[int, bytes, None]
LONGEST = 1024
"""Bytes of a reason or a name that are kept."""


class RfbListener:
    """One WebSocket of a page. `size` is the desktop's in pixels, once the server has told it.

    `greeting` is the server's version, `asks` what it wants to know, `refusal` its own words for a refusal; each is
    empty where there was none.
    """

    def __init__(self) -> None:
        self.greeting = ""
        self.asks = ""
        self.refusal = ""
        self.size: tuple[int, int] | None = None
        self._sent = b""
        self._buffer = b""
        self._parts = self._listen()
        self._wanted: int | None = next(self._parts)

    def sent(self, data: str | bytes) -> None:
        """The page sends something."""
        if isinstance(data, bytes) and len(self._sent) <= rfb_protocol.GREETING_BYTES:
            self._sent += data

    def heard(self, data: str | bytes) -> None:
        """The server sends something: bytes, or a text of base64 that stands for bytes."""
        if self._wanted is None:
            return
        self._buffer += data if isinstance(data, bytes) else _bytes_of(data)
        while self._wanted is not None and len(self._buffer) >= self._wanted:
            part, self._buffer = self._buffer[: self._wanted], self._buffer[self._wanted :]
            try:
                self._wanted = self._parts.send(part)
            except StopIteration:
                self._wanted, self._buffer = None, b""

    @property
    def speaks_rfb(self) -> bool:
        """Whether the server greeted as a VNC server."""
        return bool(self.greeting)

    def trouble(self) -> str | None:
        """The server's refusal or question, in its own words; None where it is content."""
        if self.size is not None or not self.greeting:
            return None
        if self.refusal:
            return f"the VNC server refuses the page: “{self.refusal}”"
        if self.asks:
            return f"the VNC server {self.asks}"
        return None

    def _listen(self) -> _PARTS:
        version = yield rfb_protocol.GREETING_BYTES
        if not version.startswith(b"RFB "):
            return
        self.greeting = rfb_protocol.greeting(version)
        answer = rfb_protocol.ANSWERS.get(version)
        if answer is None:
            return
        kinds = yield from self._security(answer)
        if not kinds:
            return
        self.asks = rfb_protocol.asks_for_password(kinds) or ""
        first = yield 1  # by now the page has made its choice
        kind = kinds[0] if answer == V33 else int.from_bytes(self._sent[12:13], "big")
        self.asks = rfb_protocol.asks_for_password([kind]) or ""
        if kind == VNC_AUTH:
            yield 15  # the rest of the challenge
            first = yield 1
        elif kind != NONE:
            return
        if kind != NONE or answer == V38:
            result = int.from_bytes(first + (yield 3), "big")
            if result:
                yield from self._reason(f"SecurityResult {result}", with_reason=answer == V38)
                return
            first = yield 1
        init = first + (yield 23)
        self.size = struct.unpack("!HH", init[:4])

    def _security(self, version: bytes) -> Generator[int, bytes, list[int]]:
        if version == V33:
            kind = int.from_bytes((yield 4), "big")
            kinds = [kind] if kind else []
        else:
            count = (yield 1)[0]
            kinds = list((yield count)) if count else []
        if not kinds:
            yield from self._reason("no security type", with_reason=True)
        return kinds

    def _reason(self, otherwise: str, *, with_reason: bool) -> _PARTS:
        self.refusal = otherwise
        if with_reason:
            length = int.from_bytes((yield 4), "big")
            reason = yield min(length, LONGEST)
            self.refusal = reason.decode("utf-8", "replace").strip() or otherwise


def _bytes_of(text: str) -> bytes:
    """The bytes that a text stands for; none where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
