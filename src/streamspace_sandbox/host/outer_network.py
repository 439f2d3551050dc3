"""Sockets of the network that this machine's other programs are on, for a process that has left that network.

A socket belongs to the network of the thread that made it. One thread stays behind and makes them.
"""

import socket
from concurrent.futures import ThreadPoolExecutor

LOOPBACK = "127."
_left: list[ThreadPoolExecutor] = []


def keep() -> None:
    """Leave a thread in the present network. To be called once, before the process leaves it."""
    thread = ThreadPoolExecutor(1, "outer network")
    thread.submit(int).result()  # it starts with its first task
    _left.append(thread)


def tcp_socket(address: str) -> socket.socket:
    """A TCP socket to be bound to `address`: one of the loopback is for other programs of this machine."""
    if _left and address.startswith(LOOPBACK):
        return _left[0].submit(_make).result()
    return _make()


def _make() -> socket.socket:
    # With an explicit protocol, asyncio disables Nagle's algorithm, which would delay an answer by 40 ms.
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
