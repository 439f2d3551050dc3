"""An HTTP proxy for tests: hosts that end in `.test` are this machine, and every host that was asked for is noted."""

import asyncio
import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"


class HttpProxy:
    """Tunnels for CONNECT, and plain requests passed on; with `credentials` (user:password), only for who has them."""

    def __init__(self, credentials: str | None = None) -> None:
        self.asked: set[str] = set()
        self.port = 0
        self._credentials = credentials and base64.b64encode(credentials.encode()).decode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        """Listen on a free port until `end`."""
        server = await asyncio.start_server(self._attend, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(HEAD_END)
            method, target, _ = head.decode("latin-1").split("\r\n", 1)[0].split(" ")
            place = urlsplit(f"//{target}" if method == "CONNECT" else target)
            if self._credentials and f"Basic {self._credentials}".encode() not in head:
                writer.write(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n\r\n')
                await writer.drain()
            else:
                await self._pass_on(method, head, (place.hostname or "", place.port or 80), reader, writer)
        writer.close()

    async def _pass_on(
        self,
        method: str,
        head: bytes,
        place: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.asked.add(f"{method} {place[0]}" if method == "CONNECT" else f"HTTP {place[0]}")
        host = "127.0.0.1" if place[0].endswith(".test") else place[0]
        their_reader, their_writer = await asyncio.open_connection(host, place[1])
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            their_writer.write(head)
        await asyncio.gather(_pipe(reader, their_writer), _pipe(their_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def http_proxy(credentials: str | None = None) -> Iterator[HttpProxy]:
    """A proxy in a thread of its own while the context lasts."""
    proxy, ready = HttpProxy(credentials), threading.Event()
    loop = asyncio.new_event_loop()
    end = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(ready, end),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
