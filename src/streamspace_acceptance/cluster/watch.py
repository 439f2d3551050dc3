"""Watches that run beside the test: what Kubernetes says is stamped on receipt and kept in a recording."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

import urllib3
from kubernetes import client

from streamspace_acceptance.cluster.connection import CONNECT_SECONDS, ClusterError, as_cluster_error, ask
from streamspace_acceptance.cluster.kubernetes import GROUP, VERSION, Cluster
from streamspace_acceptance.cluster.objects import Json, Meta, Pod, selector
from streamspace_acceptance.strict_json import read_object
from streamspace_acceptance.waiting import Recording, now, pause

Kind = Literal["pods", "events", "sessions"]
READ_SECONDS = 5.0  # a watch without events is reopened after that, at the version that it reached
CLOSE_GRACE_SECONDS = 0.2  # for a watch that was stopped to end; one that is just asking for something may take longer
PAUSE_SECONDS = 0.2  # between connections that bring nothing
LINE_BYTES = 2 * 1024 * 1024
_METADATA = ("name", "uid", "resourceVersion", "labels", "ownerReferences", "deletionTimestamp")
RECORDED, RECORDED_BYTES = 10_000, 12 * 1024 * 1024  # events of one watch; in memory they are several times that


@dataclass(frozen=True)
class Change:
    """One thing that happened to an object: ADDED, MODIFIED or DELETED, and the object as it then was.

    What was there when the watch began comes first, as ADDED.
    """

    kind: str
    object: Json


class _Watcher:
    """Lists, then watches from there; lists again when Kubernetes says that it has forgotten (410).

    A watch without events for READ_SECONDS is reopened, and its objects are listed. The watch is broken when the next
    one does not report a change that the list has shown.
    """

    def __init__(self, cluster: Cluster, kind: Kind, chosen: str, *, slim: bool = False) -> None:
        own = cluster.new_client()
        core, custom = client.CoreV1Api(own), client.CustomObjectsApi(own)
        calls: dict[Kind, Callable[..., Any]] = {
            "pods": core.list_namespaced_pod,
            "events": core.list_namespaced_event,
            "sessions": partial(custom.list_namespaced_custom_object, group=GROUP, version=VERSION, plural="sessions"),
        }
        self._call = calls[kind]
        self._kind = kind
        self._slim = slim
        self._arguments = {"namespace": cluster.namespace, "label_selector": chosen, "_preload_content": False}
        self._stopped = threading.Event()
        self._response: Any = None
        self._known: dict[str, Json] = {}
        self._overdue: set[tuple[str, str]] = set()
        self._useless_since: float | None = None
        self._events = self._bytes = 0
        self.what = f"watch of {kind}"
        self.recording: Recording[Change] = Recording()

    def list(self) -> str:
        """Records how things differ from what was known; gives the version to watch from."""
        version, present = self._look()
        for uid in self._known.keys() - present.keys():
            self._record("DELETED", self._known[uid])
        for uid, obj in present.items():
            before = self._known.get(uid)
            if before is None or _version(before) != _version(obj):
                self._record("ADDED" if before is None else "MODIFIED", obj)
        return version

    def run(self, version: str) -> None:
        """Watches until stopped; an error ends up in the recording."""
        try:
            with as_cluster_error(self.what):
                while not self._stopped.is_set():
                    version = self._watch(version) or self.list()
        except Exception as error:  # noqa: BLE001 - the recording raises it where somebody waits
            if not self._stopped.is_set():
                self.recording.fail(error)

    def stop(self) -> None:
        """Ends the watch: what it reads from ends at once, and what it may just be asking is not waited for."""
        self._stopped.set()
        if self._response is not None:
            with suppress(OSError, ValueError, RuntimeError):  # it has ended already, in urllib3's three words for it
                self._response.shutdown()

    def _look(self) -> tuple[str, dict[str, Json]]:
        """The version of the list, and what is in it by uid."""
        timeouts = (CONNECT_SECONDS, READ_SECONDS)
        body = ask(
            self.what, lambda: self._call(**self._arguments, _request_timeout=timeouts).data or b"", READ_SECONDS
        )
        with as_cluster_error(self.what):
            listing = read_object(body)
            found = map(slimmed, listing["items"]) if self._slim else listing["items"]
            return str(listing["metadata"]["resourceVersion"]), {obj["metadata"]["uid"]: obj for obj in found}

    def _watch(self, version: str) -> str | None:
        """Follows one connection; gives the version reached, None when things have to be listed to go on."""
        began, came_from, silent = now(), version, False
        response = self._open(version)
        if response is None:
            self._pause(began)
            return None
        self._response = response
        try:
            for line, heard in _lines(response) if not self._stopped.is_set() else ():
                event = read_object(line)
                if event["type"] == "ERROR":
                    self._check_gone(event["object"])
                    self._pause(began)
                    return None
                version = self._take(event, len(line), heard)
                self._overdue.clear()
                self._useless_since = None
        except urllib3.exceptions.ReadTimeoutError:
            silent = True
            self._check_silence()
        except urllib3.exceptions.ProtocolError:
            pass  # cut off, as whatever stands between does now and then; the next one goes on from where it stood
        finally:
            response.close()
        if version == came_from:
            self._pause(began)
            # Re-list before restarting a watch that ends at once.
            return version if silent or self._stopped.is_set() else None
        return version

    def _open(self, version: str) -> Any:
        """A connection that watches from `version` on, None when there is none to be had."""
        timeouts = (CONNECT_SECONDS, READ_SECONDS)
        arguments = self._arguments | {"resource_version": version, "_request_timeout": timeouts}
        try:
            return ask(self.what, lambda: self._call(watch=True, **arguments), CONNECT_SECONDS + READ_SECONDS)
        except ClusterError as error:
            # Some proxies hold back a response without content; the list shows whether this is the cause.
            if error.status == HTTPStatus.GONE or _timed_out(error):
                return None
            raise

    def _take(self, event: Json, size: int, heard: float) -> str:
        """Records one event of so many bytes, received at that moment, and gives the version that it brings."""
        kind, obj = event["type"], event["object"]
        if kind not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
            raise ValueError(f"an event of type {kind!r}")
        if self._slim:
            obj = slimmed(obj)
            size = len(json.dumps(obj))
        self._events, self._bytes = self._events + 1, self._bytes + size
        if self._events > RECORDED or self._bytes > RECORDED_BYTES:
            raise ValueError(f"more than {RECORDED} events, or {RECORDED_BYTES} bytes of them")
        if kind != "BOOKMARK":
            self._record(kind, obj, heard)
        return _version(obj)

    def _check_gone(self, status: Json) -> None:
        if status.get("code") != HTTPStatus.GONE:
            raise ClusterError(f"{self.what}: it ended with {status.get('code')}: {status.get('message')}")

    def _check_silence(self) -> None:
        """ClusterError when the watch still has not reported a change from before this silence."""
        _, present = self._look()
        known = {(uid, _version(obj)) for uid, obj in self._known.items()}
        there = {(uid, _version(obj)) for uid, obj in present.items()}
        still = self._overdue & (known ^ there)
        if still:
            names = sorted({(present.get(uid) or self._known[uid])["metadata"]["name"] for uid, _ in still})
            raise ClusterError(
                f"{self.what}: for {READ_SECONDS:g} s it has not reported changes that the list shows "
                f"({', '.join(names[:3])})"
            )
        self._overdue = known ^ there

    def _pause(self, began: float) -> None:
        """After a connection that brought nothing; ClusterError when there were only such for a while."""
        if now() - began >= READ_SECONDS:
            self._useless_since = None
            return
        self._useless_since = self._useless_since or began
        if now() - self._useless_since > 2 * READ_SECONDS:
            raise ClusterError(f"{self.what}: for {2 * READ_SECONDS:g} s every connection has ended at once")
        pause(PAUSE_SECONDS, self._stopped)

    def _record(self, kind: str, obj: Json, heard: float | None = None) -> None:
        uid = Pod.of(obj).meta.uid if self._kind == "pods" else Meta.of(obj).uid  # so that readers can rely on it
        if kind == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = obj
        self.recording.append(Change(kind, obj), heard)


def slimmed(obj: Json) -> Json:
    """A pod or a session without the parts that say nothing of its state: a thousand whole ones fill the memory."""
    spec = obj.get("spec") or {}
    containers = {
        part: [{name: one[name] for name in ("name", "restartPolicy") if name in one} for one in spec[part]]
        for part in ("containers", "initContainers")
        if part in spec
    }
    return {
        "metadata": {name: value for name, value in obj["metadata"].items() if name in _METADATA},
        "spec": containers | {name: spec[name] for name in ("nodeName", "user", "template") if name in spec},
        "status": obj.get("status") or {},
    }


def _version(obj: Json) -> str:
    return str(obj["metadata"]["resourceVersion"])


def _timed_out(error: ClusterError) -> bool:
    cause = error.__cause__
    return isinstance(getattr(cause, "reason", cause), urllib3.exceptions.ReadTimeoutError)


def _lines(response: Any) -> Iterator[tuple[bytes, float]]:
    """Whole lines as they come, each with the moment of its receipt.

    ReadTimeoutError also when for READ_SECONDS no line was complete, however it drips.
    """
    rest, heard = b"", now()
    while chunk := response.read1():
        received = now()
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            heard = now()
            yield line, received
        if len(rest) > LINE_BYTES:
            raise ValueError(f"a line of more than {LINE_BYTES} bytes")
        if now() - heard > READ_SECONDS:
            raise urllib3.exceptions.ReadTimeoutError(None, None, "no complete line")  # type: ignore[arg-type]


@contextmanager
def watching(cluster: Cluster, kind: Kind, **labels: str) -> Iterator[Recording[Change]]:
    """A recording of what happens to the objects of a kind that carry `labels`, begun when this returns."""
    with _begun(_Watcher(cluster, kind, selector(labels))) as recording:
        yield recording


@contextmanager
def watching_states(cluster: Cluster, kind: Kind) -> Iterator[Recording[Change]]:
    """The same for all objects of a kind, of which only that is kept which tells their state."""
    with _begun(_Watcher(cluster, kind, "", slim=True)) as recording:
        yield recording


@contextmanager
def _begun(watcher: _Watcher) -> Iterator[Recording[Change]]:
    with as_cluster_error(watcher.what):
        version = watcher.list()
    thread = threading.Thread(target=watcher.run, args=(version,), name=watcher.what.replace(" of", ""), daemon=True)
    thread.start()
    try:
        yield watcher.recording
    finally:
        watcher.stop()
        thread.join(CLOSE_GRACE_SECONDS)
