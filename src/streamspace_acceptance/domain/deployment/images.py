"""StreamSpace's images: those that Docker has built, and those on the cluster's nodes."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.cluster.connection import as_cluster_error
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.domain.deployment.commands import call


@dataclass(frozen=True)
class Image:
    """An image by its name. `built` says whether Docker has it; None where Docker does not answer.

    `places` are the nodes that list it, and the pods that run with it: a kubelet lists no more than its 50 largest.
    """

    name: str
    built: bool | None
    places: tuple[str, ...]

    def describe(self) -> str:
        """For the evidence: `streamspace-api:local: built, on node docker-desktop`."""
        built = {True: "built", False: "not built here", None: "Docker does not say whether it was built"}[self.built]
        return f"{self.name}: {built}, {' and '.join(self.places) or 'nowhere in the cluster'}"


def look_for(names: list[str], cluster: Cluster, *, seconds: float | None) -> list[Image]:
    """Each of the images. `seconds` is how long Docker may take for an answer; None: it is not asked."""
    nodes, pods = _nodes(cluster) or [], cluster.raw_pods()  # the pods show the images as well
    with as_cluster_error("list nodes and pods"):
        return [Image(name, _built(name, seconds), (*_listed(name, nodes), *_used(name, pods))) for name in names]


def _built(name: str, seconds: float | None) -> bool | None:
    if seconds is None:
        return None
    return call("docker", "image", "inspect", "--format", "{{.Id}}", name, seconds=seconds).trouble is None


def container_runtimes(cluster: Cluster) -> list[str] | None:
    """The container runtimes of the nodes, as `containerd://1.7.2`; None where the suite may not list nodes."""
    nodes = _nodes(cluster)
    if nodes is None:
        return None
    infos = [(node.get("status") or {}).get("nodeInfo") or {} for node in nodes]
    found = [info.get("containerRuntimeVersion") for info in infos]
    return sorted({str(runtime) for runtime in found if runtime and "://" in str(runtime)})


def _nodes(cluster: Cluster) -> list[Json] | None:
    """The nodes; None where listing them is forbidden."""
    try:
        return cluster.raw_nodes()
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return None
        raise


def _listed(name: str, nodes: list[Json]) -> list[str]:
    places = []
    for node in nodes:
        listed = [tag for image in (node.get("status") or {}).get("images") or () for tag in image.get("names") or ()]
        if any(_is(name, tag) for tag in listed):
            places.append(f"on node {node['metadata']['name']}")
    return places


def _used(name: str, pods: list[Json]) -> list[str]:
    return [
        f"in pod {pod['metadata']['name']}"
        for pod in pods
        if any(_is(name, str(container.get("image"))) for container in pod["spec"]["containers"])
        and Pod.of(pod).running
    ]


def _is(name: str, image: str) -> bool:
    """Whether an image has that name; a name without a tag is that of every tag."""
    known = image if ":" in name else image.rpartition(":")[0]
    return known == name or known.endswith(f"/{name}")
