"""Commands in a pod, as `kubectl exec` runs them: their output is capped, and the connection has a deadline.

The connection follows no redirect: the client would send its token there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

import websocket
import yaml
from kubernetes import client
from kubernetes.stream import stream, ws_client
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDOUT_CHANNEL

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.connection import ClusterError, as_cluster_error
from streamspace_acceptance.cluster.objects import Pod

OUTPUT_BYTES = 4 * 1024 * 1024

REDIRECTS = range(300, 400)
CLOSE_GRACE_SECONDS = 0.2
"""How long closing the connection of a command may take, when the command has not ended in time."""


# Without a proxy of its own it would read the environment in its own way.
_NO_PROXY = {"http_proxy_host": "none", "http_proxy_port": 1, "http_no_proxy": ["*"]}


class _Direct(websocket.WebSocket):
    """A WebSocket that follows no redirect, because the server that it leads to would get the token."""

    def connect(self, url: str, **options: Any) -> None:
        options = options if "http_proxy_host" in options else options | _NO_PROXY
        try:
            connect: Any = super().connect  # untyped
            connect(url, **options, redirect_limit=0)
        except websocket.WebSocketException as error:
            where = (self.getheaders() or {}).get("location")
            if self.getstatus() not in REDIRECTS or where is None:
                raise
            raise websocket.WebSocketException(
                f"{self.getstatus()}: it redirects to {where}; correct the server in the kubeconfig"
            ) from error


# The client opens the connection without any timeout, and offers no other place for one, nor for the rest.
websocket.setdefaulttimeout(10.0)
vars(ws_client)["WebSocket"] = _Direct


@dataclass(frozen=True)
class ExecResult:
    """The output of a command in a pod, as text, and its exit code."""

    stdout: str
    stderr: str
    code: int


class ExecRefusedError(ClusterError):
    """A command in a pod did not even begin: its container has no such program, or does not run."""


def execute(
    api: Any, namespace: str, pod: Pod, command: Sequence[str], *, container: str | None, deadline: float
) -> ExecResult:
    """Runs `command` in a container of the pod over `api`, a client of its own, until a moment of the clock."""
    began = waiting.now()
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
        _request_timeout=deadline - began,
    )
    session.sock.frame_buffer.recv = _bounded(session.sock.frame_buffer.recv, deadline)
    session.run_forever(timeout=max(deadline - waiting.now(), 0.001))  # 0 would be for ever
    if session.is_open():
        Thread(target=_leave, args=(session,), name="end of an exec", daemon=True).start()
        took = waiting.now() - began
        raise ClusterError(f"exec in pod {pod.meta.name}: still running after {took:.1f} s: {list(command)}")
    stdout, stderr = session.read_channel(STDOUT_CHANNEL), session.read_channel(STDERR_CHANNEL)
    with as_cluster_error(f"exec in pod {pod.meta.name}"):
        return ExecResult(stdout, stderr, exit_code(session))


def _leave(session: Any) -> None:
    """Nobody waits for this any more: the other side may be as silent about its end as it was before."""
    with suppress(OSError, websocket.WebSocketException):
        session.close(timeout=CLOSE_GRACE_SECONDS)


def _bounded(receive: Callable[[int], bytes], deadline: float) -> Callable[[int], bytes]:
    """`receive`, with a limit on size and time: one frame may never end."""
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
    """The exit code that Kubernetes told at the end of an exec; ExecRefusedError when the command did not begin,
    ClusterError when Kubernetes told nothing.
    """
    try:
        status = yaml.safe_load(session.read_channel(ERROR_CHANNEL))
        if status["status"] == "Success":
            return 0
        causes = (status.get("details") or {}).get("causes") or ()
        codes = [int(cause["message"]) for cause in causes if cause.get("reason") == "ExitCode"]
    except Exception as error:
        # The connection may be gone, or anything may stand in the status's place.
        raise ClusterError("exec: the connection ended before Kubernetes reported the result of the command") from error
    if not codes:
        raise ExecRefusedError(f"exec: {' '.join(str(status.get('message') or status).split())}")
    return codes[0]
