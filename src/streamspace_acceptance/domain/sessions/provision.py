"""The image and resources of a session: by the API, by its object in Kubernetes and by its pod."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from streamspace_acceptance.cluster.containers import MainContainer, is_known_neighbour, resources, status_of
from streamspace_acceptance.cluster.image_names import plain
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.owners import admission_notes, asked_container, deployment_of
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
        stated = spec.get("resources")
        given = stated if isinstance(stated, Mapping) else {}
        return cls(spec.get("image"), _quantity(given.get("cpu")), _quantity(given.get("memory")))

    def is_as(self, other: Provision) -> bool:
        """Whether this says all that `other` says: the same image, the same amounts."""
        amounts = ((self.cpu, other.cpu), (self.memory, other.memory))
        return (other.image is None or plain(other.image) == plain(self.image)) and all(
            wanted is None or same(given, wanted) for given, wanted in amounts
        )

    def or_as(self, other: Provision) -> Provision:
        """This, and where it says nothing, what `other` says."""
        return Provision(
            self.image if self.image is not None else other.image,
            self.cpu if self.cpu is not None else other.cpu,
            self.memory if self.memory is not None else other.memory,
        )

    def __str__(self) -> str:
        return f"{self.image} with cpu {self.cpu} and memory {self.memory}"


def _quantity(value: object) -> object:
    """A number of cores or bytes, which an API may tell as such, as a quantity; anything else as it is."""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


@dataclass(frozen=True)
class Provisioned:
    """A session at one moment: its pods, the restarts of their desktops, and its provision by source.

    `asked` is what the Deployment above the pod asks for in the pod's places; `notes` what the cluster says of its own
    changes. `unlimited` are the product's own containers beside the desktop that are not limited in cpu and memory.
    """

    session: str
    pods: tuple[Pod, ...]
    restarts: int
    said: dict[str, Provision]
    unlimited: tuple[str, ...] = ()
    asked: dict[str, Provision] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def by_product(self) -> dict[str, Provision]:
        """The provision by source, as the product asked for it: the cluster's own changes of the pod left aside.

        Where the product asks for nothing, the pod has Kubernetes' defaults: requests as the limits.
        """
        return self.said | {place: asked.or_as(self.said[place]) for place, asked in self.asked.items()}

    @property
    def altered(self) -> str:
        """How the cluster changed the pod that the product asked for; empty if it did not."""
        return self._altered(lambda provision: provision)

    @property
    def resized(self) -> str:
        """The same of its resources alone: some clusters take the images of all pods from a mirror of their own."""
        return self._altered(lambda provision: replace(provision, image=None))

    def _altered(self, part: Callable[[Provision], Provision]) -> str:
        found = [
            f"the Deployment asks for {asked} as {place}, the cluster made it {self.said[place]}"
            for place, asked in self.asked.items()
            if not _are_alike(part(self.said[place]), part(asked.or_as(self.said[place])))
        ]
        return "; ".join([*found, *self.notes])

    @property
    def complete(self) -> bool:
        """Whether one pod says everything, requests and limits."""
        pod = [provision for place, provision in self.by_product.items() if place in PLACES_OF_POD]
        return len(pod) == len(PLACES_OF_POD) and all(
            None not in (provision.image, provision.cpu, provision.memory) for provision in pod
        )


def _are_alike(one: Provision, other: Provision) -> bool:
    return one.is_as(other) and other.is_as(one)


PLACES_OF_POD = ("its pod's requests", "its pod's limits")


def look(session: Session) -> Provisioned:
    """The session as it is now."""
    raw = [pod.object for pod in session.pods()]
    mains = [session.cluster.main_container(pod) for pod in raw]
    provisions = {"the API": Provision.of(session.api.session(session.id))}
    if (obj := session.cluster.raw_session(session.id)) is not None:
        provisions["Kubernetes"] = Provision.of(obj.get("spec") or {})
    asked: dict[str, Provision] = {}
    unlimited: list[str] = []
    notes: list[str] = []
    for pod, main in zip(raw, mains, strict=True):
        provisions |= _in_places(main.spec, pod["spec"])
        deployment = deployment_of(session.cluster, pod)
        template = None if deployment is None else asked_container(deployment, main.name)
        if deployment is not None and template is not None:
            asked |= _in_places(template, deployment["spec"]["template"]["spec"])
        unlimited += unlimited_containers(pod, main, deployment)
        notes += admission_notes(pod, main.name)
    restarts = sum(_restarts(pod, main) for pod, main in zip(raw, mains, strict=True))
    pods = tuple(map(Pod.of, raw))
    return Provisioned(session.id, pods, restarts, provisions, tuple(unlimited), asked, tuple(notes))


def changes(cluster: Cluster, before: Pod, after: Pod) -> list[str]:
    """How the provision of a pod differs from that of the one that it replaces; none for the cluster's own changes."""
    was, is_now = (_in_places(cluster.main_container(pod.object).spec, pod.object["spec"]) for pod in (before, after))
    found = [
        f"{place} are {is_now[place]}, not {was[place]}" for place in was if not _are_alike(was[place], is_now[place])
    ]
    return [] if found and _is_altered(cluster, after, is_now) else found


def _is_altered(cluster: Cluster, pod: Pod, provisions: Mapping[str, Provision]) -> bool:
    """Whether the pod has something else than its Deployment asks for, or the cluster says that it changed the pod."""
    name = cluster.main_container(pod.object).name
    if admission_notes(pod.object, name):
        return True
    deployment = deployment_of(cluster, pod.object)
    template = None if deployment is None else asked_container(deployment, name)
    if deployment is None or template is None:
        return False
    asked = _in_places(template, deployment["spec"]["template"]["spec"])
    return any(not _are_alike(provisions[place], asked[place].or_as(provisions[place])) for place in asked)


def _in_places(container: Json, spec: Json) -> dict[str, Provision]:
    """The provision that a container asks for, by place; `spec` is its pod's."""
    return {
        place: Provision.of({"image": container.get("image"), "resources": resources(container, spec, kind)})
        for place, kind in zip(PLACES_OF_POD, ("requests", "limits"), strict=True)
    }


def _restarts(pod: Json, main: MainContainer) -> int:
    return int(status_of(pod, main.name).get("restartCount", 0))


def unlimited_containers(pod: Json, main: MainContainer, deployment: Json | None) -> list[str]:
    """The product's containers beside the main one that are not limited in cpu and memory.

    What is not in the Deployment's template was added by the cluster; without a Deployment, a known neighbour was.
    """
    return [
        container["name"]
        for container in pod["spec"]["containers"]
        if container["name"] != main.name
        and not (
            is_known_neighbour(container["name"])
            if deployment is None
            else asked_container(deployment, container["name"]) is None
        )
        and not {"cpu", "memory"} <= resources(container, pod["spec"], "limits").keys()
    ]
