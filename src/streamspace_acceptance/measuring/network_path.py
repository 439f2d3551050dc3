"""The network between this machine and a server: how long a TCP connection takes to open, which no program delays.

The server's kernel answers it, so the time is that of the way there and back alone.
"""

from __future__ import annotations

import socket
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

    A busy machine delays some of them, and would excuse a slow product.
    """

    place: str = ""
    milliseconds: float = 0.0
    count: int = 0

    def explains(self, figure: float, limit: float) -> str:
        """How the network alone makes a figure of so many milliseconds reach `limit`; empty where it does not."""
        return self.describe() if figure - self.milliseconds < limit <= figure else ""

    def describe(self) -> str:
        """For the report."""
        least = f"{self.milliseconds:.1f} ms at the least"
        return f"the network to {self.place} alone takes {least} ({self.count} TCP connections)"


def measure(address: str) -> NetworkPath:
    """The way to the server of an address, or to the proxy before it."""
    proxy = proxies.proxy_for(address)
    parts = urlsplit(address if proxy is None else proxy.url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][:2]
        times = [_opening((str(resolved[0]), port)) for _ in range(TIMES)]
    except OSError:
        return NetworkPath(f"{host}:{port}")  # then it explains nothing
    return NetworkPath(f"{host}:{port}", min(times), len(times))


def _opening(place: tuple[str, int]) -> float:
    began = now()
    with socket.create_connection(place, CONNECT_SECONDS):
        return (now() - began) * 1000
