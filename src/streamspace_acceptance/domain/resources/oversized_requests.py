"""Sessions that no node can hold, asked for beside one that fits, and everything that came of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Json, Meta
from streamspace_acceptance.cluster.quantities import amount, same
from streamspace_acceptance.cluster.watch import Change, watching
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.creation import made as made_of
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.waiting import Recording, now

REFUSALS = (400, 403, 409, 413, 422)
NAMES = {"cpu": r"cpus?|cores?|processors?", "memory": r"memory|ram|gib"}
MODEST = "minimum"

Size = Mapping[str, str]
Node = Mapping[str, str]


@dataclass(frozen=True)
class OversizedRequest:
    """One request that no node can hold: its size, what of it is too much, and what came of it."""

    size: Size
    too_much: tuple[str, ...]
    creation: Creation
    message: str

    @property
    def names_it(self) -> bool:
        """Whether the error is a refusal whose sentence names something that is too much."""
        words = "|".join(NAMES[name] for name in self.too_much)
        named = re.search(rf"(?<![\w/])({words})(?![\w/])", self.message, re.IGNORECASE)
        return self.creation.answer.status in REFUSALS and named is not None

    def __str__(self) -> str:
        return f"cpu {self.size['cpu']} with memory {self.size['memory']}"


@dataclass(frozen=True)
class OversizedRequests:
    """All attempts, the request beside them that fits, and what there was of refused sessions, were it for a moment.

    `possible` are the sizes that were left out, since a node of this cluster could hold them.
    """

    attempts: tuple[OversizedRequest, ...]
    control: Creation
    strays: tuple[str, ...]
    possible: tuple[Size, ...]


def excess(size: Size, nodes: Sequence[Node] | None) -> tuple[str, ...]:
    """What of a size is too much for every node; all of it where Kubernetes does not tell of its nodes.

    Empty when a node could hold the size. One that fits no node for reasons of no single resource is too much in all.
    """
    if nodes is None:
        return tuple(size)
    if any(all(amount(size[name]) <= amount(node[name]) for name in size) for node in nodes):
        return ()
    alone = tuple(name for name in size if all(amount(size[name]) > amount(node[name]) for node in nodes))
    return alone or tuple(size)


class Refusals:
    """Asks for what no node can hold."""

    def __init__(self, api: StreamSpaceApi, cluster: Cluster, budgets: Budgets, registry: Registry) -> None:
        self._api = api
        self._cluster = cluster
        self._budgets = budgets
        self._registry = registry

    def attempt(self, user: str, template: str, sizes: Sequence[str]) -> OversizedRequests:
        """Asks for each of the profile's `sizes` and for a modest one, with all pods watched from before until after.

        What is refused must not stir for as long as a session that sleeps must not.
        """
        nodes = self._cluster.allocatable()
        wanted = {name: excess(self._size(name), nodes) for name in sizes}
        nothing = Asked(user, template, None, self._api.sessions().ids)
        objects, claims = self._objects(nothing), {each.meta.uid for each in self._cluster.claims()}
        with watching(self._cluster, "pods") as pods:
            there = {stamped.item.object["metadata"]["uid"] for stamped in pods.items()}
            made = {name: self._registry.ask(user, template, name) for name, much in wanted.items() if much}
            control = self._registry.ask(user, template, MODEST)
            self._watch_calmly(pods)
            seen = [stamped.item.object for stamped in pods.items()]
        attempts = tuple(
            OversizedRequest(self._size(name), wanted[name], each, self._api.message(each.answer))
            for name, each in made.items()
        )
        strays = [f"pod {each['metadata']['name']}" for each in seen
                  if each["metadata"]["uid"] not in there and self._is_stray(each, attempts, control)]  # fmt: skip
        strays += [f"volume claim {each.meta.name}" for each in self._cluster.claims()
                   if each.meta.uid not in claims and self._is_of_another(each.meta, control)]  # fmt: skip
        if control.id is not None:  # without it nobody knows which session is the one that fits
            in_api = made_of(nothing, self._api.sessions()) - {control.id}
            in_kubernetes = self._objects(nothing) - objects - {control.id}
            strays += [f"session {each}" for each in sorted(in_api | in_kubernetes)]
        possible = tuple(self._size(name) for name, much in wanted.items() if not much)
        return OversizedRequests(attempts, control, tuple(dict.fromkeys(strays)), possible)

    def _size(self, name: str) -> Size:
        return self._api.profile.sizes[name]

    def _watch_calmly(self, pods: Recording[Change]) -> None:
        end = now() + self._budgets.named("calm").seconds
        while (left := end - now()) > 0:
            pods.beyond(len(pods.items()), left)

    def _objects(self, asked: Asked) -> set[str]:
        found = self._cluster.session_objects()
        return {each.meta.name for each in found if (each.user, each.template) == (asked.user, asked.template)}

    def _is_stray(self, pod: Json, attempts: Sequence[OversizedRequest], control: Creation) -> bool:
        """Whether a pod is of a session that was refused: by its label or name, or because it wants so much."""
        return self._is_of_another(Meta.of(pod), control) or any(_wants(pod, each.size) for each in attempts)

    def _is_of_another(self, meta: Meta, control: Creation) -> bool:
        """Whether something is of a session as they were asked for here, but not of the one that fits."""
        session = meta.labels.get(self._api.profile.session_label) or meta.name
        named = session.startswith(f"{control.asked.user}-{control.asked.template}-")
        return named and not (control.id is None or session.startswith(control.id))


def _wants(pod: Json, size: Size) -> bool:
    given = [each.get("resources") or {} for each in pod["spec"]["containers"]]
    kinds = [each.get(kind) or {} for each in given for kind in ("requests", "limits")]
    return any(all(same(kind.get(name), size[name]) for name in size) for kind in kinds)
