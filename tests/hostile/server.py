"""A hostile server: the first part of the path says how it answers. `python -m tests.hostile.server FOLDER`.

It is a process of its own, so that its memory is not taken for the suite's. Its first line says its ports: plain HTTP
and WebSocket, then TLS with a good certificate, an expired one, a self-signed one, and one for another host. FOLDER
gets ca.pem, which signed all but the self-signed one.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import socket
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.hostile.certificates import contexts

Writer = asyncio.StreamWriter
LASTS = 60.0  # seconds, longer than any client waits
DRIP = 0.05
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MIB = 1024 * 1024
BOMB = gzip.compress(b'{"items": [' + b" " * (300 * MIB) + b"]}", 6) if __name__ == "__main__" else b""
POD = {
    "metadata": {"name": "p", "uid": "u", "resourceVersion": "7", "labels": {}},
    "spec": {"containers": [{"name": "c"}]},
}
FORMAT = bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])


def head(status: str = "200 OK", length: int | None = None, *more: str, kind: str = "application/json") -> bytes:
    lengths = [] if length is None else [f"Content-Length: {length}"]
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *lengths, *more, "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(body: bytes, status: str = "200 OK", *more: str, kind: str = "application/json") -> bytes:
    return head(status, len(body), *more, kind=kind) + body


async def drip(writer: Writer, data: bytes) -> None:
    """One byte at a time, for ever."""
    for _ in range(int(LASTS / DRIP)):
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(DRIP)


async def pour(writer: Writer, data: bytes) -> None:
    """As fast as it is taken, for ever."""
    while True:
        writer.write(data)
        await writer.drain()


async def silence(path: str, writer: Writer) -> None:
    await asyncio.sleep(LASTS)


async def drip_headers(path: str, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await drip(writer, b"a")


async def drip_body(path: str, writer: Writer) -> None:
    writer.write(head())
    await drip(writer, b" ")


async def reset(path: str, writer: Writer) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def cut_body(path: str, writer: Writer) -> None:
    writer.write(head(length=1000) + b'{"items": [')


async def endless_body(path: str, writer: Writer) -> None:
    writer.write(head() + b'{"items": [')
    await pour(writer, b" " * MIB)


async def endless_header(path: str, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await pour(writer, b"x" * MIB)


async def endless_headers(path: str, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await pour(writer, b"X-Many: x\r\n" * 10_000)


async def endless_chunks(path: str, writer: Writer) -> None:
    writer.write(CHUNKED + b'b\r\n{"items": [\r\n')
    await pour(writer, b"10000\r\n" + b" " * 65536 + b"\r\n")


async def drip_chunks(path: str, writer: Writer) -> None:
    writer.write(CHUNKED + b'b\r\n{"items": [\r\n')
    await drip(writer, b"1\r\n \r\n")


async def endless_continue(path: str, writer: Writer) -> None:
    await drip(writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def redirect_bomb(path: str, writer: Writer) -> None:
    writer.write(head("302 Found", None, f"Location: /{path}"))
    await pour(writer, b" " * MIB)


async def redirect_loop(path: str, writer: Writer) -> None:
    writer.write(whole(b"", "302 Found", f"Location: /{path}"))


CHUNKED = head("200 OK", None, "Transfer-Encoding: chunked")


def always(data: bytes) -> Callable[[str, Writer], Awaitable[None]]:
    async def answer(path: str, writer: Writer) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def _deep(items: str) -> bytes:
    return ('{"items": [' + items + '], "sessions": [], "agents": [], "templates": []}').encode()


HTTP = {
    "silence": silence,
    "drip-headers": drip_headers,
    "drip-body": drip_body,
    "reset": reset,
    "closed": always(b""),
    "garbage": always(b"\x00\xff\x00 not HTTP at all\r\n\r\n"),
    "cut-body": cut_body,
    "endless-header": endless_header,
    "endless-headers": endless_headers,
    "endless-chunks": endless_chunks,
    "drip-chunks": drip_chunks,
    "bad-chunk": always(CHUNKED + b"many\r\n{}\r\n0\r\n\r\n"),
    "endless-continue": endless_continue,
    "empty": always(whole(b"")),
    "huge-number": always(whole(b'{"items": [], "sessions": [], "n": 1e999}')),
    "long-number": always(whole(b'{"items": [], "sessions": [], "n": ' + b"9" * 5000 + b"}")),
    "wrong-length": always(head(length=7) + b'{"items": []}'),
    "truncated-json": always(whole(b'{"items": [')),
    "html": always(whole(b"<html><body>Welcome</body></html>", kind="text/html")),
    "invalid-utf-8": always(whole(b'{"items": ["\xff\xfe"]}')),
    "duplicate-keys": always(whole(b'{"items": [], "items": []}')),
    "nan": always(whole(b'{"items": [], "n": NaN}')),
    "list": always(whole(b"[]")),
    "half-a-character": always(whole(b'{"items": [], "n": "\\ud800"}')),
    "many-parts": always(whole(_deep("[]," * (MIB // 2) + "[]"))),
    "wide-characters": always(whole(b'{"items": "\xf0\x9f\x98\x80' + b"x" * (4 * MIB - 100) + b'"}')),
    "gzip-bomb": always(whole(BOMB, "200 OK", "Content-Encoding: gzip")),
    "gzip-bomb-500": always(whole(BOMB, "500 Oops", "Content-Encoding: gzip")),
    "endless-body": endless_body,
    "redirect-loop": redirect_loop,
    "redirect-bomb": redirect_bomb,
    "redirect-away": always(whole(b"", "307 Temporary Redirect", "Location: http://elsewhere.invalid/login")),
    "401": always(whole(b'{"error": "unauthorized"}', "401 Unauthorized")),
    "429": always(whole(b'{"error": "slow down"}', "429 Too Many Requests", "Retry-After: 600")),
    "500": always(whole(b'{"error": "internal"}', "500 Internal Server Error")),
    "502": always(whole(b"<html>Bad Gateway</html>", "502 Bad Gateway", kind="text/html")),
}


# A WebSocket that opens, and what is said on it then.


def frame(data: bytes, opcode: int = 2, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    if size < 126:
        return bytes([0x80 | opcode, size]) + data
    return bytes([0x80 | opcode, 127]) + struct.pack("!Q", size) + data


async def ws_drip(writer: Writer) -> None:
    writer.write(bytes([0x82, 126, 0x40, 0]))
    await drip(writer, b"\x01")


async def ws_giant_frame(writer: Writer) -> None:
    writer.write(frame(b"\x01", length=1 << 40))
    await pour(writer, b"x" * MIB)


async def ws_flood(writer: Writer) -> None:
    await pour(writer, frame(b"\x01" + b"x" * 60000))


def ws_says(*messages: bytes, then: str = "close") -> Callable[[Writer], Awaitable[None]]:
    async def talk(writer: Writer) -> None:
        for message in messages:
            writer.write(message)
            await writer.drain()
            await asyncio.sleep(0.02)
        if then == "silence":
            await asyncio.sleep(LASTS)
        elif then == "close":
            writer.write(frame(struct.pack("!H", 1000), 8))
            await writer.drain()

    return talk


async def ws_silence(writer: Writer) -> None:
    await asyncio.sleep(LASTS)


VERSION, KINDS, FINE = frame(b"RFB 003.008\n"), frame(b"\x01\x01"), frame(b"\0\0\0\0")
WEBSOCKET = {
    "ws-silence": ws_silence,
    "ws-closed": ws_says(),
    "ws-cut": ws_says(then="cut"),
    "ws-drip": ws_drip,
    "ws-giant-frame": ws_giant_frame,
    "ws-flood": ws_flood,
    "ws-text": ws_says(frame(b"RFB 003.008\n", 1)),
    "ws-garbage": ws_says(b"\xff\xff\xff\xff\xff\xff"),
    "ws-bad-status": ws_says(frame(b"\x01out"), frame(b"\x03<html>: {")),
    "ws-no-status": ws_says(frame(b"\x01out")),
    "rfb-cut-version": ws_says(frame(b"RFB 003"), then="cut"),
    "rfb-cut-security": ws_says(VERSION, then="cut"),
    "rfb-cut-result": ws_says(VERSION, KINDS, then="cut"),
    "rfb-cut-init": ws_says(VERSION, KINDS, FINE, frame(b"\x05\0\2\xd0" + FORMAT[:5]), then="cut"),
    "rfb-silent-init": ws_says(VERSION, KINDS, FINE, then="silence"),
    "rfb-endless-name": ws_says(VERSION, KINDS, FINE, frame(b"\x05\0\2\xd0" + FORMAT + b"\xff" * 4), then="silence"),
}


# Kubernetes: the list is valid, the watch is not.


def event(kind: str, obj: object) -> bytes:
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def _pod(version: int) -> dict[str, object]:
    metadata: Any = POD["metadata"]
    return POD | {"metadata": metadata | {"resourceVersion": str(version)}}


async def watch_flood(writer: Writer) -> None:
    version = 8
    while True:
        writer.write(b"".join(event("MODIFIED", _pod(version + offset)) for offset in range(1000)))
        version += 1000
        await writer.drain()


Talk = Callable[[Writer], Awaitable[None]]


def watch_says(*parts: bytes, then: Talk | None = None) -> Talk:
    async def talk(writer: Writer) -> None:
        writer.write(b"".join(parts))
        await writer.drain()
        if then is not None:
            await then(writer)

    return talk


GONE = event("ERROR", {"kind": "Status", "code": 410, "message": "too old resource version"})
WATCH: dict[str, Talk] = {
    "watch-silent": ws_silence,
    "watch-drip": lambda writer: drip(writer, b"{"),
    "watch-garbage": watch_says(b"<html>\n"),
    "watch-duplicate-keys": watch_says(b'{"type": "ADDED", "type": "ADDED", "object": {}}\n'),
    "watch-no-object": watch_says(b'{"type": "ADDED"}\n'),
    "watch-no-pod": watch_says(event("ADDED", {"metadata": {"name": "p", "uid": "u"}})),
    "watch-error": watch_says(event("ERROR", {"code": 500, "message": "etcd is away"})),
    "watch-gone-for-ever": watch_says(GONE),
    "watch-ends-at-once": watch_says(),
    "watch-endless-line": lambda writer: pour(writer, b"x" * MIB),
    "watch-flood": watch_flood,
}
RECOVERING = {
    "watch-gone-once": watch_says(GONE),
    "watch-cut-once": watch_says(event("MODIFIED", _pod(8)) + b'{"type": "ADD'),
}
_lists: dict[str, int] = {}


async def watched(name: str, path: str, writer: Writer) -> None:
    """The list says that the pod changes; the watch says what its name tells, or is in order after that."""
    _lists.setdefault(name, 0)
    if "watch=" not in path:
        _lists[name] += 1
        pods = [_pod(6 + _lists[name] // 2 if name == "watch-silent" else 7)]
        writer.write(whole(json.dumps({"metadata": {"resourceVersion": "7"}, "items": pods}).encode()))
        return
    writer.write(head())
    if name in RECOVERING:
        _lists[name] += 1000
        if _lists[name] > 2000:
            await watch_says(event("MODIFIED", _pod(9)), then=ws_silence)(writer)
        else:
            await RECOVERING[name](writer)
        return
    await WATCH[name](writer)


async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [line for line in request.lower().splitlines() if line.startswith("content-length:")]
        await reader.readexactly(int(lengths[0].partition(":")[2]) if lengths else 0)
        path = request.split(" ")[1].lstrip("/")
        name = path.partition("/")[0]
        if name in WEBSOCKET:
            key = next(line for line in request.splitlines() if line.lower().startswith("sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key.partition(":")[2].strip().encode() + MAGIC).digest())  # noqa: S324
            asked = [line for line in request.splitlines() if line.lower().startswith("sec-websocket-protocol")]
            offered = [word.strip() for line in asked for word in line.partition(":")[2].split(",")]
            protocol = f"Sec-WebSocket-Protocol: {offered[-1]}\r\n" if offered else ""
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + protocol.encode()
                + b"Sec-WebSocket-Accept: "
                + accept
                + b"\r\n\r\n"
            )
            await WEBSOCKET[name](writer)
        elif name in WATCH or name in RECOVERING:
            await watched(name, path, writer)
        elif name == "sound":
            writer.write(whole(b'{"sessions": [], "items": []}'))
        else:
            await HTTP[name](path, writer)
        await writer.drain()
    writer.close()


async def main(folder: Path) -> None:
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    secured = [await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) for context in contexts(folder)]
    sys.stdout.write(json.dumps([server.sockets[0].getsockname()[1] for server in (listening, *secured)]) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(
        None, sys.stdin.read
    )  # until the process that started it has ended


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
