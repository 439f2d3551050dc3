"""What faults need that stand between a viewer and the VNC server of its session."""

from collections.abc import Callable
from typing import Any

from streamspace_sandbox.faults.patching import wrap

TO_SERVER = "streamspace_sandbox.streamspace.api.vnc:_to_server"
KEY, POINTER, QEMU_KEY = 4, 5, 255
"""RFB's KeyEvent and PointerEvent, and QEMU's extended key event."""
HANDSHAKE_MESSAGES = 3
"""ProtocolVersion, the choice of security, ClientInit."""

Rewrite = Callable[[bytes], bytes | None]


class _Rewriting:
    """A WebSocket whose input messages are rewritten; None drops one. The viewer sends each in a message of its own."""

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


def rewriting(rewrite: Rewrite) -> Callable[[], None]:
    """A patch of the API: each message of a viewer, after the handshake, becomes what `rewrite` makes of it."""

    def patch() -> None:
        def make(to_server: Any) -> Any:
            async def to_server_rewritten(websocket: Any, writer: Any) -> None:
                await to_server(_Rewriting(websocket, rewrite), writer)

            return to_server_rewritten

        wrap(TO_SERVER, make)

    return patch
