"""The listener to a page's RFB handshake follows what noVNC and its server say, in whatever pieces it comes."""

import base64
import struct

import pytest

from streamspace_acceptance.desktop.rfb_listener import RfbListener

GREETING = b"RFB 003.008\n"
INIT = struct.pack("!HH", 1280, 720) + bytes(16) + struct.pack("!I", 4) + b"desk"
REFUSAL = b"\0" + struct.pack("!I", 26) + b"Too many security failures"


def listened(*said: bytes, chosen: bytes = b"\x01", greeting: bytes = GREETING) -> RfbListener:
    listener = RfbListener()
    listener.heard(greeting)
    listener.sent(GREETING)
    for number, part in enumerate(said):
        if number == 1:
            listener.sent(chosen)
        listener.heard(part)
    return listener


@pytest.mark.parametrize("greeting", [GREETING, b"RFB 003.889\n", b"RFB 004.001\n"])
def test_listener_complete_handshake_tells_the_size(greeting: bytes) -> None:
    listener = listened(b"\x01\x01", b"\0\0\0\0", INIT, greeting=greeting)
    assert (listener.size, listener.trouble()) == ((1280, 720), None)
    assert listener.greeting == greeting.decode().strip()


def test_listener_handshake_in_single_bytes_is_the_same() -> None:
    listener = listened(b"\x01\x01", *(bytes([byte]) for byte in b"\0\0\0\0" + INIT))
    assert listener.size == (1280, 720)


def test_listener_text_frames_of_base64_are_the_same() -> None:
    listener = RfbListener()
    listener.heard("no base64")
    listener.heard(base64.b64encode(GREETING).decode())
    listener.sent(GREETING)
    listener.heard(base64.b64encode(b"\x01\x01").decode())
    listener.sent(b"\x01")
    listener.heard(base64.b64encode(b"\0\0\0\0" + INIT).decode())
    assert listener.size == (1280, 720)


def test_listener_password_is_told_until_it_is_accepted() -> None:
    asked = listened(b"\x01\x02")
    assert asked.trouble() == "the VNC server asks for a password (VncAuth)"
    accepted = listened(b"\x01\x02", bytes(16), b"\0\0\0\0", INIT, chosen=b"\x02")
    assert (accepted.size, accepted.trouble()) == ((1280, 720), None)


@pytest.mark.parametrize(
    ("said", "chosen"), [((REFUSAL,), b""), ((b"\x01\x02", bytes(16), b"\0\0\0\1" + REFUSAL[1:]), b"\x02")]
)
def test_listener_refusal_is_quoted(said: tuple[bytes, ...], chosen: bytes) -> None:
    listener = listened(*said, chosen=chosen)
    assert listener.trouble() == "the VNC server refuses the page: “Too many security failures”"


def test_listener_other_protocol_is_no_desktop() -> None:
    listener = RfbListener()
    listener.heard('{"type": "notification"}')
    listener.heard(b'{"type": "notification"}')
    assert not listener.speaks_rfb
    assert listener.trouble() is None
