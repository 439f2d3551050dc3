"""Forwarders, on loopback."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from streamspace_sandbox.host.ports import is_taken, next_free
from streamspace_sandbox.kubernetes.controllers.forwarding import Forwarder

LOOPBACK = "127.0.0.1"
RUNNERS = [asyncio.run, uvloop.run]


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def echo_server(answer: bytes = b"") -> tuple[asyncio.Server, int]:
    """A server that greets with `answer`, then echoes until its client has finished."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write(b"<end>")
        writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0)
    return server, server.sockets[0].getsockname()[1]


async def ask(port: int, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("run", RUNNERS)
def test_both_directions_and_their_ends_are_forwarded(run: Callable[[Awaitable[None]], None]) -> None:
    async def test() -> None:
        _, backend = await echo_server(b"hello ")
        forwarder = next_free(LOOPBACK, 28000, Forwarder)
        forwarder.forward_to([(LOOPBACK, backend)])
        large = bytes(range(256)) * 40_000
        answers = await asyncio.gather(*(ask(forwarder.port, large) for _ in range(5)), ask(forwarder.port, b""))
        assert answers == [b"hello " + large + b"<end>"] * 5 + [b"hello <end>"]
        forwarder.close()

    run(test())


def test_connections_go_to_the_backends_in_turn() -> None:
    async def test() -> None:
        backends = [(LOOPBACK, (await echo_server(name))[1]) for name in (b"a", b"b")]
        forwarder = next_free(LOOPBACK, 28000, Forwarder)
        forwarder.forward_to(backends)
        assert sorted([await ask(forwarder.port, b"") for _ in range(4)]) == [b"a<end>"] * 2 + [b"b<end>"] * 2
        forwarder.close()

    asyncio.run(test())


def test_forwarder_without_a_backend_refuses_and_keeps_its_port() -> None:
    async def test() -> None:
        _, backend = await echo_server()
        forwarder = next_free(LOOPBACK, 28000, Forwarder)
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await ask(forwarder.port, b"x")
            assert is_taken(LOOPBACK, forwarder.port), "another program could take the port"
            forwarder.forward_to([(LOOPBACK, backend)])
            assert await ask(forwarder.port, b"x") == b"x<end>"
            forwarder.forward_to([])
            await asyncio.sleep(0)
        forwarder.close()

    asyncio.run(test())


def test_a_backend_that_is_gone_breaks_the_connection() -> None:
    async def test() -> None:
        forwarder = next_free(LOOPBACK, 28000, Forwarder)
        forwarder.forward_to([(LOOPBACK, free_port())])
        with pytest.raises(ConnectionError):
            answer = await ask(forwarder.port, b"x")
            # Where the break comes as an ordinary end, nothing may have been answered.
            raise ConnectionResetError if answer == b"" else AssertionError(answer)
        forwarder.close()

    asyncio.run(test())


def test_a_taken_port_is_passed_over() -> None:
    async def test() -> None:
        with socket.create_server((LOOPBACK, 0)) as other:
            taken = other.getsockname()[1]
            forwarder = next_free(LOOPBACK, taken, Forwarder)
            assert forwarder.port > taken
            forwarder.close()

    asyncio.run(test())


def test_two_forwarders_never_share_a_port() -> None:
    """The kernel would let them, if both found the port free before either had it."""

    async def test() -> None:
        first = next_free(LOOPBACK, 28000, Forwarder)
        with pytest.raises(OSError, match="in use"):
            Forwarder(LOOPBACK, first.port)
        first.close()
        Forwarder(LOOPBACK, first.port).close()

    asyncio.run(test())
