"""Sessions that no node can hold, requested beside one that fits, and everything that was created for them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, ClusterError
from streamspace_acceptance.cluster.objects import Json, Meta
from streamspace_acceptance.cluster.quantities import amount, same
from streamspace_acceptance.cluster.watch import Change, watching
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.creation import made as made_of
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.waiting import Recording, now

REFUSALS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
NAMES = {"cpu": r"v?cpus?|(?:milli)?cores?|processors?", "memory": r"memory|mem|ram|[mg]ib"}
PARTS = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
"""Where one word of a name ends and the next begins: `maxMemory`, `memory_limit`, `vCPUs`."""
POOLS = (
    "karpenter.sh/nodepool",
    "eks.amazonaws.com/nodegroup",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "node.cluster.x-k8s.io/",
)
"""How the labels begin by which nodes of a pool are known, to which an autoscaler may add others."""
QUANTITY = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?:m|[KMGT]i?)?(?![\w-])")
Node = Mapping[str, str]


@dataclass(frozen=True)
class OversizedRequest:
    """One request that no node can hold: its size, the resources that are too much, and its result."""

    size: Size
    too_much: tuple[str, ...]
    creation: Creation
    message: str

    @property
    def names_it(self) -> bool:
        """Whether the error is a refusal whose sentence names something that is too much.

        That is more than every node has, or more than a limit of the product's own, which then stands in the sentence.
        """
        said = f"{self.message} {PARTS.sub(' ', self.message)}"
        named = {name for name, words in NAMES.items() if re.search(_word(words), said, re.IGNORECASE)}
        too_much = named.intersection(self.too_much) or any(self._is_over_own_limit(name) for name in named)
        return self.creation.answer.status in REFUSALS and bool(too_much)

    def _is_over_own_limit(self, name: str) -> bool:
        limits = [limit for limit in QUANTITY.findall(self.message) if limit != self.size[name]]
        return self.size[name] in self.message and any(amount(limit) < amount(self.size[name]) for limit in limits)

    def __str__(self) -> str:
        return in_words(self.size)


@dataclass(frozen=True)
class OversizedRequests:
    """All attempts, the request beside them that fits, and all objects of refused sessions, even short-lived ones.

    `possible` are the sizes that were left out, since a node of this cluster could hold them. `nodes_seen`: whether
    Kubernetes lists its nodes; without them nobody knows that no node can hold a size.
    """

    attempts: tuple[OversizedRequest, ...]
    control: Creation
    strays: tuple[str, ...]
    possible: tuple[Size, ...]
    nodes_seen: bool = True


def _word(words: str) -> str:
    return rf"(?<![\w/])({words})(?![\w/])"


def in_words(size: str | Size | None) -> str:
    """A size, or its name, for a reader."""
    return f"cpu {size['cpu']} with memory {size['memory']}" if isinstance(size, Mapping) else str(size)


def excess(size: Size, nodes: Sequence[Node] | None) -> tuple[str, ...]:
    """The resources of a size that exceed every node; all of them where Kubernetes does not list its nodes.

    Empty when a node could hold the size. If no single resource exceeds every node, but no node holds all, all count.
    """
    if nodes is None:
        return tuple(size)
    if any(all(amount(size[name]) <= amount(node[name]) for name in size) for node in nodes):
        return ()
    alone = tuple(name for name in size if all(amount(size[name]) > amount(node[name]) for node in nodes))
    return alone or tuple(size)


def request_too_much(scenario: Scenario, user: str, template: str, sizes: Sequence[Size], fitting: Size) -> None:
    """Requests sessions of `sizes`, which no node can hold, and one that fits; all pods are watched meanwhile.

    A refused request must have no effect for as long as a hibernated session must have none.
    """
    clients, registry = scenario.clients, scenario.registry
    nodes = clients.cluster.allocatable()
    wanted = [(size, excess(size, nodes)) for size in sizes]
    nothing = Asked(clients.own_user(user), template, None, clients.api.sessions().ids | clients.left)
    objects, claims = _objects(clients, nothing), {claim.meta.uid for claim in clients.cluster.claims()}
    with watching(clients.cluster, "pods") as pods:
        before = {stamped.item.object["metadata"]["uid"] for stamped in pods.items()}
        made = [(size, too_much, registry.ask(user, template, size)) for size, too_much in wanted if too_much]
        control = registry.ask(user, template, fitting)
        watch_until_calm(pods, clients)
        seen = [stamped.item.object for stamped in pods.items()]
    attempts = tuple(
        OversizedRequest(size, too_much, creation, clients.api.message(creation.answer))
        for size, too_much, creation in made
    )
    label = clients.profile.session_label
    known = nothing.before | clients.api.sessions().ids | {str(control.id)}
    strays = [
        f"pod {pod['metadata']['name']}"
        for pod in seen
        if pod["metadata"]["uid"] not in before and is_stray(pod, attempts, control, label, known=known)
    ]
    strays += [
        f"volume claim {claim.meta.name}"
        for claim in clients.cluster.claims()
        if claim.meta.uid not in claims and _is_of_another(claim.meta, control, label, known)
    ]
    if control.id is not None:  # without it nobody knows which session is the one that fits
        in_api = made_of(nothing, clients.api.sessions()) - {control.id}
        in_kubernetes = _of_others(_objects(clients, nothing) - objects, control.id)
        strays += [f"session {session}" for session in sorted(in_api | in_kubernetes)]
    possible = tuple(size for size, too_much in wanted if not too_much)
    leftovers = tuple(dict.fromkeys(strays))
    scenario.results.put(OversizedRequests(attempts, control, leftovers, possible, nodes is not None))


def request_sizes(scenario: Scenario, user: str, template: str, table: Sequence[Any]) -> None:
    """Requests a session of each size of a table; the one that is not too large is the positive control.

    Beside them, sizes that are just too large: a product may know the plan's figures, and not its nodes.
    """
    sizes = [({"cpu": row["cpu"], "memory": row["memory"]}, row["too large"] != "no") for row in table]
    (fitting,) = (size for size, too_large in sizes if not too_large)
    too_large = [size for size, is_too_large in sizes if is_too_large]
    try:
        nodes = scenario.clients.cluster.raw_nodes()
    except ClusterError as error:
        if error.status != FORBIDDEN:
            raise
        nodes = []
    request_too_much(scenario, user, template, [*too_large, *just_too_large(fitting, nodes)], fitting)


def just_too_large(fitting: Size, nodes: Sequence[Json]) -> list[Size]:
    """A core more than the largest node has, and a GiB of memory more, each beside what fits.

    None where a cloud may add larger nodes to those that there are.
    """
    labels = {label for node in nodes for label in node["metadata"].get("labels") or ()}
    if not nodes or any(label.startswith(POOLS) for label in labels):
        return []
    capacities = [node["status"].get("capacity") or node["status"]["allocatable"] for node in nodes]
    cpu, memory = (max(amount(capacity[name]) for capacity in capacities) for name in ("cpu", "memory"))
    return [
        {**fitting, "cpu": f"{(math.ceil(cpu) + 1) * 1000}m"},
        {**fitting, "memory": f"{math.ceil(memory / 1024**3) + 1}Gi"},
    ]


def watch_until_calm(pods: Recording[Change], clients: Clients) -> None:
    """Records what happens to pods for the calm budget."""
    end = now() + clients.budgets.named("calm").seconds
    while (left := end - now()) > 0:
        pods.beyond(len(pods.items()), left)


def is_stray(
    pod: Json,
    attempts: Sequence[OversizedRequest],
    control: Creation,
    label: str,
    *,
    known: Collection[str] | None = None,
) -> bool:
    """Whether a pod is of a session that was refused: by its label or name, or because it requests so much.

    `known` are the sessions that the API lists or listed: a pod that is labelled with another one is nobody's.
    """
    return _is_of_another(Meta.of(pod), control, label, known) or any(_wants(pod, attempt.size) for attempt in attempts)


def _objects(clients: Clients, asked: Asked) -> set[str]:
    objects = clients.cluster.session_objects()
    return {obj.meta.name for obj in objects if (obj.user, obj.template) == (asked.user, asked.template)}


def _of_others(objects: set[str], control: str) -> set[str]:
    """The new session objects besides that of the request that fits, which may be there by another name (1.1a-3)."""
    is_renamed = control not in objects and len(objects) == 1
    return set() if is_renamed else objects - {control}


def _is_of_another(meta: Meta, control: Creation, label: str, known: Collection[str] | None) -> bool:
    """Whether something is of a session as they were requested here, or of none, but not of the one that fits."""
    labelled = meta.labels.get(label)
    if control.id is not None and f"{meta.name}-".startswith(f"{control.id}-"):
        return False  # a wrong label on it is for the criteria about pods and homes
    if known is not None and control.id is not None and labelled is not None and labelled not in known:
        return True
    session = labelled or meta.name
    named = session.startswith(f"{control.asked.user}-{control.asked.template}-")
    return named and not (control.id is None or session.startswith(control.id))


def _wants(pod: Json, size: Size) -> bool:
    given = [container.get("resources") or {} for container in pod["spec"]["containers"]]
    kinds = [resources.get(kind) or {} for resources in given for kind in ("requests", "limits")]
    return any(all(same(kind.get(name), size[name]) for name in size) for kind in kinds)
