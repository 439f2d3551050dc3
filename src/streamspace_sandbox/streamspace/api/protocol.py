"""HTTP as uvicorn speaks it, but for what is no HTTP at all: that too is refused with an error in JSON."""

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpProtocol(HttpToolsProtocol):
    """Refuses what cannot be parsed, unknown verbs among it, in the form of every other refusal."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's sentence is less than ours
        sentence = "This is no HTTP request that StreamSpace understands; look at its verb and its headers."
        body = orjson.dumps({"error": "bad_request", "message": sentence})
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
