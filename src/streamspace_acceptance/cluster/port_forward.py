"""A local port that Kubernetes forwards to a pod, like `kubectl port-forward`.

It outlives the pod: each connection goes to a pod that is Ready then. A connection that cannot be forwarded is answered
by 502 with the reason, so that the loss of the way is not taken for an answer of the pod.
"""

from __future__ import annotations

import select
import socket
import socketserver
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from threading import Thread
from typing import Any

from kubernetes import client
from kubernetes.stream import portforward

from streamspace_acceptance.cluster.connection import CALL_SECONDS, ClusterError, as_cluster_error, ask
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import selector

PIECE_BYTES = 64 * 1024
STOP_SECONDS = 0.1


@contextmanager
def forwarded(cluster: Cluster, labels: Mapping[str, str], port: int) -> Iterator[str]:
    """The local address, as `127.0.0.1:40123`, that leads to `port` of a pod with `labels` while the context lasts."""
    with _Server(cluster, labels, port) as server:
        serving = Thread(target=server.serve_forever, args=(STOP_SECONDS,), name="port-forward", daemon=True)
        serving.start()
        try:
            host, local = server.server_address[:2]
            yield f"{host!s}:{local}"
        finally:
            server.shutdown()
            serving.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False  # a viewer's connection lasts as long as its page
    request_queue_size = 128

    def __init__(self, cluster: Cluster, labels: Mapping[str, str], port: int) -> None:
        self.cluster = cluster
        self.labels = labels
        self.port = port
        super().__init__(("127.0.0.1", 0), _Connection)

    def open(self) -> tuple[str, Any]:
        """The name of a Ready pod, and a connection to it. Raises ClusterError."""
        ready = [pod.meta.name for pod in self.cluster.pods(**self.labels) if pod.ready]
        if not ready:
            raise ClusterError(f"no pod with {selector(self.labels)} is Ready")
        name = ready[0]
        connect = client.CoreV1Api(self.cluster.new_client()).connect_get_namespaced_pod_portforward
        what = f"port-forward to pod {name}"
        with as_cluster_error(what):
            return name, ask(
                what, lambda: portforward(connect, name, self.cluster.namespace, ports=str(self.port)), CALL_SECONDS
            )


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Carry bytes both ways until one side has ended."""
        try:
            pod, way = self.server.open()
        except ClusterError as error:
            self._refuse(str(error))
            return
        port = self.server.port
        with closing(way.socket(port)) as there:
            answered = _carry(self.request, there)
        if not answered and (reason := way.error(port)):
            self._refuse(f"port-forward to pod {pod}: {reason.strip()}")

    def _refuse(self, reason: str) -> None:
        body = f"{reason}\n".encode()
        head = f"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        self.request.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)


def _carry(here: socket.socket, there: Any) -> bool:
    """Until one side has ended or gone; whether `there` has sent anything."""
    answered = False
    other = {here: there, there: here}
    with suppress(ConnectionError):
        while True:
            for source in select.select([here, there], [], [])[0]:
                piece = source.recv(PIECE_BYTES)
                if not piece:
                    return answered
                answered = answered or source is there
                other[source].sendall(piece)
    return answered
