"""How the API server listens: HTTPS, with settings that long watches and exec sessions need."""

import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette


def listening_socket(address: str, port: int) -> socket.socket:
    """A socket for the server; port 0 is any free one. Raises OSError when the port is taken."""
    # With the protocol named, asyncio switches off Nagle's algorithm, which would cost 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def server_config(app: Starlette, *, certificate: Path, key: Path) -> uvicorn.Config:
    """For `uvicorn.Server(config).serve(sockets=[...])`; with sockets of `listening_socket`.

    No pings from the server: clients of exec answer them only while they read. Watches are cut off at shutdown.
    """
    return uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_level="warning",
        log_config=None,
        server_header=False,
        timeout_keep_alive=300,
        timeout_graceful_shutdown=1,
        backlog=512,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
    )
