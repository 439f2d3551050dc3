"""The network between this machine and a server: how long a TCP connection takes to open, which no program delays.

The server's kernel answers it, so the time is that of the way there and back alone. Where a proxy stands on the way, it
is the proxy's kernel: then the quickest answer to a question that costs a server nothing tells of the whole way.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamspace_acceptance import proxies
from streamspace_acceptance.clock import now

TIMES = 10
CONNECT_SECONDS = 3.0
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}


@dataclass(frozen=True)
class NetworkPath:
    """The quickest of `count` openings of a TCP connection to `place`, in milliseconds; 0 where none could be opened.

    A busy machine delays some of them, and would excuse a slow product. `answer` is the quickest answer to the
    question, 0 where none was asked.
    """

    place: str = ""
    milliseconds: float = 0.0
    count: int = 0
    answer: float = 0.0

    def explains(self, figure: float, limit: float) -> str:
        """How the network alone makes a figure of so many milliseconds reach `limit`; empty where it does not."""
        return self.describe() if figure - max(self.milliseconds, self.answer) < limit <= figure else ""

    def describe(self) -> str:
        """For the report."""
        least = f"{self.milliseconds:.1f} ms at the least"
        asked = f", and the quickest answer to a small question {self.answer:.1f} ms" if self.answer else ""
        return f"the network to {self.place} alone takes {least} ({self.count} TCP connections){asked}"


def measure(address: str, question: Callable[[], object] | None = None) -> NetworkPath:
    """The way to the server of an address, or to the proxy before it; `question` asks something that costs nothing."""
    proxy = proxies.proxy_for(address)
    parts = urlsplit(address if proxy is None else proxy.url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)
    try:
        answering = _answering(host, port)
        times = [_opening((answering, port)) for _ in range(TIMES)]
    except OSError:
        return NetworkPath(f"{host}:{port}")  # then it explains nothing
    answers = [_time_of(question) for _ in range(TIMES)] if question is not None else [0.0]
    return NetworkPath(f"{host}:{port}", min(times), len(times), min(answers))


def _time_of(question: Callable[[], object]) -> float:
    began = now()
    question()
    return (now() - began) * 1000


def _answering(host: str, port: int) -> str:
    """The address of a name to which connections go: the first of several that takes one."""
    with socket.create_connection((host, port), CONNECT_SECONDS) as connection:
        return str(connection.getpeername()[0])


def _opening(place: tuple[str, int]) -> float:
    began = now()
    with socket.create_connection(place, CONNECT_SECONDS):
        return (now() - began) * 1000
