"""Watches that run beside the test: what Kubernetes says is stamped on receipt and kept in a recording."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import urllib3
from kubernetes import client

from streamspace_acceptance.cluster.kubernetes import CONNECT_SECONDS, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.waiting import Recording

Kind = Literal["pods", "events"]
READ_SECONDS = 5.0  # a quiet watch is opened again after that, from where it stood
GONE = 410


@dataclass(frozen=True)
class Change:
    """One thing that happened to an object: ADDED, MODIFIED or DELETED, and the object as it then was.

    What was there when the watch began comes first, as ADDED.
    """

    kind: str
    object: Json


class _Watcher:
    """Lists, then watches from there; lists again when Kubernetes says that it has forgotten (410)."""

    def __init__(self, cluster: Cluster, kind: Kind, selector: str) -> None:
        core = client.CoreV1Api(cluster.new_client())
        calls: dict[Kind, Callable[..., Any]] = {
            "pods": core.list_namespaced_pod,
            "events": core.list_namespaced_event,
        }
        self._call = calls[kind]
        self._kind = kind
        self._arguments = {"namespace": cluster.namespace, "label_selector": selector, "_preload_content": False}
        self._stopped = False
        self._known: dict[str, Json] = {}
        self.recording: Recording[Change] = Recording()

    def list(self) -> str:
        """Records how things differ from what was known; gives the version to watch from."""
        found = json.loads(self._call(**self._arguments, _request_timeout=(CONNECT_SECONDS, READ_SECONDS)).data)
        present = {each["metadata"]["uid"]: each for each in found["items"]}
        for uid in self._known.keys() - present.keys():
            self._record("DELETED", self._known[uid])
        for uid, each in present.items():
            before = self._known.get(uid)
            if before is None or before["metadata"]["resourceVersion"] != each["metadata"]["resourceVersion"]:
                self._record("ADDED" if before is None else "MODIFIED", each)
        return str(found["metadata"]["resourceVersion"])

    def run(self, version: str) -> None:
        """Watches until stopped; an error ends up in the recording."""
        try:
            with self.as_cluster_errors():
                while not self._stopped:
                    version = self._watch(version) or self.list()
        except Exception as error:  # noqa: BLE001 - the recording raises it where somebody waits
            self.recording.fail(error)

    @contextmanager
    def as_cluster_errors(self) -> Iterator[None]:
        """Errors of the connection in the words of the cluster, with what was watched."""
        what = f"watch of {self._kind}"
        try:
            yield
        except client.ApiException as error:
            raise ClusterError(f"{what}: {error.status} {error.reason}", error.status) from error
        except urllib3.exceptions.HTTPError as error:
            raise ClusterError(f"{what}: {error}") from error

    def stop(self) -> None:
        """Ends the watch with the next thing it hears, or after READ_SECONDS of silence."""
        self._stopped = True

    def _watch(self, version: str) -> str | None:
        """Follows one connection; gives the version reached, None when things have to be listed to go on."""
        response = self._open(version)
        if response is None:
            return None
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return self._after_error(event["object"])
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._record(event["type"], event["object"])
                if self._stopped:
                    break
        except urllib3.exceptions.ReadTimeoutError:
            return version  # nothing happened for a while
        finally:
            response.close()
        return version

    def _open(self, version: str) -> Any:
        """A connection that watches from `version` on, None when there is none to be had."""
        timeouts = (CONNECT_SECONDS, READ_SECONDS)
        try:
            return self._call(**self._arguments, watch=True, resource_version=version, _request_timeout=timeouts)
        except client.ApiException as error:
            if error.status == GONE:
                return None
            raise
        except urllib3.exceptions.MaxRetryError as error:
            if isinstance(error.reason, urllib3.exceptions.ReadTimeoutError):
                return (
                    None  # some proxies hold an answer back until there is something in it; a list tells if it is that
                )
            raise

    @staticmethod
    def _after_error(status: Json) -> None:
        if status.get("code") != GONE:
            raise RuntimeError(f"the watch ended with {status.get('code')}: {status.get('message')}")

    def _record(self, kind: str, obj: Json) -> None:
        uid = obj["metadata"]["uid"]
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = obj
        self.recording.append(Change(kind, obj))


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    while chunk := response.read1():
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, lines)


@contextmanager
def watching(cluster: Cluster, kind: Kind, **labels: str) -> Iterator[Recording[Change]]:
    """A recording of what happens to the objects of a kind that carry `labels`, begun when this returns."""
    watcher = _Watcher(cluster, kind, ",".join(f"{name}={value}" for name, value in labels.items()))
    with watcher.as_cluster_errors():
        version = watcher.list()
    threading.Thread(target=watcher.run, args=(version,), name=f"watch {kind}", daemon=True).start()
    try:
        yield watcher.recording
    finally:
        watcher.stop()
