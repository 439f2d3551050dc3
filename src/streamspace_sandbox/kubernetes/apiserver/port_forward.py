"""Ports of pods over WebSocket, `v4.channel.k8s.io`, as the Kubernetes clients for Python and JavaScript ask for them.

Messages are binary; the first byte is the channel: 0 the data of the port, 1 an error. Each channel begins with the
port's number in two bytes. kubectl tunnels another protocol, which is not served.
"""

import asyncio
import struct

from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from streamspace_sandbox.kubernetes.apiserver.request import Target
from streamspace_sandbox.kubernetes.apiserver.responses import error_answer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.objects import name_of
from streamspace_sandbox.kubernetes.registry.store import Store

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = b"\x00", b"\x01"
PIECE_BYTES = 64 * 1024


def _checked(connection: Request | WebSocket, target: Target, store: Store) -> tuple[str, int]:
    """(the pod's address, port). Raises `ApiError` 404 and 400."""
    pod = store.get(target.resource, target.namespace, target.name or "")
    ports = connection.query_params.getlist("ports")
    if len(ports) != 1 or not ports[0].isdigit() or not 0 < int(ports[0]) < 2**16:
        raise bad_request("query parameter ports must be one number of a port")
    address = (pod.get("status") or {}).get("podIP")
    if (pod.get("status") or {}).get("phase") != "Running" or not address:
        raise bad_request(f"pod {name_of(pod)} is not running")
    return address, int(ports[0])


def refuse_plain_port_forward(request: Request, target: Target, store: Store) -> Response:
    """Refuse a port-forward without WebSocket (SPDY). Raises `ApiError` with what is wrong."""
    _checked(request, target, store)
    raise bad_request(f"port-forward is served over WebSocket only ({PROTOCOL})")


async def serve_port_forward(websocket: WebSocket, target: Target, store: Store) -> None:
    """Carry one connection to the pod's port; a request that cannot be served gets an ordinary HTTP error."""
    try:
        address, port = _checked(websocket, target, store)
        if PROTOCOL not in websocket.scope["subprotocols"]:
            raise bad_request(f"port-forward needs the subprotocol {PROTOCOL}")
    except ApiError as error:
        await websocket.send_denial_response(error_answer(error))
        return
    await websocket.accept(PROTOCOL)
    for channel in (DATA, ERROR):
        await websocket.send_bytes(channel + struct.pack("<H", port))
    try:
        reader, writer = await asyncio.open_connection(address, port)
    except OSError as error:
        await websocket.send_bytes(ERROR + f"error forwarding port {port} to the pod: {error.strerror}".encode())
        await websocket.close()
        return
    try:
        await _carry(websocket, reader, writer)
    finally:
        writer.close()


async def _carry(websocket: WebSocket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the client has left or the pod has ended the connection."""

    async def to_client() -> None:
        while piece := await reader.read(PIECE_BYTES):
            await websocket.send_bytes(DATA + piece)
        await websocket.close()

    async def to_pod() -> None:
        while True:
            piece = await websocket.receive_bytes()
            writer.write(piece[1:])
            await writer.drain()

    ways = {asyncio.create_task(to_client()), asyncio.create_task(to_pod())}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        for way in ways:
            try:
                await way
            except* (asyncio.CancelledError, WebSocketDisconnect, ConnectionError):
                # One side has gone, which ends the other; any other failure is raised here.
                pass
