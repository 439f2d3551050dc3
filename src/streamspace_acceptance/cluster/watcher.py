"""One watch that runs beside the test, across all of its connections."""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any

import urllib3

from streamspace_acceptance.cluster import watch_calls
from streamspace_acceptance.cluster.changes import RECORDED, RECORDED_BYTES, STATE_BYTES, STATES, Reader, slimmed
from streamspace_acceptance.cluster.connection import ClusterError, as_cluster_error
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Json, Meta, Pod
from streamspace_acceptance.cluster.watch_calls import Kind, WatchCalls, lines, may_stay_silent
from streamspace_acceptance.strict_json import read_object
from streamspace_acceptance.waiting import now, pause

LONGEST_CHECK_SECONDS = 20.0  # the next list of a watch that is still silent comes later each time, at most by that
IDLE_SECONDS = 60.0  # without a reader a watch ends after that: it reads and keeps every object
CLOSE_GRACE_SECONDS = 0.2  # for a watch that was stopped to end; one that is just asking for something may take longer
PAUSE_SECONDS = 0.2  # between connections that bring nothing
DELETED = 1000  # the deletions that are remembered


class Watcher:
    """Lists, then watches from there; lists again when Kubernetes says that it has forgotten (410).

    The objects of a watch without events are listed while it has readers. If the list shows a change that the watch has
    not reported, it is reopened, and broken when the next one does not report the change either.
    """

    def __init__(self, cluster: Cluster, kind: Kind, *, slim: bool = False) -> None:
        self.what = f"watch of {kind}"
        self._calls = WatchCalls(cluster, kind, self.what, slim=slim)
        self._cluster = cluster
        self._kind = kind
        self._slim = slim
        self._stopped = threading.Event()
        self._response: Any = None
        self._known: dict[str, Json] = {}
        self._overdue: dict[tuple[str, str], float] = {}  # what it should have reported, and since when that is known
        self._deleted: deque[tuple[float, Meta]] = deque(maxlen=DELETED)
        self._holders = 0
        self._useless_since: float | None = None
        self._silent_since: float | None = None  # set while a connection is open that may stay silent
        self._next_check = 0.0
        self._is_reopened = False
        self._asked_at = now()
        self._polled_at = -math.inf
        self._readers: list[Reader] = []
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Lists, and watches from there until `end`. Raises ClusterError."""
        with as_cluster_error(self.what):
            version = self.list()
        name = self.what.replace(" of", "")
        self._threads = [
            threading.Thread(target=self._run, args=(partial(self._follow, version),), name=name, daemon=True),
            threading.Thread(target=self._run, args=(self._listen,), name=f"{name}: silence", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stops; what is just being asked is not waited for."""
        self.stop()
        for thread in self._threads:
            thread.join(CLOSE_GRACE_SECONDS)

    @property
    def is_broken(self) -> bool:
        """Whether an error has ended it, or a reader that could take no more."""
        return self._error is not None or self._stopped.is_set()

    def add(self, labels: Mapping[str, str]) -> Reader:
        """A reader of the objects with those labels. It gets the present ones as ADDED."""
        most = (STATES, STATE_BYTES) if self._slim else (RECORDED, RECORDED_BYTES)
        reader = Reader(labels, self.what, most)
        with self._lock:
            if not self._readers:
                self._next_check = now() + watch_calls.READ_SECONDS
            for obj in self._known.values():
                reader.take("ADDED", obj, None, 0)
            if self._error is not None:
                reader.fail(self._error)
            self._readers.append(reader)
        return reader

    def remove(self, reader: Reader) -> None:
        """Whatever it has recorded stays."""
        with self._lock:
            self._readers.remove(reader)
            self._asked_at = now()

    @property
    def is_read(self) -> bool:
        """Whether it has a reader."""
        return bool(self._readers)

    @property
    def is_used(self) -> bool:
        """Whether it has a reader or is held."""
        return self.is_read or self._holders > 0

    def known(self, *, is_polled: bool = False) -> list[Json]:
        """The objects by what has been received so far. `is_polled`: until a change that is expected."""
        self._asked_at = now()
        self._polled_at = self._asked_at if is_polled else self._polled_at
        with self._lock:
            return list(self._known.values())

    def deleted_since(self, moment: float) -> list[Meta]:
        """The objects whose deletion has been received since a moment of the monotonic clock, of the last DELETED.

        The watch is complete up to the last of them: whatever was there then is known.
        """
        with self._lock:
            return [meta for at, meta in self._deleted if at >= moment]

    def hold(self) -> bool:
        """Keeps it from ending for want of readers, until `release`; whether it still runs."""
        with self._lock:
            self._holders += 1
            return not self.is_broken

    def release(self) -> None:
        """Ends one `hold`."""
        with self._lock:
            self._holders -= 1
            self._asked_at = now()

    def list(self) -> str:
        """Records how things differ from what was known; gives the version to watch from."""
        version, present = self._calls.list()
        for uid in self._known.keys() - present.keys():
            self._record("DELETED", self._known[uid])
        for uid, obj in present.items():
            before = self._known.get(uid)
            if before is None or _version(before) != _version(obj):
                self._record("ADDED" if before is None else "MODIFIED", obj)
        return version

    def _run(self, work: Callable[[], None]) -> None:
        """Works until stopped; an error ends up in the recordings."""
        try:
            with as_cluster_error(self.what):
                work()
        except Exception as error:  # noqa: BLE001 - the recordings raise it where somebody waits
            if not self._stopped.is_set():
                with self._lock:
                    self._error = error
                    for reader in self._readers:
                        reader.fail(error)
                self.stop()

    def _follow(self, version: str) -> None:
        while not self._stopped.is_set():
            version = self._watch(version) or self.list()

    def _listen(self) -> None:
        """Looks into each silence of an open connection."""
        seconds = watch_calls.READ_SECONDS
        while not pause(seconds / 10, self._stopped):
            if self._is_idle():
                self._shut_down()
                return
            since = self._silent_since
            if since is None or not self._is_of_interest() or now() < max(self._next_check, since + seconds):
                continue
            self._check_silence()
            self._next_check = now() + (seconds if self._overdue else min(now() - since, LONGEST_CHECK_SECONDS))
            if self._overdue and self._silent_since == since:
                self._is_reopened = True
                self._shut_down()

    def _is_of_interest(self) -> bool:
        return self.is_read or self._is_polled()

    def _is_polled(self) -> bool:
        return now() - self._polled_at < watch_calls.READ_SECONDS

    def _is_idle(self) -> bool:
        """Whether nobody has read it for long; no reader of it is added after that."""
        with self._lock:
            if not self.is_used and now() - self._asked_at > IDLE_SECONDS:
                self._stopped.set()
            return self._stopped.is_set()

    def stop(self) -> None:
        """Ends the watch: what it reads from ends at once, and what it may just be asking is not waited for."""
        self._stopped.set()
        self._shut_down()

    def _shut_down(self) -> None:
        if self._response is not None:
            with suppress(OSError, ValueError, RuntimeError):  # it has ended already, in urllib3's three words for it
                self._response.shutdown()

    def _is_open(self, _: object) -> bool:
        """Not after `_shut_down`: from then on, Python reads the rest of a TLS connection without decrypting it."""
        return not (self._is_reopened or self._stopped.is_set())

    def _watch(self, version: str) -> str | None:
        """Follows one connection; gives the version reached, None when things have to be listed to go on."""
        began, came_from, silent = now(), version, False
        self._is_reopened = False
        response = self._calls.open(version)
        if response is None:
            self._pause(began)
            return None
        self._response = response
        self._silent_since = now() if may_stay_silent(response) else None
        try:
            for line, heard in takewhile(self._is_open, lines(response) if not self._stopped.is_set() else ()):
                event = read_object(line)
                if event["type"] == "ERROR":
                    self._check_gone(event["object"])
                    self._pause(began)
                    return None
                version = self._take(event, len(line), heard)
                self._silent_since, self._next_check = None if self._silent_since is None else now(), 0.0
                self._overdue = {}
                self._useless_since = None
        except urllib3.exceptions.ReadTimeoutError:
            silent = True
            if self._is_of_interest():
                self._check_silence()
        except urllib3.exceptions.ProtocolError:
            pass  # cut off, as whatever stands between does now and then; the next one goes on from where it stood
        finally:
            self._silent_since = None
            response.close()
        if version == came_from:
            self._pause(began)
            # Re-list before restarting a watch that ends at once.
            return version if silent or self._is_reopened or self._stopped.is_set() else None
        return version

    def _take(self, event: Json, size: int, heard: float) -> str:
        """Records one event of so many bytes, received at that moment, and gives the version that it brings."""
        kind, obj = event["type"], event["object"]
        if kind not in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
            raise ValueError(f"an event of type {kind!r}")
        if self._slim:
            obj = slimmed(obj)
            size = len(json.dumps(obj))
        if kind != "BOOKMARK":
            self._record(kind, obj, heard, size)
        return _version(obj)

    def _check_gone(self, status: Json) -> None:
        if status.get("code") not in watch_calls.LIST_AGAIN:
            raise ClusterError(f"{self.what}: it ended with {status.get('code')}: {status.get('message')}")

    def _check_silence(self) -> None:
        """ClusterError when the watch still has not reported a change from before this silence.

        While nobody waits for more, only the pods that are read can make a difference: these are asked for by name.
        """
        with self._lock:
            read = self._read_pods()
        _, present = self._calls.list() if read is None else ("", self._look_by_name(read))
        with self._lock:
            objects = {uid: obj for uid, obj in self._known.items() if read is None or uid in read}
        known = {(uid, _version(obj)) for uid, obj in objects.items()}
        there = {(uid, _version(obj)) for uid, obj in present.items()}
        before, looked = self._overdue, now()
        self._overdue = {state: before.get(state, looked) for state in known ^ there}
        late = [uid for (uid, _), since in self._overdue.items() if looked - since >= watch_calls.READ_SECONDS]
        if late:
            names = sorted({(present.get(uid) or objects[uid])["metadata"]["name"] for uid in late})
            raise ClusterError(
                f"{self.what}: for {watch_calls.READ_SECONDS:g} s it has not reported changes that the list shows "
                f"({', '.join(names[:3])})"
            )

    def _read_pods(self) -> dict[str, str] | None:
        """The names of the pods that are read, by uid; None while more may be expected than these."""
        read = [reader.present for reader in self._readers]
        is_awaited = self._is_polled() or any(reader.recording.is_awaited for reader in self._readers)
        if self._kind != "pods" or is_awaited or not read or None in read:
            return None
        uids = {uid for present in read for uid in present or ()}
        return {uid: str(self._known[uid]["metadata"]["name"]) for uid in uids if uid in self._known}

    def _look_by_name(self, names: Mapping[str, str]) -> dict[str, Json]:
        """Those of the pods that exist, by uid."""
        found = {uid: self._cluster.raw_pod(name) for uid, name in names.items()}
        return {uid: pod for uid, pod in found.items() if pod is not None and pod["metadata"]["uid"] == uid}

    def _pause(self, began: float) -> None:
        """After a connection that brought nothing; ClusterError when there were only such for a while."""
        seconds = watch_calls.READ_SECONDS
        if now() - began >= seconds:
            self._useless_since = None
            return
        self._useless_since = self._useless_since or began
        if now() - self._useless_since > 2 * seconds:
            raise ClusterError(f"{self.what}: for {2 * seconds:g} s every connection has ended at once")
        pause(PAUSE_SECONDS, self._stopped)

    def _record(self, kind: str, obj: Json, heard: float | None = None, size: int = 0) -> None:
        meta = Pod.of(obj).meta if self._kind == "pods" else Meta.of(obj)  # so that readers can rely on it
        with self._lock:
            if kind == "DELETED":
                self._known.pop(meta.uid, None)
                self._deleted.append((now() if heard is None else heard, meta))
            else:
                self._known[meta.uid] = obj
            for reader in self._readers:
                reader.take(kind, obj, heard, size)
            if self._readers and all(reader.is_over for reader in self._readers):
                self._stopped.set()


def _version(obj: Json) -> str:
    return str(obj["metadata"]["resourceVersion"])
