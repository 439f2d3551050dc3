"""`python -m streamspace_sandbox.streamspace.api`: serve the API on STREAMSPACE_API_PORT (8080)."""

import logging
import os

import uvicorn

from streamspace_sandbox.streamspace.api.app import create_app
from streamspace_sandbox.streamspace.api.protocol import HttpProtocol
from streamspace_sandbox.streamspace.api.settings import ApiSettings
from streamspace_sandbox.streamspace.logs import configure


def main() -> None:
    configure()
    settings = ApiSettings.from_environment()
    log = logging.getLogger("streamspace.api")
    log.info("StreamSpace API %s, time scale %g", settings.version, settings.clock.scale)
    uvicorn.run(
        create_app(settings),
        host=os.environ.get("STREAMSPACE_API_HOST", "0.0.0.0"),
        port=int(os.environ.get("STREAMSPACE_API_PORT", "8080")),
        loop="uvloop",
        http=HttpProtocol,
        ws="websockets-sansio",
        # Desktop pictures are compressed already; deflating them again costs time at every frame.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
