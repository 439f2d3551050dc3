"""Events about objects: equal ones are counted, old ones deleted."""

import time
from dataclasses import dataclass
from typing import Literal

from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import EVENTS, Obj
from streamspace_sandbox.kubernetes.registry.store import Store

Key = tuple[str, ...]
KEPT = 5000
"""Events in the cluster at one time."""


class Recorder:
    """Writes events; `component` is their source."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._places: dict[Key, tuple[str, str]] = {}
        self._latest = 0

    def normal(self, obj: Obj, reason: str, message: str, *, component: str = "kubelet", part: str = "") -> None:
        """`part` is the field of the object that is meant, for example `spec.containers{api}`."""
        self._record(_Occurrence(obj, "Normal", reason, message, component, part))

    def warning(self, obj: Obj, reason: str, message: str, *, component: str = "kubelet", part: str = "") -> None:
        self._record(_Occurrence(obj, "Warning", reason, message, component, part))

    def _record(self, occurrence: "_Occurrence") -> None:
        # The namespace is being deleted, or a user has deleted the event: nobody needs it any more.
        with ignore_api_errors(403, 404):
            if place := self._places.get(occurrence.key):
                self._store.mutate(EVENTS, *place, _count)
            else:
                self._add(occurrence)

    def _add(self, occurrence: "_Occurrence") -> None:
        # The name ends with the time, as in Kubernetes, so a list by name is in order.
        self._latest = max(time.time_ns(), self._latest + 1)
        event = self._store.create(EVENTS, occurrence.event(self._latest))
        self._places[occurrence.key] = namespace_of(event), name_of(event)
        if len(self._places) > KEPT:
            oldest = next(iter(self._places))
            with ignore_api_errors(404):
                self._store.delete(EVENTS, *self._places.pop(oldest))


@dataclass(frozen=True)
class _Occurrence:
    obj: Obj
    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    component: str
    part: str

    @property
    def key(self) -> Key:
        """Occurrences with equal keys are counted as one event."""
        return self.obj["metadata"]["uid"], self.part, self.kind, self.reason, self.message

    def event(self, moment: int) -> Obj:
        """The event object; `moment` is a unique time in nanoseconds since the epoch."""
        now, obj = timestamp(), self.obj
        node = (obj.get("spec") or {}).get("nodeName") if self.component == "kubelet" else None
        involved = {
            "apiVersion": obj["apiVersion"],
            "kind": obj["kind"],
            "name": name_of(obj),
            "namespace": namespace_of(obj),
            "uid": obj["metadata"]["uid"],
            "resourceVersion": obj["metadata"]["resourceVersion"],
            "fieldPath": self.part,
        }
        return {
            "metadata": {"name": f"{name_of(obj)}.{moment:x}", "namespace": namespace_of(obj) or "default"},
            "involvedObject": {field: value for field, value in involved.items() if value},
            "reason": self.reason,
            "message": self.message,
            "type": self.kind,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": self.component, **({"host": node} if node else {})},
            "reportingComponent": self.component,
            "reportingInstance": node or "",
        }


def _count(event: Obj) -> None:
    event["count"] += 1
    event["lastTimestamp"] = timestamp()
