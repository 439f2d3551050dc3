"""The readiness probe's answer: 200 while the agent is connected to the API, 503 otherwise."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
NOT_READY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 14\r\nConnection: close\r\n\r\nnot connected\n"


async def serve_readiness(port: int, ready: Callable[[], bool]) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A probe that only opens the connection or closes it early is not an error.
        with suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(READY if ready() else NOT_READY)
            await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "0.0.0.0", port)
