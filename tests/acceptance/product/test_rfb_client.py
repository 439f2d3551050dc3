"""The small VNC client reads raw pixels, waits for changes, sends input, and says how a connection ended."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.sync.server import ServerConnection, serve

from streamspace_acceptance import waiting
from streamspace_acceptance.product import rfb, rfb_client
from streamspace_acceptance.product.rfb_client import RfbClient, viewing

FORMAT = bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])
INIT = struct.pack("!HH", 1280, 720) + FORMAT + struct.pack("!I", 4) + b"desk"
RED, BLUE = b"\0\0\xff\0", b"\xff\0\0\0"


def update(*rectangles: tuple[int, int, int, int, bytes], encoding: int = 0) -> bytes:
    parts = [struct.pack("!HHHHi", *box, encoding) + pixel * (box[2] * box[3]) for *box, pixel in rectangles]
    return struct.pack("!BxH", 0, len(rectangles)) + b"".join(parts)


@contextmanager
def client_of(talk: Callable[[ServerConnection], None]) -> Iterator[RfbClient]:
    """A client after its handshake with a server that then does `talk`; setting formats is swallowed."""

    def whole(socket: ServerConnection) -> None:
        for message in (b"RFB 003.008\n", b"\x01\x01", b"\0\0\0\0"):
            socket.send(message)
            socket.recv()
        socket.send(INIT)
        socket.recv()
        talk(socket)

    with serve(whole, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with viewing(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/", "t") as client:
            yield client
        server.shutdown()


def test_client_reads_the_picture_that_it_asked_for() -> None:
    asked: list[object] = []

    def talk(socket: ServerConnection) -> None:
        asked.append(socket.recv())
        other = update((0, 0, 1, 1, BLUE))
        socket.send(b"\x02" + b"\x03\0\0\0\0\0\0\x02hi" + other[:5])
        socket.send(other[5:] + update((8, 4, 2, 2, RED)))

    with client_of(talk) as client:
        part = client.picture((8, 4, 2, 2))
    assert asked == [struct.pack("!BBHHHH", 3, 0, 8, 4, 2, 2)]
    assert part.colour_at(9, 5) == (255, 0, 0)
    assert part.colour_at(10, 5) is None
    assert part.colours() == {RED[:3]}


def test_client_puts_a_picture_together_from_its_parts() -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.send(update((8, 4, 2, 1, RED)))
        socket.send(update((0, 5, 9, 3, BLUE), (9, 5, 9, 1, RED)))

    with client_of(talk) as client:
        part = client.picture((8, 4, 2, 2))
    assert [part.colour_at(x, y) for y in (4, 5) for x in (8, 9)] == [
        (255, 0, 0),
        (255, 0, 0),
        (0, 0, 255),
        (255, 0, 0),
    ]


def test_update_that_begins_in_time_is_read_to_its_end() -> None:
    def talk(socket: ServerConnection) -> None:
        whole = update((8, 4, 2, 2, RED))
        socket.send(whole[:9])
        threading.Event().wait(0.5)
        socket.send(whole[9:])
        socket.recv()
        socket.send(update((8, 4, 1, 1, BLUE)))

    with client_of(talk) as client:
        (part,) = client.update(0.1)
        assert part.colour_at(9, 5) == (255, 0, 0)
        assert client.picture((8, 4, 1, 1)).colour_at(8, 4) == (0, 0, 255)


def test_update_that_stops_in_the_middle_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfb_client, "ANSWER_SECONDS", 0.3)

    def talk(socket: ServerConnection) -> None:
        socket.send(update((8, 4, 2, 2, RED))[:9])
        socket.recv()

    with client_of(talk) as client:
        with pytest.raises(rfb.NoHandshake, match="no rectangle came") as caught:
            client.update(0.1)
        assert not isinstance(caught.value, rfb.NotInTime)
        client.click(1, 1)


def test_client_waits_for_a_change_and_stays_connected() -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.recv()
        socket.send(update((0, 0, 1, 1, BLUE)))
        socket.recv(timeout=2)

    with client_of(talk) as client:
        client.request((0, 0, 1, 1), incremental=True)
        with pytest.raises(rfb.NotInTime):
            client.update(0.1)
        client.request((0, 0, 1, 1), incremental=True)
        assert [part.colour_at(0, 0) for part in client.update(2.0)] == [(0, 0, 255)]


def test_round_trip_has_the_delay_that_is_put_in() -> None:
    def talk(socket: ServerConnection) -> None:
        for _ in range(2):
            socket.recv()
            socket.send(update((0, 0, 1, 1, RED)))

    with client_of(talk) as client:
        client.round_trip()
        client.delay = 0.05
        began = waiting.now()
        assert 0.05 <= client.round_trip() <= waiting.now() - began


def test_client_types_and_clicks() -> None:
    sent: list[object] = []

    def talk(socket: ServerConnection) -> None:
        sent.extend([socket.recv(), socket.recv()])
        socket.send(update((0, 0, 1, 1, RED)))

    with client_of(talk) as client:
        client.type("a")
        client.click(3, 4)
        client.update()
    keys = [(down, key) for key in (ord("a"), 0xFF0D) for down in (1, 0)]
    assert sent == [
        b"".join(struct.pack("!BBxxI", 4, down, key) for down, key in keys),
        b"".join(struct.pack("!BBHH", 5, buttons, 3, 4) for buttons in (0, 1, 0)),
    ]


@pytest.mark.parametrize(
    ("message", "says"),
    [(update((0, 0, 1, 1, RED), encoding=7), "encoding 7"), (b"\x09", "type 9"), (None, "no framebuffer update came")],
)
def test_client_refuses_what_it_did_not_ask_for(message: bytes | None, says: str) -> None:
    def talk(socket: ServerConnection) -> None:
        socket.recv()
        socket.close() if message is None else socket.send(message)

    with client_of(talk) as client, pytest.raises(rfb.NoHandshake, match=says):
        client.round_trip()
