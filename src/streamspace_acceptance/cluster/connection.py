"""The connection to Kubernetes: every call has a total deadline, every answer a cap, every error a sentence.

The official client reads an answer of any length, unpacks it, and restarts its timeout for each piece.
`BoundedConnectionPool` therefore wraps its pool of connections, and `ask` wraps each call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import urllib3
from kubernetes import client
from websocket import WebSocketException

from streamspace_acceptance import proxies, waiting
from streamspace_acceptance.cluster.call_counts import CallCounts
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.strict_json import read_object

T = TypeVar("T")

CALL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
BODY_BYTES = 6 * 1024 * 1024  # as text and as objects it takes several times as much memory
PAGE = 250
"""Objects in one answer to a list: of pods with sidecars some 5 MiB."""
PAGES = 100
PIECE_BYTES = 64 * 1024
THROTTLED_SECONDS = 4.0
"""So long at most a call waits where an API server asks for that: one with many calls does for a second at a time."""


class ClusterError(Exception):
    """Kubernetes cannot be reached, refuses, or does not answer in time. `status` is its HTTP status, if any."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(sentence)


class BoundedConnectionPool:
    """A pool of connections as the Kubernetes client uses one, whose answers have an end.

    A watch is given as it comes; it is read elsewhere, line by line. `counts` counts the requests.
    """

    def __init__(self, pool: Any, counts: CallCounts) -> None:
        self._pool = pool
        self._counts = counts

    def request(self, method: str, url: str, *, headers: dict[str, str], timeout: Any, **options: Any) -> Any:
        """One request; urllib3's HTTPError also for an answer that is too long, too slow or packed."""
        deadline = waiting.now() + timeout.connect_timeout + timeout.read_timeout
        asked = headers | {"Accept-Encoding": "identity"}
        patience = THROTTLED_SECONDS
        while True:
            self._counts.note(method, url)
            response = self._pool.request(method, url, headers=asked, timeout=timeout, redirect=False, **options)
            wait_seconds = _throttled_for(response)
            if wait_seconds is None or wait_seconds > patience:
                break
            response.close()
            patience -= max(wait_seconds, waiting.POLL_SECONDS)
            waiting.pause(max(wait_seconds, waiting.POLL_SECONDS), threading.Event())
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise urllib3.exceptions.HTTPError("the answer is compressed, although the suite did not request that")
        if response.status == HTTPStatus.OK and "watch=" in url.partition("?")[2]:
            return response
        try:
            body = _read(response, deadline)
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return urllib3.HTTPResponse(
            body, response.headers, response.status, reason=response.reason, decode_content=False, request_method=method
        )

    def clear(self) -> None:
        """Closes the connections."""
        self._pool.clear()


def _throttled_for(response: Any) -> float | None:
    """The seconds after which an API server that did nothing wants to be asked again, as kubectl does; None otherwise.

    It answers 429 when it has many calls to serve, or is still loading a kind of objects, and 503 while it ends.
    """
    told = (response.headers.get("Retry-After") or "").strip()
    is_put_off = response.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    return float(told) if is_put_off and told.isdecimal() else None


def _read(response: Any, deadline: float) -> bytes:
    body = bytearray()
    while piece := response.read1(PIECE_BYTES, decode_content=False):
        body += piece
        if len(body) > BODY_BYTES:
            raise urllib3.exceptions.HTTPError(f"the answer is longer than {BODY_BYTES} bytes")
        if waiting.now() > deadline:  # the caller has gone on: a dripping answer must not be read for ever
            raise urllib3.exceptions.HTTPError("the answer is not complete in time")
    return bytes(body)


def choose_proxy(configuration: Any) -> None:
    """The kubeconfig's own proxy, else the environment's for this server. ClusterError for a kind that is not HTTP."""
    own, server = configuration.proxy, configuration.host
    try:
        proxy = proxies.read_proxy(own, "the proxy of the kubeconfig") if own else proxies.proxy_for(server)
    except SetupProblem as problem:
        raise ClusterError(problem.sentence.rstrip(".")) from problem
    configuration.proxy = None if proxy is None else proxy.server
    if proxy is not None and proxy.user is not None:
        configuration.proxy_headers = urllib3.make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password}")


def ask(what: str, call: Callable[[], T], seconds: float) -> T:
    """The result of `call` within `seconds` in all; ClusterError otherwise."""
    with as_cluster_error(what):
        return waiting.within(seconds, call, what=what)


def pages(what: str, ask_page: Callable[[str | None], bytes]) -> Iterator[Json]:
    """The parts of a list, of PAGE objects each. `ask_page` gets the token that leads to a part, None for the first.

    ClusterError for a list that does not end.
    """
    token: str | None = None
    for _ in range(PAGES):
        page = read(what, ask_page(token))
        yield page
        with as_cluster_error(what):
            token = (page.get("metadata") or {}).get("continue")
        if not token:
            return
    raise ClusterError(f"{what}: more than {PAGES} parts of {PAGE} objects")


def read(what: str, body: bytes) -> Json:
    """An answer as a JSON object, read strictly; ClusterError when it is anything else."""
    with as_cluster_error(what):
        return read_object(body)


@contextmanager
def as_cluster_error(what: str) -> Iterator[None]:
    """Every error with an answer becomes a ClusterError that names the question, also while the answer is read."""
    try:
        yield
    except client.ApiException as error:
        raise ClusterError(f"{what}: {_refusal(error)}", error.status or None) from error
    except waiting.DeadlineExceeded as error:
        raise ClusterError(str(error)) from error
    except (urllib3.exceptions.HTTPError, WebSocketException, OSError) as error:
        raise ClusterError(f"{what}: {_reason(error)}") from error
    except (LookupError, TypeError, AttributeError) as error:
        raise ClusterError(f"{what}: no answer as Kubernetes gives it ({type(error).__name__}: {error})") from error
    except ValueError as error:
        raise ClusterError(f"{what}: {error}") from error


def _refusal(error: Any) -> str:
    if not error.status:  # the client's own way to say that it never came to an answer
        return " ".join(str(error.reason).split())[:300]
    where = (error.headers or {}).get("Location")
    if HTTPStatus.MULTIPLE_CHOICES <= error.status < HTTPStatus.BAD_REQUEST and where:
        return f"{error.status} {error.reason}: it redirects to {where}; correct the server in the kubeconfig"
    return f"{error.status} {error.reason}: {_message(error.body)}"


def _message(body: object) -> str:
    """The sentence of a Status object; any other body as it is."""
    try:
        message = read_object(body if isinstance(body, bytes) else str(body).encode()).get("message")
    except ValueError:
        message = None
    return f"{message or body!r:.300}"


def _reason(error: Any) -> str:
    """The innermost reason: the client wraps it in the address and its parameters."""
    while isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        error = error.reason
    return " ".join(str(error).split()) or type(error).__name__
