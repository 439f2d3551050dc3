"""Commands in a pod, as `kubectl exec` runs them: what they say is capped, and the connection has a deadline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import websocket
from kubernetes import client
from kubernetes.stream import stream
from kubernetes.stream.ws_client import STDERR_CHANNEL, STDOUT_CHANNEL

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


def execute(api: Any, namespace: str, pod: Pod, command: Sequence[str], seconds: float) -> Executed:
    """Runs `command` in the pod's first container over `api`, a client of its own."""
    deadline = waiting.now() + seconds
    session = stream(
        client.CoreV1Api(api).connect_get_namespaced_pod_exec,
        pod.meta.name,
        namespace,
        container=pod.first_container,
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
    """The exit code that Kubernetes told at the end of an exec; ClusterError when it told none."""
    try:
        code = session.returncode
    except Exception as error:
        # The client reads the status as YAML, whatever came in its place, or nothing did.
        raise ClusterError("exec: the connection ended before Kubernetes told what came of the command") from error
    if not isinstance(code, int):
        raise ClusterError(f"exec: Kubernetes told {code!r} as exit code")
    return code
