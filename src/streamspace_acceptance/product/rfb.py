"""A raw RFB probe (RFC 6143): the handshake that a VNC viewer makes, through the product's own WebSocket.

VNC servers count connections that end before their handshake does, and lock out who makes many. So a handshake that is
late is not cut off: it goes on in its own thread, and ends well if the server answers at last.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event, Lock, Thread

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from streamspace_acceptance import proxies, waiting
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.rfb_handshake import Framebuffer, NoHandshake, NotInTime, Stream, perform_handshake

__all__ = [
    "PLAIN",
    "Framebuffer",
    "HandshakeTrouble",
    "NoHandshake",
    "NotInTime",
    "Stream",
    "ViewerSettings",
    "attempt",
    "connections",
    "final_refusal",
    "handshake",
    "is_reached",
    "opened",
    "rest_of",
]

HANDSHAKE_SECONDS = 5.0
REST_SECONDS = 2.0
"""From one try to the next where the server greeted, or limits how many there are."""
FINISH_SECONDS = 20.0
"""For so long a late handshake goes on, after it was given up on."""
MESSAGE_BYTES = 1 << 20
_BINARY = Subprotocol("binary")
# What a page may offer with its WebSocket: noVNC's own pages have offered `binary` or nothing; browsers name an origin.
_OFFERS: Sequence[tuple[tuple[Subprotocol, ...], bool]] = (((_BINARY,), False), ((), False), ((_BINARY,), True))
_ASKS_FOR_MORE = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_ACCEPTABLE}
_DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NO_UPGRADE = {HTTPStatus.OK, HTTPStatus.UPGRADE_REQUIRED}
_lock = Lock()
_accepted: dict[str, int] = {}
_opened: Counter[str] = Counter()
_finished: Counter[str] = Counter()


@dataclass(frozen=True)
class ViewerSettings:
    """How a viewer connects to the desktops of a target.

    `trusted` says whose certificates are accepted at a wss:// address; the system's where it is None. `password` is
    for a VNC server that asks for one. `text`: messages are text frames of base64, both ways. `why_denied` is the
    reason why the API may refuse a token without being wrong.
    """

    trusted: ssl.SSLContext | None = None
    password: str | None = None
    text: bool = False
    why_denied: str | None = None


PLAIN = ViewerSettings()
"""A desktop without a password, in binary frames."""


class HandshakeTrouble(str):
    """The sentence that says how a handshake failed. `reached`, `final`, `rest`: see NoHandshake."""

    reached = False
    final = False
    rest = 0.0

    @classmethod
    def of(cls, error: NoHandshake) -> HandshakeTrouble:
        """The trouble that an error is about."""
        trouble = cls(error)
        trouble.reached, trouble.final, trouble.rest = error.reached, error.final, error.rest
        return trouble

    def told_as(self, sentence: str) -> HandshakeTrouble:
        """The same trouble in another sentence, such as one that says how long it lasted."""
        trouble = HandshakeTrouble(sentence)
        trouble.reached, trouble.final, trouble.rest = self.reached, self.final, self.rest
        return trouble


def is_reached(result: Framebuffer | str) -> bool:
    """Whether a VNC server had greeted, however the handshake ended."""
    return not isinstance(result, HandshakeTrouble) or result.reached


def rest_of(result: Framebuffer | str) -> float:
    """The seconds after which the next try makes sense: a server that greeted counts who comes and goes."""
    put_off = result.rest if isinstance(result, HandshakeTrouble) else 0.0
    return max(put_off, REST_SECONDS if is_reached(result) else 0.0)


def final_refusal(result: Framebuffer | str) -> str | None:
    """The refusal that the server will repeat to every further try; None where there is none."""
    return result if isinstance(result, HandshakeTrouble) and result.final else None


@contextmanager
def handshake(
    address: str,
    token: str | None,
    seconds: float = HANDSHAKE_SECONDS,
    settings: ViewerSettings = PLAIN,
) -> Iterator[Framebuffer]:
    """A desktop whose handshake was completed within `seconds`, held open meanwhile; NoHandshake otherwise.

    Unproven where the API refuses a token for the reason that `settings` gives.
    """
    with opened(address, token, seconds, settings) as (framebuffer, _):
        yield framebuffer


@contextmanager
def opened(
    address: str,
    token: str | None,
    seconds: float = HANDSHAKE_SECONDS,
    settings: ViewerSettings = PLAIN,
) -> Iterator[tuple[Framebuffer, Stream]]:
    """The same, with the stream of what follows the handshake."""
    deadline = waiting.now() + seconds
    context = settings.trusted if address.startswith("wss:") else None
    try:
        socket = waiting.within(seconds, lambda: _open(address, token, seconds, context), what="the opening")
    except (OSError, EOFError, WebSocketException, waiting.DeadlineExceeded) as error:
        if settings.why_denied is not None and _is_denied(error):
            raise Unproven(f"{settings.why_denied}: {error}") from error
        reason = _no_upgrade(error) or tls.trouble(error) or error
        raise NoHandshake(f"the WebSocket {address} does not open: {reason}", rest=_rest(error)) from error
    _count(_opened, address)
    stream = Stream(socket, address, deadline + FINISH_SECONDS, text=settings.text)
    framebuffer = _shaken(socket, stream, address, deadline, settings.password)
    try:
        yield framebuffer, stream
    finally:
        socket.close()


def connections(address: str) -> str:
    """The suite's own connections to a desktop by this probe, for a report."""
    opened, finished = _opened[_desktop(address)], _finished[_desktop(address)]
    return f"{opened} connections opened by the suite's own probe, {finished} of them with a complete handshake"


