"""The few Kubernetes objects that the suite looks at, read from the JSON that the API server sends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamspace_acceptance.cluster.containers import is_native_sidecar, status_of

Json = dict[str, Any]
UNSCHEDULABLE = "Unschedulable"
_OWN_FINALIZER = re.compile(r"kubernetes\.io/|foregroundDeletion$|orphan$|.*stream\.?space")


def selector(labels: Mapping[str, str]) -> str:
    """Labels as a selector: `app=streamspace-api,tier=web`."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


@dataclass(frozen=True)
class Meta:
    """The metadata of every object. `uid` is the identity: Kubernetes can reuse a name, but never a uid."""

    name: str
    uid: str
    labels: dict[str, str]
    owners: tuple[tuple[str, str], ...]
    deleting: bool
    finalizers: tuple[str, ...] = ()

    @classmethod
    def of(cls, obj: Json) -> Meta:
        """The metadata of `obj`; owners are (uid, name)."""
        metadata = obj["metadata"]
        return cls(
            name=metadata["name"],
            uid=metadata["uid"],
            labels=dict(metadata.get("labels") or {}),
            owners=tuple((owner["uid"], owner["name"]) for owner in metadata.get("ownerReferences") or ()),
            deleting=metadata.get("deletionTimestamp") is not None,
            finalizers=tuple(metadata.get("finalizers") or ()),
        )

    @property
    def is_held_by_others(self) -> bool:
        """Whether it is deleted but for finalizers that are neither Kubernetes' nor the product's, as a snapshot's."""
        return self.deleting and bool(self.finalizers) and not any(map(_OWN_FINALIZER.match, self.finalizers))


@dataclass(frozen=True)
class Mount:
    """A volume mounted in a container. `claim` is None when the volume is not a volume claim."""

    container: str
    path: str
    volume: str
    claim: str | None
    read_only: bool


@dataclass(frozen=True)
class Pod:
    """A pod, with the states that a start goes through.

    `containers` counts those that run beside one another, native sidecars included, as `kubectl get pods` does.
    """

    meta: Meta
    phase: str
    node: str | None
    conditions: dict[str, bool]
    ready_containers: int
    containers: int
    running_containers: int
    waiting: str | None
    restarts: int
    mounts: tuple[Mount, ...]
    reason: str
    object: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, obj: Json) -> Pod:
        """The pod in `obj`."""
        spec, status = obj["spec"], obj.get("status") or {}
        sidecars = [container["name"] for container in spec.get("initContainers") or () if is_native_sidecar(container)]
        initial = [
            container for container in status.get("initContainerStatuses") or () if container.get("name") in sidecars
        ]
        containers = [*(status.get("containerStatuses") or ()), *initial]
        states = [container.get("state") or {} for container in containers]
        waiting = [state["waiting"] for state in states if state.get("waiting")]
        return cls(
            meta=Meta.of(obj),
            phase=status.get("phase") or "Unknown",
            node=spec.get("nodeName"),
            conditions={
                condition["type"]: condition["status"] == "True" for condition in status.get("conditions") or ()
            },
            ready_containers=sum(1 for container in containers if container.get("ready")),
            containers=len(spec["containers"]) + len(sidecars),
            running_containers=sum(1 for state in states if state.get("running") is not None),
            waiting=": ".join(filter(None, (waiting[0].get("reason"), waiting[0].get("message")))) if waiting else None,
            restarts=sum(int(container.get("restartCount", 0)) for container in containers),
            mounts=_mounts(spec),
            reason=status.get("reason") or "",
            object=obj,
        )

    @property
    def ready(self) -> bool:
        """Ready as `kubectl get pods` shows it, n/n, and not on its way out."""
        complete = self.ready_containers == self.containers
        return complete and self.conditions.get("Ready", False) and not self.meta.deleting

    @property
    def running(self) -> bool:
        """Every container runs, whether it serves already or not, and the pod is not on its way out."""
        return self.phase == "Running" and self.running_containers == self.containers and not self.meta.deleting

    def restarts_of(self, container: str) -> int:
        """How often one of its containers was started again."""
        return int(status_of(self.object, container).get("restartCount", 0))

    @property
    def is_over(self) -> bool:
        """Whether it has ended for good: evicted, completed or failed. Such a pod stays until it is collected."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def stays(self) -> bool:
        """Whether it runs or is going to, rather than being over or on its way out."""
        return not self.is_over and not self.meta.deleting

    @property
    def unschedulable(self) -> str:
        """The scheduler's words where no node takes the pod; empty otherwise."""
        conditions = (self.object.get("status") or {}).get("conditions") or ()
        refused = (condition for condition in conditions if condition["type"] == "PodScheduled")
        return next(
            (
                str(condition.get("message") or UNSCHEDULABLE)
                for condition in refused
                if condition["status"] == "False" and condition.get("reason") == UNSCHEDULABLE
            ),
            "",
        )

    def describe(self) -> str:
        """For a timeline: `pod x-1 Running 1/1`."""
        state = "Terminating" if self.meta.deleting else self.phase
        reason = f" ({why})" if (why := self.waiting or self.reason) else ""
        return f"pod {self.meta.name} {state} {self.ready_containers}/{self.containers}{reason}"


