"""The RFB probe takes a real handshake for one, and nothing else."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.server import ServerConnection, serve

from streamspace_acceptance import waiting
from streamspace_acceptance.product import rfb

FORMAT = bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])


def init(width: int = 1280, height: int = 720, pixel_format: bytes = FORMAT, name: bytes = b"desk") -> bytes:
    return struct.pack("!HH", width, height) + pixel_format + struct.pack("!I", len(name)) + name


@contextmanager
def vnc_server(talk: Callable[[ServerConnection], None]) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()


def well_behaved(
    *, version: bytes = b"RFB 003.008\n", kinds: bytes = b"\x01\x01", result: bytes = b"\0\0\0\0", last: bytes = init()
) -> Callable[[ServerConnection], None]:
    def talk(socket: ServerConnection) -> None:
        socket.send(version)
        socket.recv()
        socket.send(kinds)
        if len(kinds) < 4:
            socket.recv()
        socket.send(result)
        socket.recv()
        socket.send(last[:7])
        socket.send(last[7:])
        socket.recv(timeout=2)

    return talk


def test_a_complete_handshake() -> None:
    with vnc_server(well_behaved()) as address:
        found = rfb.attempt(address, "t")
    assert isinstance(found, rfb.Framebuffer)
    assert (found.width, found.height, found.name) == (1280, 720, "desk")
    assert found.at <= waiting.now()


def test_rfb_sends_the_token_and_stays_open_meanwhile() -> None:
    tokens: list[str | None] = []
    still_open: list[bool] = []
    sockets: list[ServerConnection] = []

    def talk(socket: ServerConnection) -> None:
        assert socket.request is not None
        tokens.append(socket.request.headers.get("Authorization"))
        sockets.append(socket)
        well_behaved()(socket)

    with vnc_server(talk) as address:
        rfb.attempt(address, "secret", lambda: still_open.append(sockets[0].state.name == "OPEN"))
    assert (tokens, still_open) == (["Bearer secret"], [True])


@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (well_behaved(version=b"HTTP/1.1 400"), "not an RFB version"),
        (well_behaved(kinds=b"\x01\x02"), "security types"),
        (well_behaved(result=b"\0\0\0\1"), "refused"),
        (well_behaved(last=init(width=0)), "0x720"),
        (well_behaved(last=init(pixel_format=b"\0" * 16)), "0 bits a pixel"),
        (well_behaved(last=struct.pack("!HH", 1280, 720) + FORMAT + b"\xff\xff\xff\xff"), "name of"),
        (lambda socket: socket.close(), "no ProtocolVersion came"),
        (lambda socket: socket.send("RFB 003.008\n"), "text came"),
    ],
)
def test_anything_else_is_no_handshake(talk: Callable[[ServerConnection], None], says: str) -> None:
    with vnc_server(talk) as address:
        found = rfb.attempt(address, "t")
    assert isinstance(found, str)
    assert says in found


def test_a_silent_server_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    began = waiting.now()
    with (
        vnc_server(lambda socket: socket.recv(timeout=1.5)) as address,  # type: ignore[arg-type]
        pytest.raises(rfb.NoHandshake, match="no ProtocolVersion came"),
        rfb.handshake(address, "t", seconds=0.3),
    ):
        pytest.fail("there is no handshake")
    assert waiting.now() - began < 3


def test_nobody_listens() -> None:
    found = rfb.attempt("ws://127.0.0.1:9/", "t")
    assert isinstance(found, str)
    assert "does not open" in found
