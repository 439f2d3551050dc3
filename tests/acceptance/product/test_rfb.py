"""The RFB probe takes a real handshake for one, and nothing else."""

import base64
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, cast

import pytest
from websockets.exceptions import NegotiationError
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from streamspace_acceptance import waiting
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product import rfb

CHALLENGE_ANSWERED = "b7b9c87777661a7a2299733209bfdfce"
FORMAT = bytes([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0])


def init(width: int = 1280, height: int = 720, pixel_format: bytes = FORMAT, name: bytes = b"desk") -> bytes:
    return struct.pack("!HH", width, height) + pixel_format + struct.pack("!I", len(name)) + name


@contextmanager
def vnc_server(talk: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    with serve(talk, "127.0.0.1", 0, **options) as server:
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


def in_text(socket: ServerConnection) -> None:
    """The same server behind one that speaks in text frames of base64."""

    class Text:
        @staticmethod
        def recv(*arguments: Any, **keywords: Any) -> bytes:
            said = socket.recv(*arguments, **keywords)
            assert isinstance(said, str)
            return base64.b64decode(said)

        @staticmethod
        def send(data: bytes) -> None:
            socket.send(base64.b64encode(data).decode())

    well_behaved()(cast("Any", Text))


def test_text_frames_of_base64_are_read_where_expected() -> None:
    with vnc_server(in_text) as address:
        assert isinstance(rfb.attempt(address, "t", settings=rfb.ViewerSettings(text=True)), rfb.Framebuffer)


def test_text_frames_where_none_are_expected_are_no_handshake() -> None:
    with vnc_server(lambda socket: socket.send("UkZC")) as address:
        assert "text came instead of the ProtocolVersion" in str(rfb.attempt(address, "t"))


def test_text_that_is_not_base64_is_no_handshake() -> None:
    with vnc_server(lambda socket: socket.send("no base64!")) as address:
        assert "text that is not base64 came" in str(rfb.attempt(address, "t", settings=rfb.ViewerSettings(text=True)))


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
        (well_behaved(kinds=b"\x01\x4d"), r"security types [77] (type 77)"),
        (well_behaved(kinds=b"\x01\x02"), "asks for a password (VncAuth), and STREAMSPACE_VNC_PASSWORD is not set"),
        (well_behaved(kinds=b"\0\0\0\0\x04full"), "refuses the connection: “full” (it greeted with RFB 003.008)"),
        (well_behaved(version=b"RFB 003.003\n", kinds=b"\0\0\0\0", result=b"\0\0\0\0"), "without a reason"),
        (well_behaved(result=b"\0\0\0\1\0\0\0\x02no"), "refused (SecurityResult 1): “no”"),
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


@pytest.mark.parametrize("version", [b"RFB 003.889\n", b"RFB 004.000\n", b"RFB 004.001\n", b"RFB 005.000\n"])
def test_rfb_other_greeting_is_answered_as_novnc_does(version: bytes) -> None:
    answers: list[str | bytes] = []

    def talk(socket: ServerConnection) -> None:
        socket.send(version)
        answers.append(socket.recv())
        socket.send(b"\x01\x01")
        socket.recv()
        socket.send(b"\0\0\0\0")
        socket.recv()
        socket.send(init())
        socket.recv(timeout=2)

    with vnc_server(talk) as address:
        found = rfb.attempt(address, "t")
    assert isinstance(found, rfb.Framebuffer)
    assert (found.greeting, found.security, answers) == (version.decode().strip(), "None", [b"RFB 003.008\n"])


def test_rfb_password_answers_the_challenge() -> None:
    answers: list[str | bytes] = []

    def talk(socket: ServerConnection) -> None:
        socket.send(b"RFB 003.008\n")
        socket.recv()
        socket.send(b"\x01\x02")
        socket.recv()
        socket.send(bytes.fromhex("00112233445566778899aabbccddeeff"))
        answers.append(socket.recv())
        socket.send(b"\0\0\0\0")
        socket.recv()
        socket.send(init())
        socket.recv(timeout=2)

    with vnc_server(talk) as address:
        found = rfb.attempt(address, "t", settings=rfb.ViewerSettings(password="password"))
    assert isinstance(found, rfb.Framebuffer)
    assert found.security == "VncAuth"
    # The same by `openssl enc -des-ecb -nopad -K 0e86ceceeef64e26`, the password's bytes with their bits in reverse.
    assert answers == [bytes.fromhex(CHALLENGE_ANSWERED)]


def test_rfb_refusal_for_good_is_told_from_others() -> None:
    with vnc_server(well_behaved(kinds=b"\x01\x02")) as address:
        asked = rfb.attempt(address, "t")
    with vnc_server(lambda socket: socket.close()) as address:
        silent = rfb.attempt(address, "t")
    assert (rfb.final_refusal(asked), rfb.is_reached(asked)) == (asked, True)
    assert (rfb.final_refusal(silent), rfb.is_reached(silent)) == (None, False)


@pytest.mark.parametrize("taken", [["binary"], None])
def test_rfb_offers_what_the_server_takes(taken: list[str] | None) -> None:
    def choose(socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if (taken is None) == bool(offered):
            raise NegotiationError(f"{offered} is not taken")
        return offered[0] if offered else None

    with vnc_server(well_behaved(), select_subprotocol=choose) as address:
        assert isinstance(rfb.attempt(address, "t"), rfb.Framebuffer)
        assert rfb.connections(address).startswith("1 connections")


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.UPGRADE_REQUIRED])
def test_rfb_answer_without_upgrade_blames_what_is_before_it(status: HTTPStatus) -> None:
    with vnc_server(well_behaved(), process_request=lambda socket, _: socket.respond(status, "hello")) as address:
        found = rfb.attempt(address, "t")
    assert isinstance(found, str)
    assert f"answered {status} {status.phrase}: something before it does not let the upgrade through" in found


