"""The VNC bridge: RFB in binary WebSocket messages on one side, TCP to the session's pod on the other."""

import asyncio
import logging
import socket
from contextlib import suppress
from http import HTTPStatus

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from streamspace_sandbox.streamspace.api.errors import ApiError, error_response

log = logging.getLogger("streamspace.api")

CONNECT_DEADLINE = 5.0
CHUNK_BYTES = 64 * 1024
SERVER_GONE = 1011
UNSUPPORTED = 1003
SUBPROTOCOL = "binary"


async def bridge(websocket: WebSocket, host: str, port: int) -> None:
    """Join the WebSocket to the VNC server at host:port until either side ends."""
    try:
        async with asyncio.timeout(CONNECT_DEADLINE):
            reader, writer = await asyncio.open_connection(host, port, limit=CHUNK_BYTES)
    except (OSError, TimeoutError) as error:
        sentence = f"The session's VNC server does not answer: {error or 'no connection in time'}."
        unreachable = ApiError(HTTPStatus.BAD_GATEWAY, "vnc_unreachable", sentence)
        await websocket.send_denial_response(error_response(unreachable))
        return
    _without_delay(writer)
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    outward = asyncio.create_task(_to_browser(reader, websocket))
    inward = asyncio.create_task(to_server(websocket, writer))
    try:
        await asyncio.wait((outward, inward), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (outward, inward):
            task.cancel()
        await asyncio.gather(outward, inward, return_exceptions=True)
        writer.close()
    if websocket.application_state == WebSocketState.CONNECTED and websocket.client_state == WebSocketState.CONNECTED:
        # The other side may close at the same moment.
        with suppress(RuntimeError, WebSocketDisconnect):
            await websocket.close(SERVER_GONE, "the desktop ended the connection")


async def _to_browser(reader: asyncio.StreamReader, websocket: WebSocket) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        await websocket.send_bytes(chunk)


async def to_server(websocket: WebSocket, writer: asyncio.StreamWriter) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes")
        if data is None:
            await websocket.close(UNSUPPORTED, "RFB goes in binary messages")
            return
        writer.write(data)
        await writer.drain()


def _without_delay(writer: asyncio.StreamWriter) -> None:
    # A key press is a packet of its own, which must not wait for more data.
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
