"""The way to the desktop: the address, the page, the bytes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.streamspace_stack import Api, FakeAgent

GREETING = b"RFB 003.008\n"


class FakeDesktop:
    """A server that greets as VNC servers do and then says back what it hears; "bye" ends the connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # Wakes the thread that waits in accept, which would keep the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.sendall(GREETING)
            while (heard := connection.recv(65536)) and heard != b"bye":
                connection.sendall(heard)


@pytest.fixture
def desktop() -> Iterator[FakeDesktop]:
    fake = FakeDesktop()
    yield fake
    fake.close()


@pytest.fixture
def session(api: Api, agent: Callable[..., FakeAgent], desktop: FakeDesktop) -> str:
    agent("a")
    image = {"image": "streamspace/firefox:latest", "resources": {"cpu": "1", "memory": "1Gi"}}
    answer = api.http.post("/api/v1/templates", json={"name": "fake", **image, "vnc": {"port": desktop.port}})
    assert answer.status_code == 201, answer.text
    session_id: str = api.create(template="fake")["sessionId"]
    api.await_status(session_id, "Running")
    return session_id


def address(api: Api, session: str) -> httpx.URL:
    answer = api.http.get(f"/api/v1/sessions/{session}/connect")
    assert answer.status_code == 200
    assert answer.json().keys() == {"sessionId", "url", "expiresAt"}
    return httpx.URL(answer.json()["url"])


def socket_url(api: Api, session: str, token: str | None) -> str:
    return f"ws://127.0.0.1:{api.port}/api/v1/vnc/{session}" + (f"?token={token}" if token else "")


def received(connection: ClientConnection, length: int) -> bytes:
    taken = b""
    while len(taken) < length:
        message = connection.recv(timeout=5)
        assert isinstance(message, bytes)
        taken += message
    return taken


def test_the_address_is_the_one_that_the_client_used(api: Api, session: str) -> None:
    assert str(address(api, session)).startswith(f"http://127.0.0.1:{api.port}/vnc/{session}?token=")
    answer = api.http.get(f"/api/v1/sessions/{session}/connect", headers={"Host": "desktops.example:444"})
    assert answer.json()["url"].startswith(f"http://desktops.example:444/vnc/{session}?token=")
    answer = api.http.get(f"/api/v1/sessions/{session}/connect", headers={"Host": "evil/<script>"})
    assert answer.status_code == 400


def test_the_page_and_what_it_loads(api: Api, session: str) -> None:
    url = address(api, session)
    page = httpx.get(url)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert session in page.text
    for asset in (
        "/viewer/viewer.js",
        "/viewer/viewer.css",
        "/novnc/core/rfb.js",
        "/novnc/vendor/pako/lib/zlib/inflate.js",
    ):
        assert httpx.get(f"{api.url}{asset}").status_code == 200, asset
    assert httpx.get(f"{api.url}/novnc/core/../package.json").status_code == 404


def test_a_token_opens_its_own_session_only(api: Api, session: str) -> None:
    token = address(api, session).params["token"]
    other = api.create()["sessionId"]
    for wrong in (
        f"/vnc/{other}?token={token}",
        f"/vnc/{session}?token=wrong",
        f"/vnc/{session}?token=",
        f"/vnc/{session}",
    ):
        assert httpx.get(f"{api.url}{wrong}").status_code == 401, wrong
    for wrong_token, path in ((token, other), ("wrong", session), (None, session)):
        with pytest.raises(InvalidStatus) as refusal, connect(socket_url(api, path, wrong_token)):
            pass
        assert refusal.value.response.status_code == 401


def test_bytes_go_both_ways_unchanged(api: Api, session: str) -> None:
    token = address(api, session).params["token"]
    with connect(socket_url(api, session, token), max_size=None) as connection:
        assert received(connection, len(GREETING)) == GREETING
        for sent in (b"\x00", bytes(range(256)), b"\xff" * 1_000_000):
            connection.send(sent)
            assert received(connection, len(sent)) == sent


def test_a_bearer_token_of_the_api_opens_it_too(api: Api, session: str) -> None:
    headers = {"Authorization": api.http.headers["Authorization"]}
    with connect(socket_url(api, session, None), additional_headers=headers) as connection:
        assert received(connection, len(GREETING)) == GREETING


def test_when_the_desktop_ends_so_does_the_connection(api: Api, session: str) -> None:
    token = address(api, session).params["token"]
    with connect(socket_url(api, session, token)) as connection:
        received(connection, len(GREETING))
        connection.send(b"bye")
        with pytest.raises(ConnectionClosed) as end:
            connection.recv(timeout=5)
        assert end.value.rcvd is not None
        assert end.value.rcvd.code == 1011


def test_text_is_no_rfb(api: Api, session: str) -> None:
    token = address(api, session).params["token"]
    with connect(socket_url(api, session, token)) as connection:
        received(connection, len(GREETING))
        connection.send("hello")
        with pytest.raises(ConnectionClosed) as end:
            connection.recv(timeout=5)
        assert end.value.rcvd is not None
        assert end.value.rcvd.code == 1003


def test_a_desktop_that_does_not_answer_is_a_refusal(api: Api, session: str, desktop: FakeDesktop) -> None:
    token = address(api, session).params["token"]
    desktop.close()
    with pytest.raises(InvalidStatus) as refusal, connect(socket_url(api, session, token)):
        pass
    assert refusal.value.response.status_code == 502


def test_there_is_no_such_socket(api: Api) -> None:
    with pytest.raises(InvalidStatus) as refusal, connect(f"ws://127.0.0.1:{api.port}/nothing", proxy=None):
        pass
    assert refusal.value.response.status_code == 404
    assert b"There is no WebSocket at /nothing." in refusal.value.response.body
    assert "without completing handshake" not in api.log.read_text()