@pytest.mark.parametrize(("headers", "rest"), [({"Retry-After": "7"}, 7.0), ({}, 2.0), ({"Retry-After": "soon"}, 2.0)])
def test_rfb_limit_of_connections_says_when_to_try_again(headers: dict[str, str], rest: float) -> None:
    def refuse(socket: ServerConnection, _request: object) -> Any:
        response = socket.respond(HTTPStatus.TOO_MANY_REQUESTS, "slow down")
        response.headers.update(headers)
        return response

    with vnc_server(well_behaved(), process_request=refuse) as address:
        found = rfb.attempt(address, "t")
    assert isinstance(found, rfb.HandshakeTrouble)
    assert (rfb.rest_of(found), rfb.rest_of(found.told_as("late"))) == (rest, rest)
    assert "HTTP 429" in found


def test_rfb_refusal_of_another_kind_may_be_tried_again_at_once() -> None:
    refuse: Any = lambda socket, _: socket.respond(HTTPStatus.NOT_FOUND, "")  # noqa: E731
    with vnc_server(well_behaved(), process_request=refuse) as address:
        assert rfb.rest_of(rfb.attempt(address, "t")) == 0.0


def test_rfb_sends_no_pings_of_its_own() -> None:
    pings: list[Any] = []

    def talk(socket: ServerConnection) -> None:
        pings.append(socket.protocol)
        well_behaved()(socket)

    with vnc_server(talk) as address, rfb.opened(address, "t") as (_, stream):
        assert stream is not None
        socket: Any = vars(stream)["_socket"]
        assert socket.ping_interval is None


def test_rfb_late_handshake_is_finished_all_the_same() -> None:
    finished, may_go_on = threading.Event(), threading.Event()

    def talk(socket: ServerConnection) -> None:
        socket.send(b"RFB 003.008\n")
        socket.recv()
        may_go_on.wait(5)
        socket.send(b"\x01\x01")
        socket.recv()
        socket.send(b"\0\0\0\0")
        socket.recv()  # ClientInit: who sends that has finished
        finished.set()
        socket.send(init())

    with vnc_server(talk) as address:
        with (
            pytest.raises(rfb.NoHandshake, match=r"no number of security types came.*greeted with RFB 003\.008"),
            rfb.handshake(address, "t", seconds=0.3),
        ):
            pytest.fail("there is no handshake yet")
        may_go_on.set()
        assert finished.wait(30)


def test_a_silent_server_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    began = waiting.now()
    with (
        vnc_server(lambda socket: socket.recv(timeout=1.5)) as address,  # type: ignore[arg-type]
        pytest.raises(rfb.NoHandshake, match="no ProtocolVersion came"),
        rfb.handshake(address, "t", seconds=0.3),
    ):
        pytest.fail("there is no handshake")
    assert waiting.now() - began < 10


def test_nobody_listens() -> None:
    found = rfb.attempt("ws://127.0.0.1:9/", "t")
    assert isinstance(found, str)
    assert "does not open" in found


SETTINGS = rfb.ViewerSettings(why_denied="the password is not known")


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
def test_token_that_may_be_denied_is_unproven(status: HTTPStatus) -> None:
    def refuse(socket: ServerConnection, _request: object) -> Any:
        return socket.respond(status, "Access denied")

    with vnc_server(well_behaved(), process_request=refuse) as address:
        assert isinstance(rfb.attempt(address, "t"), rfb.HandshakeTrouble)
        with pytest.raises(Unproven, match=f"the password is not known: .*{status.value}"):
            rfb.attempt(address, "t", settings=SETTINGS)


def test_missing_desktop_is_told_to_who_may_be_denied() -> None:
    def refuse(socket: ServerConnection, _request: object) -> Any:
        return socket.respond(HTTPStatus.NOT_FOUND, "")

    with vnc_server(well_behaved(), process_request=refuse) as address:
        found = rfb.attempt(address, "t", settings=SETTINGS)
    assert isinstance(found, rfb.HandshakeTrouble)
