"""The scheduler: each pod goes to the node with the lowest share of requested CPU and memory that has room for it."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from streamspace_sandbox.kubernetes.controllers.queue import WorkQueue
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import dig, name_of, namespace_of, timestamp
from streamspace_sandbox.kubernetes.machinery.resources import NODES, PERSISTENTVOLUMECLAIMS, PODS, Obj
from streamspace_sandbox.kubernetes.registry.events import Recorder
from streamspace_sandbox.kubernetes.registry.store import Event, Store
from streamspace_sandbox.quantities import parse_quantity

COMPONENT = "default-scheduler"
FINISHED = ("Succeeded", "Failed")
ZERO = Decimal(0)
CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


@dataclass
class Room:
    """A node's allocatable resources and what the pods on it request; pods count as a resource."""

    name: str
    labels: dict[str, str]
    taints: list[Obj]
    allocatable: dict[str, Decimal]
    requested: dict[str, Decimal]

    def lacks(self, wanted: dict[str, Decimal]) -> list[str]:
        """The reasons why a pod does not fit, as Kubernetes words them."""
        short = [
            name
            for name, amount in wanted.items()
            if amount and self.requested.get(name, ZERO) + amount > self.allocatable.get(name, ZERO)
        ]
        return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in short]

    def share(self, wanted: dict[str, Decimal]) -> Decimal:
        """The mean share of CPU and memory that would be requested of the node."""
        shares = [
            (self.requested.get(name, ZERO) + wanted.get(name, ZERO)) / self.allocatable[name]
            for name in ("cpu", "memory")
        ]
        return sum(shares, ZERO) / len(shares)

    def add(self, wanted: dict[str, Decimal]) -> None:
        for name, amount in wanted.items():
            self.requested[name] = self.requested.get(name, ZERO) + amount


