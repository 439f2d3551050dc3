"""The image and resources of a session: by the API, by its object in Kubernetes and by its pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.quantities import same
from streamspace_acceptance.domain.sessions.session import Session


@dataclass(frozen=True)
class Provision:
    """An image, and cpu and memory as quantities; None for what is not said."""

    image: object
    cpu: object
    memory: object

    @classmethod
    def of(cls, spec: Mapping[str, object]) -> Provision:
        """The provision in a template or a session: `{image, resources: {cpu, memory}}`."""
        resources = spec.get("resources")
        given = resources if isinstance(resources, Mapping) else {}
        return cls(spec.get("image"), given.get("cpu"), given.get("memory"))

    def is_as(self, other: Provision) -> bool:
        """Whether this says all that `other` says: the same image, the same amounts."""
        amounts = ((self.cpu, other.cpu), (self.memory, other.memory))
        return other.image in (None, self.image) and all(
            wanted is None or same(given, wanted) for given, wanted in amounts
        )

    def __str__(self) -> str:
        return f"{self.image} with cpu {self.cpu} and memory {self.memory}"


@dataclass(frozen=True)
class Provisioned:
    """A session at one moment: its pods, the restarts of their containers, and its provision by source.

    `unlimited` are the containers beside the first one that are not limited in cpu and memory.
    """

    session: str
    pods: tuple[Pod, ...]
    restarts: int
    said: dict[str, Provision]
    unlimited: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether one pod says everything, requests and limits."""
        pod = [self.said[place] for place in PLACES_OF_POD if place in self.said]
        return len(pod) == len(PLACES_OF_POD) and all(
            None not in (provision.image, provision.cpu, provision.memory) for provision in pod
        )


PLACES_OF_POD = ("its pod's requests", "its pod's limits")


def look(session: Session) -> Provisioned:
    """The session as it is now."""
    raw = session.cluster.raw_pods(**{session.api.profile.session_label: session.id})
    said = {"the API": Provision.of(session.api.session(session.id))}
    for obj in session.cluster.raw_sessions():
        if obj["metadata"]["name"] == session.id:
            said["Kubernetes"] = Provision.of(obj.get("spec") or {})
    for pod in raw:
        container = pod["spec"]["containers"][0]
        resources = container.get("resources") or {}
        for place, kind in zip(PLACES_OF_POD, ("requests", "limits"), strict=True):
            said[place] = Provision.of({"image": container.get("image"), "resources": resources.get(kind)})
    unlimited = tuple(name for pod in raw for name in unlimited_containers(pod))
    return Provisioned(session.id, tuple(map(Pod.of, raw)), sum(map(_restarts, raw)), said, unlimited)


def _restarts(pod: Json) -> int:
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return sum(int(status.get("restartCount", 0)) for status in statuses)


def unlimited_containers(pod: Json) -> list[str]:
    """The containers beside the first one that are not limited in cpu and memory."""
    beside = pod["spec"]["containers"][1:]
    return [
        container["name"]
        for container in beside
        if not {"cpu", "memory"} <= ((container.get("resources") or {}).get("limits") or {}).keys()
    ]
