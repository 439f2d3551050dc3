"""The calls of one watch: it lists all objects of a kind, and opens connections that report their changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

import urllib3
from kubernetes import client

from streamspace_acceptance.cluster.changes import slimmed
from streamspace_acceptance.cluster.connection import CONNECT_SECONDS, PAGE, ClusterError, as_cluster_error, ask, pages
from streamspace_acceptance.cluster.kubernetes import GROUP, VERSION, Cluster
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.waiting import now

Kind = Literal["pods", "events", "sessions", "claims"]
LIST_SECONDS = 5.0  # for the answer to one part of a list
READ_SECONDS = 5.0  # after that the objects are listed, if a watch brings no events
SILENT_SECONDS = 300.0  # a watch without events is reopened after that, at the version that it reached
LINE_BYTES = 2 * 1024 * 1024
LIST_AGAIN = (HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS)
"""It has forgotten the version, or has too many calls to serve; a kind of objects may also be loaded only now."""


class WatchCalls:
    """The calls for one kind of objects, with a client of their own. `slim`: only what a state takes is kept."""

    def __init__(self, cluster: Cluster, kind: Kind, what: str, *, slim: bool) -> None:
        own = cluster.new_client()
        core, custom = client.CoreV1Api(own), client.CustomObjectsApi(own)
        calls: dict[Kind, Callable[..., Any]] = {
            "pods": core.list_namespaced_pod,
            "events": core.list_namespaced_event,
            "claims": core.list_namespaced_persistent_volume_claim,
            "sessions": partial(custom.list_namespaced_custom_object, group=GROUP, version=VERSION, plural="sessions"),
        }
        self._call = calls[kind]
        self._what = what
        self._slim = slim
        self._arguments = {"namespace": cluster.namespace, "_preload_content": False}

    def list(self) -> tuple[str, dict[str, Json]]:
        """The version of the list, and what is in it by uid."""
        version, present = "", dict[str, Json]()
        for listing in pages(self._what, self._page):
            with as_cluster_error(self._what):
                found = map(slimmed, listing["items"]) if self._slim else listing["items"]
                version = str(listing["metadata"]["resourceVersion"])  # all parts of a list are of the same moment
                present |= {obj["metadata"]["uid"]: obj for obj in found}
        return version, present

    def _page(self, token: str | None) -> bytes:
        arguments = self._arguments | {"limit": PAGE, "_continue": token}
        timeouts = (CONNECT_SECONDS, LIST_SECONDS)
        return ask(self._what, lambda: self._call(**arguments, _request_timeout=timeouts).data or b"", LIST_SECONDS)

    def open(self, version: str) -> Any:
        """A connection that watches from `version` on, None when there is none to be had."""
        timeouts = (CONNECT_SECONDS, READ_SECONDS)
        arguments = self._arguments | {"resource_version": version, "_request_timeout": timeouts}
        try:
            return ask(self._what, lambda: self._call(watch=True, **arguments), CONNECT_SECONDS + READ_SECONDS)
        except ClusterError as error:
            # Some proxies hold back a response without content; the list shows whether this is the cause.
            if error.status in LIST_AGAIN or _timed_out(error):
                return None
            raise


def may_stay_silent(response: Any) -> bool:
    """Whether its connection now waits for SILENT_SECONDS; one that ends with the response keeps READ_SECONDS."""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(SILENT_SECONDS, READ_SECONDS))
    return sock is not None


def _timed_out(error: ClusterError) -> bool:
    cause = error.__cause__
    return isinstance(getattr(cause, "reason", cause), urllib3.exceptions.ReadTimeoutError)


def lines(response: Any) -> Iterator[tuple[bytes, float]]:
    """Whole lines as they come, each with the moment of its receipt.

    ReadTimeoutError also when READ_SECONDS after its first byte a line is not complete, however it drips.
    """
    rest, begun = b"", now()
    while chunk := response.read1():
        received = now()
        begun = begun if rest else received
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            begun = received
            yield line, received
        if len(rest) > LINE_BYTES:
            raise ValueError(f"a line of more than {LINE_BYTES} bytes")
        if rest and received - begun > READ_SECONDS:
            raise urllib3.exceptions.ReadTimeoutError(None, None, "no complete line")  # type: ignore[arg-type]