class Scheduler:
    """Binds pods in the order of their creation; those that fit nowhere are tried again after a change."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder
        self._pending: dict[str, tuple[str, str]] = {}
        self._refused: set[str] = set()
        self._queue: WorkQueue[None] = WorkQueue(self._schedule)
        store.watch(PODS, callback=self._pod_changed)
        store.watch(NODES, callback=self._retry_pending)
        store.watch(PERSISTENTVOLUMECLAIMS, callback=self._retry_pending)

    def _pod_changed(self, event: Event) -> None:
        pod = event.object
        uid = pod["metadata"]["uid"]
        if event.type == "DELETED":
            self._pending.pop(uid, None)
            self._refused.discard(uid)
            self._retry_pending(event)
        elif pod["spec"].get("nodeName"):
            self._pending.pop(uid, None)
            if pod["status"].get("phase") in FINISHED:
                self._retry_pending(event)
        elif uid not in self._pending and pod["spec"].get("schedulerName") == COMPONENT:
            self._pending[uid] = namespace_of(pod), name_of(pod)
            self._queue.add(None)

    def _retry_pending(self, _: Event) -> None:
        if self._pending:
            self._refused.clear()
            self._queue.add(None)

    def _schedule(self, _: None) -> None:
        rooms = self._rooms()
        for uid, place in list(self._pending.items()):
            pod = self._store.get(PODS, *place)
            if pod["metadata"]["uid"] == uid and uid not in self._refused:
                self._place(pod, rooms)

    def _place(self, pod: Obj, rooms: list[Room]) -> None:
        wanted = requests(pod)
        reasons: Counter[str] = Counter()
        fitting = []
        for room in rooms:
            why = self._reasons_against(pod, room, wanted)
            reasons.update(why)
            if not why:
                fitting.append(room)
        if claim := self._missing_claim(pod):
            self._refuse(pod, f'0/{len(rooms)} nodes are available: persistentvolumeclaim "{claim}" not found.')
        elif not fitting:
            listed = ", ".join(f"{count} {why}" for why, count in sorted(reasons.items()))
            self._refuse(pod, f"0/{len(rooms)} nodes are available: {listed}.")
        else:
            # Equally full nodes: the one with fewer pods, then the first by name.
            best = min(fitting, key=lambda room: (room.share(wanted), room.requested.get("pods", ZERO), room.name))
            best.add(wanted)
            self._bind(pod, best.name)

    @staticmethod
    def _reasons_against(pod: Obj, room: Room, wanted: dict[str, Decimal]) -> list[str]:
        selector = pod["spec"].get("nodeSelector") or {}
        if any(room.labels.get(key) != value for key, value in selector.items()):
            return ["node(s) didn't match Pod's node affinity/selector"]
        taint = next((taint for taint in room.taints if not _is_tolerated(taint, pod)), None)
        if taint == CORDONED:
            return ["node(s) were unschedulable"]
        if taint is not None:
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
        return room.lacks(wanted)

    def _missing_claim(self, pod: Obj) -> str | None:
        for volume in pod["spec"].get("volumes") or []:
            name = dig(volume, "persistentVolumeClaim.claimName")
            if name and not self._is_bound(namespace_of(pod), name):
                return str(name)
        return None

    def _is_bound(self, namespace: str, claim: str) -> bool:
        try:
            return bool(self._store.get(PERSISTENTVOLUMECLAIMS, namespace, claim)["spec"].get("volumeName"))
        except ApiError:
            return False

    def _bind(self, pod: Obj, node: str) -> None:
        place = namespace_of(pod), name_of(pod)

        def scheduled(obj: Obj) -> None:
            conditions = obj["status"].get("conditions") or []
            condition = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
            condition["lastTransitionTime"] = timestamp()
            obj["status"]["conditions"] = [*(c for c in conditions if c["type"] != "PodScheduled"), condition]

        self._store.mutate(PODS, *place, scheduled, subresource="status")
        self._store.mutate(PODS, *place, lambda obj: obj["spec"].update(nodeName=node))
        message = f"Successfully assigned {place[0]}/{place[1]} to {node}"
        self._recorder.normal(pod, "Scheduled", message, component=COMPONENT)

    def _refuse(self, pod: Obj, message: str) -> None:
        self._refused.add(pod["metadata"]["uid"])

        def unschedulable(obj: Obj) -> None:
            before: Obj = next((c for c in obj["status"].get("conditions") or [] if c["type"] == "PodScheduled"), {})
            since = before.get("lastTransitionTime") or timestamp()
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            obj["status"]["conditions"] = [condition | {"lastProbeTime": None, "lastTransitionTime": since}]

        self._store.mutate(PODS, namespace_of(pod), name_of(pod), unschedulable, subresource="status")
        self._recorder.warning(pod, "FailedScheduling", message, component=COMPONENT)

    def _rooms(self) -> list[Room]:
        rooms = {}
        for node in self._store.list(NODES)[0]:
            allocatable = {key: parse_quantity(value) for key, value in node["status"]["allocatable"].items()}
            labels = node["metadata"].get("labels") or {}
            rooms[name_of(node)] = Room(name_of(node), labels, _taints(node), allocatable, {})
        for pod in self._store.list(PODS)[0]:
            room = rooms.get(pod["spec"].get("nodeName") or "")
            if room is not None and pod["status"].get("phase") not in FINISHED:
                room.add(requests(pod))
        return list(rooms.values())


def _taints(node: Obj) -> list[Obj]:
    """Those that keep pods away; a cordoned node has one of its own."""
    spec = node.get("spec") or {}
    taints = [taint for taint in spec.get("taints") or [] if taint["effect"] in ("NoSchedule", "NoExecute")]
    return [CORDONED, *taints] if spec.get("unschedulable") else taints


def _is_tolerated(taint: Obj, pod: Obj) -> bool:
    return any(
        toleration.get("key") in (None, "", taint["key"])
        and toleration.get("effect") in (None, "", taint["effect"])
        and (toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", ""))
        for toleration in pod["spec"].get("tolerations") or []
    )


def requests(pod: Obj) -> dict[str, Decimal]:
    """The resources that a pod requests of its node: those of its containers, and one of the pods."""
    total: dict[str, Decimal] = {}
    for container in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]:
        for name, amount in _requests_of(container).items():
            total[name] = total.get(name, ZERO) + amount
    return total | {"pods": Decimal(1)}


def _requests_of(container: Obj) -> dict[str, Decimal]:
    resources = container.get("resources") or {}
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: parse_quantity(amount) for name, amount in wanted.items()}
