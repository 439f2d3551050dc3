"""RFB messages from a viewer to the VNC server of its session: their numbers, and a patch that rewrites them."""

from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.patching import Patch, wrap

TO_SERVER = "streamspace_sandbox.streamspace.api.vnc:to_server"
KEY, POINTER, QEMU_KEY = 4, 5, 255
"""RFB's KeyEvent and PointerEvent, and QEMU's extended key event."""
HANDSHAKE_MESSAGES = 3
"""ProtocolVersion, the choice of security, ClientInit."""

Rewrite = Callable[[bytes], bytes | None]


class _RewritingSocket:
    """A WebSocket whose input messages are rewritten; None drops one. Viewers send each event in its own message."""

    def __init__(self, websocket: Any, rewrite: Rewrite) -> None:
        self._websocket = websocket
        self._rewrite = rewrite
        self._received = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    async def receive(self) -> Any:
        while True:
            message = await self._websocket.receive()
            self._received += 1
            data = message.get("bytes")
            if not data or self._received <= HANDSHAKE_MESSAGES:
                return message
            rewritten = self._rewrite(data)
            if rewritten is not None:
                return message | {"bytes": rewritten}


def rewrite_input(rewrite: Rewrite) -> Patch:
    """Each message of a viewer, after the handshake, becomes `rewrite` of it."""
    return rewrite_input_of_each(lambda: rewrite)


def rewrite_input_of_each(begin: Callable[[], Rewrite]) -> Patch:
    """The same, with a rewrite for each viewer, which may remember."""

    async def to_server_rewritten(to_server: Any, websocket: Any, writer: Any) -> None:
        await to_server(_RewritingSocket(websocket, begin()), writer)

    return wrap(TO_SERVER, to_server_rewritten)