def serving(pods: Iterable[Pod]) -> list[Pod]:
    """The pods that count: without those that are over, and without those on their way out beside a successor.

    Pods of Jobs beside others only work for those, as one that saves a home.
    """
    there = [pod for pod in pods if not pod.is_over]
    there = [pod for pod in there if not is_of_a_job(pod.object)] or there
    return [pod for pod in there if not pod.meta.deleting] or there


def is_of_a_job(pod: Json) -> bool:
    """Whether a pod ends by itself, as those of a CronJob do."""
    return any(owner.get("kind") == "Job" for owner in pod["metadata"].get("ownerReferences") or ())


def serving_objects(objects: Sequence[Json]) -> list[Json]:
    """The same as JSON."""
    uids = {pod.meta.uid for pod in serving(map(Pod.of, objects))}
    return [obj for obj in objects if obj["metadata"]["uid"] in uids]


def _mounts(spec: Json) -> tuple[Mount, ...]:
    claims = {
        volume["name"]: (volume.get("persistentVolumeClaim") or {}).get("claimName")
        for volume in spec.get("volumes") or ()
    }
    return tuple(
        Mount(
            container=container["name"],
            path=mount["mountPath"],
            volume=mount["name"],
            claim=claims.get(mount["name"]),
            read_only=bool(mount.get("readOnly")),
        )
        for container in spec["containers"]
        for mount in container.get("volumeMounts") or ()
    )


@dataclass(frozen=True)
class SessionObject:
    """A session as its custom resource shows it."""

    meta: Meta
    user: object
    template: object
    phase: str | None

    @classmethod
    def of(cls, obj: Json) -> SessionObject:
        """The session in `obj`; a field that is not there reads None."""
        spec, status = obj.get("spec") or {}, obj.get("status") or {}
        return cls(Meta.of(obj), spec.get("user"), spec.get("template"), status.get("phase"))


@dataclass(frozen=True)
class Claim:
    """A persistent volume claim."""

    meta: Meta
    phase: str | None

    @classmethod
    def of(cls, obj: Json) -> Claim:
        """The claim in `obj`."""
        return cls(Meta.of(obj), (obj.get("status") or {}).get("phase"))

    def belongs_to(self, session_id: str, session_uid: str | None, label: str) -> bool:
        """Whether the claim says by label, owner or name that it is this session's, and nowhere that it is not.

        The owner may be something of the session's, and a StatefulSet's claim has the volume's name before its own.
        """
        if label in self.meta.labels:
            return self.meta.labels[label] == session_id
        if self.meta.owners:
            return any(uid == session_uid or _is_of(name, session_id) for uid, name in self.meta.owners)
        return _is_of(self.meta.name, session_id)


def _is_of(name: str, session_id: str) -> bool:
    """Whether a name holds a session's id, and not as a part of a longer word."""
    return re.search(rf"(?<![a-z0-9]){re.escape(session_id)}(?![a-z0-9])", name) is not None
