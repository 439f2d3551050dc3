"""The HTTPS server of the API, with settings for long watches and exec sessions."""

from pathlib import Path

import uvicorn
from starlette.applications import Starlette


def server_config(app: Starlette, *, certificate: Path, key: Path) -> uvicorn.Config:
    """For `uvicorn.Server(config).serve(sockets=[...])`.

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
