"""Probes of a container by TCP or HTTP, from this machine to the pod's address."""

import asyncio
import contextlib
import os

from streamspace_sandbox.kubernetes.machinery.resources import Obj

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 0.5
"""Seconds between tries of a container that is still starting; see `attempt_until_success`."""


class ProbeError(Exception):
    """The container did not answer as it should; the message is that of the event."""


def port_number(probe_port: int | str, container: Obj) -> int:
    """The number of a port that may be given by name. Raises ProbeError for a name the container does not have."""
    if isinstance(probe_port, int):
        return probe_port
    for port in container.get("ports") or []:
        if port.get("name") == probe_port:
            number: int = port["containerPort"]
            return number
    if probe_port.isdigit():
        return int(probe_port)
    raise ProbeError(f"couldn't find port: {probe_port}")


async def attempt(probe: Obj, container: Obj, ip: str) -> None:
    """One try of a probe. Raises ProbeError."""
    seconds = probe.get("timeoutSeconds") or 1
    try:
        async with asyncio.timeout(seconds):
            if action := probe.get("httpGet"):
                await _http(action, action.get("host") or ip, port_number(action["port"], container))
            elif action := probe.get("tcpSocket"):
                await _tcp(action.get("host") or ip, port_number(action["port"], container))
    except TimeoutError as error:
        raise ProbeError(f"timeout: no answer within {seconds} s") from error
    except OSError as error:
        raise ProbeError(os.strerror(error.errno) if error.errno else str(error)) from error


async def attempt_until_success(probe: Obj, container: Obj, ip: str, seconds: float) -> None:
    """Try until it succeeds or `seconds` are over. Raises ProbeError.

    A container that starts is tried often, so that it becomes Ready at once and not up to a period later.
    """
    end = asyncio.get_running_loop().time() + seconds
    pause = FIRST_PAUSE
    while True:
        try:
            return await attempt(probe, container, ip)
        except ProbeError:
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                raise
            await asyncio.sleep(min(pause, left))
            if left <= pause:
                raise
            pause = min(pause * 1.3, LONGEST_PAUSE)


async def _tcp(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _http(action: Obj, host: str, port: int) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        headers = {"Host": f"{host}:{port}", "User-Agent": "kube-probe/1.32", "Accept": "*/*", "Connection": "close"}
        headers |= {header["name"]: header["value"] for header in action.get("httpHeaders") or []}
        lines = [f"GET {action.get('path') or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        status_line = (await reader.readline()).decode(errors="replace").split()
    finally:
        writer.close()
    if len(status_line) < 2 or not status_line[1].isdigit():
        raise ProbeError("the answer is not HTTP")
    if not 200 <= int(status_line[1]) < 400:
        raise ProbeError(f"HTTP probe failed with statuscode: {status_line[1]}")
