"""Commands in a pod, as `kubectl exec` runs them: what they say is capped, and the connection has a deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import websocket
import yaml
from kubernetes import client
from kubernetes.stream import stream
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDOUT_CHANNEL

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.connection import ClusterError, told
from streamspace_acceptance.cluster.objects import Pod

OUTPUT_BYTES = 4 * 1024 * 1024

# The client opens the connection without any timeout, and offers no other place for one.
websocket.setdefaulttimeout(10.0)


@dataclass(frozen=True)
class Executed:
    """What a command in a pod left: its output as text, and its exit code."""

    stdout: str
    stderr: str
    code: int


class ExecRefused(ClusterError):
    """A command in a pod did not even begin: its container has no such program, or does not run."""


def execute(
    api: Any, namespace: str, pod: Pod, command: Sequence[str], *, container: str | None, seconds: float
) -> Executed:
    """Runs `command` in a container of the pod over `api`, a client of its own."""
    deadline = waiting.now() + seconds
    session = stream(
        client.CoreV1Api(api).connect_get_namespaced_pod_exec,
        pod.meta.name,
        namespace,
        container=container,
        command=list(command),
        stdin=False,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
        _request_timeout=seconds,
    )
    session.sock.frame_buffer.recv = _bounded(session.sock.frame_buffer.recv, deadline)
    session.run_forever(timeout=seconds)
    if session.is_open():
        session.close(timeout=1)
        raise ClusterError(f"exec in pod {pod.meta.name}: still running after {seconds:g} s: {list(command)}")
    stdout, stderr = session.read_channel(STDOUT_CHANNEL), session.read_channel(STDERR_CHANNEL)
    with told(f"exec in pod {pod.meta.name}"):
        return Executed(stdout, stderr, exit_code(session))


def _bounded(receive: Callable[[int], bytes], deadline: float) -> Callable[[int], bytes]:
    """`receive`, with an end to what it takes and for how long: one frame may go on for ever."""
    taken = 0

    def bounded(count: int) -> bytes:
        nonlocal taken
        data = receive(count)
        taken += len(data)
        if taken > OUTPUT_BYTES:
            raise websocket.WebSocketException(f"the command says more than {OUTPUT_BYTES} bytes")
        if waiting.now() > deadline:
            raise websocket.WebSocketException("what the command says does not end in time")
        return data

    return bounded


def exit_code(session: Any) -> int:
    """The exit code that Kubernetes told at the end of an exec; ExecRefused when the command did not begin,
    ClusterError when Kubernetes told nothing.
    """
    try:
        status = yaml.safe_load(session.read_channel(ERROR_CHANNEL))
        if status["status"] == "Success":
            return 0
        causes = (status.get("details") or {}).get("causes") or ()
        codes = [int(each["message"]) for each in causes if each.get("reason") == "ExitCode"]
    except Exception as error:
        # The connection may be gone, or anything may stand in the status's place.
        raise ClusterError("exec: the connection ended before Kubernetes told what came of the command") from error
    if not codes:
        raise ExecRefused(f"exec: {' '.join(str(status.get('message') or status).split())}")
    return codes[0]
