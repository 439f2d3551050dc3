"""A proxy before the API of a sandbox, HTTP and WebSocket, that alters what a rule tells it to and nothing else."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import (
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TCPConnector,
    WSMsgType,
    WSServerHandshakeError,
    web,
)

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "accept-encoding"}


@dataclass(frozen=True)
class Reply:
    """An answer of the API on its way to the client."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Line:
    """What has passed on one WebSocket so far, in bytes: to the viewer, and from it. `browser`: the viewer is one.

    `notes` is for a rule that remembers something of each.
    """

    browser: bool
    notes: dict[str, object] = field(default_factory=dict)
    to_viewer: int = 0
    from_viewer: int = 0

    def count(self, data: bytes, *, heard: bool) -> None:
        """Some of it has passed."""
        self.from_viewer += len(data) * heard
        self.to_viewer += len(data) * (not heard)


class Rule:
    """What a fault does to what passes; this one does nothing. One object serves one run and may remember."""

    delay = 0.0
    """Seconds by which every answer comes later, and every message of a desktop or its viewer."""
    silence: float | None = None
    """Seconds after which a viewer's connection is ended on which the desktop sent nothing."""
    base = ""
    """The path below which the product is served, such as /streamspace."""

    def denies(self, method: str, path: str, token: str) -> Reply | None:
        """The refusal of a caller by their token, which is empty for none."""
        return None

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        """An answer in the API's place, which then does not hear of the request."""
        return None

    def page_instead(self, path: str, query: str) -> Reply | None:
        """The same for a page, by its whole address."""
        return None

    def hold(self, path: str) -> float:
        """Seconds for which the answer to a path has a head and no end."""
        return 0.0

    def lateness(self, method: str, path: str) -> float:
        """Seconds by which the answer to one call comes later."""
        return 0.0

    def echo(self, method: str, path: str) -> float | None:
        """Seconds after which the API hears of the request once more, or for the first time; None for never."""
        return None

    def times(self, method: str, path: str) -> int:
        """How often the API hears of the request; its last answer counts."""
        return 1

    def asks(self, path: str, body: bytes) -> tuple[str, bytes]:
        """The path and the body that the API gets of a request."""
        return path, body

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        """The answer that the client gets."""
        return reply

    def cuts(self, method: str, path: str) -> bool:
        """Whether the answer ends in the middle."""
        return False

    def admits(self, path: str) -> bool:
        """Whether a viewer gets to a session's desktop."""
        return True

    def leads(self, path: str) -> str:
        """The path at which a viewer arrives."""
        return path

    def refuses(self, path: str, offered: Sequence[str], *, browser: bool) -> Reply | None:
        """The refusal of a WebSocket, by the subprotocols that are offered and whether a browser asks."""
        return None

    def tells(self, line: Line, message: bytes) -> bytes:
        """What the viewer gets of a message of the session's desktop; nothing, if it is empty."""
        return message

    def severs(self, line: Line) -> bool:
        """Whether a WebSocket is torn now: before it opens, or after a message."""
        return False

    def hears(self, message: bytes) -> bytes:
        """What the session's desktop gets of a message of its viewer; nothing, if it is empty."""
        return message

    def hears_on(self, line: Line, message: bytes) -> bytes:
        """The same, for a rule that has to know the WebSocket."""
        return self.hears(message)


