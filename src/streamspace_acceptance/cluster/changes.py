"""The changes that a watch brings, as its readers record them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from streamspace_acceptance.cluster.connection import ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.waiting import Recording

RECORDED, RECORDED_BYTES = 10_000, 12 * 1024 * 1024  # events of one watch; in memory they are several times that
STATES, STATE_BYTES = 50_000, 32 * 1024 * 1024  # the same of states alone: 10 events of each of 5,000 sessions


@dataclass(frozen=True)
class Change:
    """One thing that happened to an object: ADDED, MODIFIED or DELETED, and the object as it then was.

    What was there when the watch began comes first, as ADDED.
    """

    kind: str
    object: Json


class Reader:
    """A recording of the changes of the objects with certain labels; it breaks when it grows too long.

    `watch` names the watch that it reads, for a sentence.

    An object that gets the labels is ADDED, and one that loses them DELETED, as in a watch with a selector.
    """

    def __init__(
        self, labels: Mapping[str, str], watch: str, most: tuple[int, int] = (RECORDED, RECORDED_BYTES)
    ) -> None:
        self.recording: Recording[Change] = Recording()
        self.is_over = False
        self._watch = watch
        self._most_events, self._most_bytes = most
        self._labels = labels.items()
        self._present: set[str] = set()
        self._events = self._bytes = 0

    def take(self, kind: str, obj: Json, at: float | None, size: int) -> None:
        """A change of `size` bytes, received `at` a moment; it is recorded if it is about one of those objects."""
        uid = obj["metadata"]["uid"]
        there = kind != "DELETED" and self._labels <= (obj["metadata"].get("labels") or {}).items()
        before = uid in self._present
        if self.is_over or not (there or before):
            return
        (self._present.add if there else self._present.discard)(uid)
        self._events, self._bytes = self._events + 1, self._bytes + size
        if self._events > self._most_events or self._bytes > self._most_bytes:
            most = f"more than {self._most_events} events, or {self._most_bytes} bytes of them"
            self.fail(ClusterError(f"{self._watch}: {most}"))
            return
        kind = "DELETED" if not there else "MODIFIED" if before else "ADDED"
        self.recording.append(Change(kind, obj), at)

    @property
    def present(self) -> frozenset[str] | None:
        """The uids of the existing objects that it reads; None for a reader of all objects."""
        return frozenset(self._present) if self._labels else None

    def fail(self, error: BaseException) -> None:
        """The watch broke, and with it the recording."""
        self.is_over = True
        self.recording.fail(error)


def slimmed(obj: Json) -> Json:
    """A pod or a session without the parts that say nothing of its state: a thousand whole ones fill the memory."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    labels = metadata.get("labels") or {}
    return {
        "metadata": _parts(metadata, "name", "uid", "resourceVersion", "deletionTimestamp")
        | {"labels": _parts(labels, *labels)}
        | {"ownerReferences": [_parts(owner, "name", "uid") for owner in metadata.get("ownerReferences") or ()]},
        "spec": _parts(spec, "nodeName", "user", "template")
        | {
            part: [_parts(container, "name", "restartPolicy") for container in spec[part]]
            for part in ("containers", "initContainers")
            if part in spec
        },
        "status": _parts(status, "phase", "reason", "message")
        | {"conditions": [_condition(condition) for condition in status.get("conditions") or ()]}
        | {
            part: [_container(container) for container in status.get(part) or ()]
            for part in ("containerStatuses", "initContainerStatuses")
        },
    }


def _condition(condition: Json) -> Json:
    """The words are those of the scheduler, which has found no node."""
    return _parts(condition, "type", "status", *(("reason", "message") if condition.get("status") == "False" else ()))


def _container(container: Json) -> Json:
    states = {name: container[name] for name in ("state", "lastState") if container.get(name)}
    return _parts(container, "name", "ready", "restartCount") | {
        name: {
            sys.intern(kind): words and _parts(words, "reason", "message", "exitCode") for kind, words in state.items()
        }
        for name, state in states.items()
    }


def _parts(obj: Json, *names: str) -> Json:
    """Those of the parts that exist. Every text is kept once for all objects that have it."""
    found = {sys.intern(name): obj[name] for name in names if name in obj}
    return {name: sys.intern(value) if isinstance(value, str) else value for name, value in found.items()}