def finished(address: str) -> int:
    """How many of them came to a complete handshake."""
    return _finished[_desktop(address)]


def attempt(
    address: str,
    token: str | None,
    during: Callable[[], None] = lambda: None,
    settings: ViewerSettings = PLAIN,
) -> Framebuffer | str:
    """The desktop of one handshake, with `during` done while it is open; or the sentence that says how it failed."""
    try:
        with handshake(address, token, settings=settings) as framebuffer:
            during()
            return framebuffer
    except NoHandshake as error:
        return HandshakeTrouble.of(error)


def _shaken(
    socket: ClientConnection, stream: Stream, address: str, deadline: float, password: str | None
) -> Framebuffer:
    """The result of the handshake by the deadline. One that is late goes on, and its socket is closed at its end."""
    abandoned = Event()

    def run() -> Framebuffer:
        try:
            framebuffer = perform_handshake(stream, password)
        except NoHandshake:
            _close(socket)
            raise
        _count(_finished, address)
        if abandoned.is_set():
            _close(socket)
        return framebuffer

    left = max(deadline - waiting.now(), 0.1)
    try:
        return waiting.within(left, run, what="the handshake")
    except waiting.DeadlineExceeded as error:
        abandoned.set()
        raise stream.missing("timed out") from error


def _close(socket: ClientConnection) -> None:
    """Nobody waits for its end: the other side may be as silent about that as about all else."""
    Thread(target=socket.close, name="end of a handshake", daemon=True).start()


def _open(address: str, token: str | None, seconds: float, trusted: ssl.SSLContext | None) -> ClientConnection:
    """The WebSocket, offered as a viewer page might: in another way where the first is refused as incomplete."""
    known = _accepted.get(_desktop(address))
    tries = [known] if known is not None else list(range(len(_OFFERS)))
    refused: InvalidStatus | None = None
    for number in tries:
        try:
            socket = _connect(address, token, seconds, trusted, number)
        except InvalidStatus as error:
            refused = refused or error
            if error.response.status_code not in _ASKS_FOR_MORE:
                break
        else:
            _accepted[_desktop(address)] = number
            return socket
    if refused is None:
        raise AssertionError("no way to open a WebSocket was tried")
    raise refused


def _connect(
    address: str, token: str | None, seconds: float, trusted: ssl.SSLContext | None, number: int
) -> ClientConnection:
    subprotocols, from_a_page = _OFFERS[number]
    scheme, _, rest = address.partition("://")
    proxy = proxies.proxy_for(address)
    origin = Origin(f"{'https' if scheme == 'wss' else 'http'}://{rest.partition('/')[0]}")
    return connect(
        address,
        ssl=trusted,
        additional_headers={} if token is None else {"Authorization": f"Bearer {token}"},
        origin=origin if from_a_page else None,
        subprotocols=subprotocols or None,
        open_timeout=seconds,
        ping_interval=None,  # a browser sends none, and not every server answers them
        close_timeout=0.3,  # twice, at worst
        max_size=MESSAGE_BYTES,
        compression=None,
        proxy=None if proxy is None else proxy.url,
        legacy=True,  # the connection itself: `handshake` is its context manager
    )


def _is_denied(error: BaseException) -> bool:
    """Whether the API does not let the token open this desktop."""
    return isinstance(error, InvalidStatus) and error.response.status_code in _DENIED


def _rest(error: BaseException) -> float:
    """For so long a server that limits connections wants no other one; 0 where it does not limit them."""
    if not isinstance(error, InvalidStatus) or error.response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return 0.0
    told = error.response.headers.get("Retry-After", "").strip()
    return float(told) if told.isdecimal() else REST_SECONDS


def _no_upgrade(error: BaseException) -> str | None:
    """The meaning of a status of the upgrade that is not the product's own refusal."""
    if isinstance(error, InvalidStatus) and error.response.status_code in _NO_UPGRADE:
        status = HTTPStatus(error.response.status_code)
        return (
            f"the upgrade is answered {status.value} {status.phrase}: something before it does not let the upgrade "
            "through"
        )
    return None


def _count(counter: Counter[str], address: str) -> None:
    with _lock:
        counter[_desktop(address)] += 1


def _desktop(address: str) -> str:
    """An address without the token in its query: a user may have several logins."""
    return address.partition("?")[0]
