"""Commands in containers, over WebSocket: `v5.channel.k8s.io`, and `v4` for older clients.

Messages are binary; the first byte is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 the terminal's
new size, and with v5 255, which closes the channel that its second byte names.
"""

import asyncio
from collections.abc import AsyncIterator

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from streamspace_sandbox.kubernetes.apiserver.pods import container_of
from streamspace_sandbox.kubernetes.apiserver.request import Target, flag
from streamspace_sandbox.kubernetes.apiserver.responses import error_answer
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.machinery.runtime import ExecSession, Runtime
from streamspace_sandbox.kubernetes.registry.store import Store

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255


def _checked(connection: Request | WebSocket, target: Target, store: Store) -> tuple[Obj, str, list[str]]:
    """(pod, container, command). Raises `ApiError` 404 and 400."""
    query = connection.query_params
    pod = store.get(target.resource, target.namespace, target.name or "")
    container = container_of(pod, query.get("container"))
    command = query.getlist("command")
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    return pod, container, command


def refuse_plain_exec(request: Request, target: Target, store: Store) -> Response:
    """Refuse an exec without WebSocket (SPDY). Raises `ApiError` with what is wrong."""
    _checked(request, target, store)
    raise bad_request(f"exec is served over WebSocket only ({', '.join(PROTOCOLS)})")


async def serve_exec(websocket: WebSocket, target: Target, store: Store, runtime: Runtime) -> None:
    """Run the command that the query asks for; a request that cannot be served gets an ordinary HTTP error."""
    try:
        pod, container, command = _checked(websocket, target, store)
        protocol = next((offer for offer in PROTOCOLS if offer in websocket.scope["subprotocols"]), None)
        if protocol is None:
            raise bad_request(f"exec needs one of the subprotocols {', '.join(PROTOCOLS)}")
        query = websocket.query_params
        session = await runtime.exec(pod, container, command, tty=flag(query, "tty"), stdin=flag(query, "stdin"))
    except ApiError as error:
        await websocket.send_denial_response(error_answer(error))
        return
    try:
        await websocket.accept(protocol)
        await _Exchange(websocket, session).run()
    finally:
        await session.kill()


class _Exchange:
    """Carries the streams of one command between its client and the container."""

    def __init__(self, websocket: WebSocket, session: ExecSession) -> None:
        self._websocket = websocket
        self._session = session

    async def run(self) -> None:
        """Until the command has ended and its status is sent, or the client has left."""
        listening = asyncio.create_task(self._receive_input())
        running = asyncio.create_task(self._send_output())
        try:
            await asyncio.wait({listening, running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            listening.cancel()
            running.cancel()
            for task in (listening, running):
                try:
                    await task
                except* (asyncio.CancelledError, WebSocketDisconnect):
                    # A client that left is an ordinary end; any other failure is raised here.
                    pass

    async def _send_output(self) -> None:
        async with asyncio.TaskGroup() as streams:
            streams.create_task(self._pump(STDOUT, self._session.stdout()))
            streams.create_task(self._pump(STDERR, self._session.stderr()))
        status = exit_status(await self._session.wait())
        await self._websocket.send_bytes(bytes([ERROR]) + orjson.dumps(status))
        await self._websocket.close()

    async def _pump(self, channel: int, chunks: AsyncIterator[bytes]) -> None:
        prefix = bytes([channel])
        async for chunk in chunks:
            await self._websocket.send_bytes(prefix + chunk)

    async def _receive_input(self) -> None:
        """Hand on what the client sends; returns when it has left."""
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or (message.get("text") or "").encode()
            if data:
                await self._take(data[0], data[1:])

    async def _take(self, channel: int, payload: bytes) -> None:
        if channel == STDIN and payload:
            await self._session.write(payload)
        elif channel == CLOSE and payload[:1] == bytes([STDIN]):
            await self._session.close_stdin()
        elif channel == RESIZE:
            size = orjson.loads(payload)
            await self._session.resize(int(size["Width"]), int(size["Height"]))


def exit_status(code: int) -> Obj:
    """The Status object that ends an exec."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
