"""Readiness probes against servers on loopback."""

import asyncio

from streamspace_sandbox.kubernetes.kubelet import probes
from streamspace_sandbox.kubernetes.machinery.resources import Obj


def probe_against(answer: bytes | None, probe: Obj) -> str | None:
    """The error of a probe of a server that sends `answer`; None for a success."""

    async def main() -> str | None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if answer is None:
                await reader.read()
            elif answer:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            container = {"ports": [{"name": "web", "containerPort": port}]}
            try:
                await probes.attempt(probe, container, "127.0.0.1")
            except probes.ProbeError as error:
                return str(error)
            return None

    return asyncio.run(main())


HTTP = {"httpGet": {"path": "/x", "port": "web"}}


def test_probe_error_names_the_cause() -> None:
    assert probe_against(b"HTTP/1.1 204 No Content\r\n\r\n", HTTP) is None
    assert probe_against(b"HTTP/1.1 503 Service Unavailable\r\n\r\n", HTTP) == "HTTP probe failed with statuscode: 503"
    assert probe_against(b"RFB 003.008\n", HTTP) == "the answer is not HTTP"
    assert probe_against(None, {**HTTP, "timeoutSeconds": 0.1}) == "timeout: no answer within 0.1 s"
    assert probe_against(b"", {"tcpSocket": {"port": "web"}}) is None
    assert probe_against(b"", {"tcpSocket": {"port": 1}}) == "Connection refused"
    assert probe_against(b"", {"tcpSocket": {"port": "other"}}) == "couldn't find port: other"