class _Proxy:
    """Every request goes to `upstream`, by the rule."""

    def __init__(self, upstream: str, rule: Rule) -> None:
        self._upstream = upstream
        self._rule = rule
        self._echoes: list[asyncio.Future[None]] = []

    async def open(self) -> web.AppRunner:
        self._client = ClientSession(
            connector=TCPConnector(limit=0), auto_decompress=False, timeout=ClientTimeout(total=60)
        )
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    async def close(self, runner: web.AppRunner) -> None:
        await runner.cleanup()
        await self._client.close()
        unfinished = asyncio.all_tasks() - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)  # else the loop complains of them at its end

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if not request.path.startswith(self._rule.base):
            return web.Response(status=404, text="nothing is served here")
        if self._rule.base:
            request = request.clone(rel_url=request.raw_path.removeprefix(self._rule.base))
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_messages(request)
        body = await request.read()
        await asyncio.sleep(self._rule.delay + self._rule.lateness(request.method, request.path))
        if self._rule.hold(request.path):
            return await self._hold(request)
        reply = self._instead(request, body)
        later = self._rule.echo(request.method, request.path)
        if later is not None:
            self._echoes.append(asyncio.ensure_future(self._ask_later(request, body, later)))
        if reply is not None:
            headers = {"Content-Type": reply.content_type, **reply.headers}
            return web.Response(status=reply.status, body=reply.body, headers=headers)
        for _ in range(self._rule.times(request.method, request.path)):
            found, passed = await self._ask(request, body)
        reply = self._rule.alter(request.method, request.path, found)
        passed |= {"Content-Type": reply.content_type, **reply.headers}
        return await self._give(request, reply, passed)

    def _instead(self, request: web.Request, body: bytes) -> Reply | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        reply = self._rule.denies(request.method, request.path, token)
        reply = reply or self._rule.page_instead(request.path, request.query_string)
        return reply or self._rule.instead(request.method, request.path, body)

    async def _give(self, request: web.Request, reply: Reply, headers: Mapping[str, str]) -> web.StreamResponse:
        if self._rule.cuts(request.method, request.path):
            return await _cut(request, reply, headers)
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    async def _hold(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "font/woff2", "Content-Length": "40000"})
        await answer.prepare(request)
        await asyncio.sleep(self._rule.hold(request.path))
        return answer

    async def _ask_later(self, request: web.Request, body: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._ask(request, body)

    async def _ask(self, request: web.Request, body: bytes) -> tuple[Reply, dict[str, str]]:
        path, body = self._rule.asks(request.raw_path, body)
        url, headers = self._upstream + path, _end_to_end(request.headers)
        async with self._client.request(
            request.method, url, data=body, headers=headers, allow_redirects=False
        ) as answer:
            found = Reply(answer.status, answer.headers.get("Content-Type", ""), await answer.read())
            return found, _end_to_end(answer.headers)

    async def _pass_messages(self, request: web.Request) -> web.StreamResponse:
        if not self._rule.admits(request.path):
            return web.Response(status=503, text="no desktop here")
        offered = [
            protocol.strip()
            for protocol in request.headers.get("Sec-WebSocket-Protocol", "").split(",")
            if protocol.strip()
        ]
        browser = "Origin" in request.headers
        refusal = self._rule.refuses(request.path, offered, browser=browser)
        if refusal is not None:
            return web.Response(
                status=refusal.status,
                body=refusal.body,
                headers={"Content-Type": refusal.content_type, **refusal.headers},
            )
        line = Line(browser)
        if self._rule.severs(line):
            _tear(request)
            return web.Response()
        headers = {
            name: value for name, value in _end_to_end(request.headers).items() if "websocket" not in name.lower()
        }
        url = self._upstream.replace("http", "ws", 1) + self._rule.leads(request.raw_path)
        try:
            opened = await self._client.ws_connect(url, headers=headers, protocols=offered, compress=0)
        except WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        async with opened as server:
            viewer = web.WebSocketResponse(protocols=[server.protocol] if server.protocol else [], compress=False)
            await viewer.prepare(request)
            ways = [
                asyncio.ensure_future(self._copy(viewer, server, line, heard=True)),
                asyncio.ensure_future(self._copy(server, viewer, line, heard=False)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            if self._rule.severs(line):
                _tear(request)
            await viewer.close()
        return viewer

    async def _copy(self, source: "_Socket", target: "_Socket", line: Line, *, heard: bool) -> None:
        """Each message comes late by the delay, and none overtakes another; until one side ends, or it is torn."""
        clock, way = asyncio.get_running_loop().time, asyncio.Queue[tuple[float, bytes]]()

        async def deliver() -> None:
            patience = None if heard else self._rule.silence
            with suppress(TimeoutError):
                while not self._rule.severs(line):
                    due, data = await asyncio.wait_for(way.get(), patience)
                    await asyncio.sleep(due - clock())
                    await target.send_bytes(data)
                    line.count(data, heard=heard)

        async def take() -> None:
            async for message in source:
                if message.type == WSMsgType.BINARY:
                    data = self._rule.hears_on(line, message.data) if heard else self._rule.tells(line, message.data)
                    if data:
                        way.put_nowait((clock() + self._rule.delay, data))

        both = [asyncio.ensure_future(deliver()), asyncio.ensure_future(take())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()


_Socket = ClientWebSocketResponse | web.WebSocketResponse


async def _cut(request: web.Request, reply: Reply, headers: Mapping[str, str]) -> web.StreamResponse:
    """The first half of the answer."""
    length = {"Content-Length": str(len(reply.body))}
    answer = web.StreamResponse(status=reply.status, headers={**headers, **length})
    await answer.prepare(request)
    await answer.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer


def _tear(request: web.Request) -> None:
    """Ends the connection without a word."""
    if request.transport is not None:
        request.transport.abort()


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}


@contextmanager
def proxied(upstream: str, rule: Rule) -> Iterator[str]:
    """The base URL of a proxy before the API at `upstream`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    proxy = _Proxy(upstream, rule)
    runner = asyncio.run_coroutine_threadsafe(proxy.open(), loop).result(10)
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{rule.base}"
    finally:
        asyncio.run_coroutine_threadsafe(proxy.close(runner), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
