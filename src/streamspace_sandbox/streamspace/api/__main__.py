"""`python -m streamspace_sandbox.streamspace.api`: serve the API on LISTEN_PORT (8080)."""

import logging

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from streamspace_sandbox.streamspace.api.app import create_app
from streamspace_sandbox.streamspace.api.settings import ApiSettings
from streamspace_sandbox.streamspace.logs import configure


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP. Refuses an unparsable request, such as an unknown verb, with the API's form of an error."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - our sentence says more than uvicorn's
        sentence = "This is not a valid HTTP request; check its verb and its headers."
        body = orjson.dumps({"error": "bad_request", "message": sentence})
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def main() -> None:
    configure()
    settings = ApiSettings.from_environment()
    log = logging.getLogger("streamspace.api")
    log.info("StreamSpace API %s, time scale %g", settings.version, settings.clock.scale)
    uvicorn.run(
        create_app(settings),
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http=HttpProtocol,
        ws="websockets-sansio",
        # Desktop frames are compressed already; deflating them again takes time at every frame.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
