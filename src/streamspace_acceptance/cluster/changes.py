"""The changes that a watch brings, as its readers record them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streamspace_acceptance.cluster.connection import ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.waiting import Recording

_METADATA = ("name", "uid", "resourceVersion", "labels", "ownerReferences", "deletionTimestamp")
RECORDED, RECORDED_BYTES = 10_000, 12 * 1024 * 1024  # events of one watch; in memory they are several times that


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

    def __init__(self, labels: Mapping[str, str], watch: str) -> None:
        self.recording: Recording[Change] = Recording()
        self.is_over = False
        self._watch = watch
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
        if self._events > RECORDED or self._bytes > RECORDED_BYTES:
            self.fail(ClusterError(f"{self._watch}: more than {RECORDED} events, or {RECORDED_BYTES} bytes of them"))
            return
        kind = "DELETED" if not there else "MODIFIED" if before else "ADDED"
        self.recording.append(Change(kind, obj), at)

    def fail(self, error: BaseException) -> None:
        """The watch broke, and with it the recording."""
        self.is_over = True
        self.recording.fail(error)


def slimmed(obj: Json) -> Json:
    """A pod or a session without the parts that say nothing of its state: a thousand whole ones fill the memory."""
    spec = obj.get("spec") or {}
    containers = {
        part: [
            {name: container[name] for name in ("name", "restartPolicy") if name in container}
            for container in spec[part]
        ]
        for part in ("containers", "initContainers")
        if part in spec
    }
    return {
        "metadata": {name: value for name, value in obj["metadata"].items() if name in _METADATA},
        "spec": containers | {name: spec[name] for name in ("nodeName", "user", "template") if name in spec},
        "status": obj.get("status") or {},
    }
