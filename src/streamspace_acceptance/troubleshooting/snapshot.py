"""The product and its cluster as they are now: each thing is read once, when a collector first needs it.

A thing that cannot be read is kept as the reason: a broken cluster must not hide the failure that it caused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar

from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.troubleshooting.causes import CauseInputs
from streamspace_acceptance.waiting import DeadlineExceeded, now, wall_clock
from streamspace_acceptance.world import World

Json = dict[str, Any]
T = TypeVar("T")

HEALTH_SECONDS = 4.0
LOG_LINES = 400


class Unavailable:
    """Why a thing cannot be had."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __str__(self) -> str:
        return f"could not be had: {self.reason}"


class _TimedOut(Unavailable):
    """Nothing answered in time."""


def attempt(read: Callable[[], T]) -> T | Unavailable:
    """The result of `read`, or the reason why it is unavailable."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001  # an error that hides evidence is evidence itself
        kind = _TimedOut if isinstance(error.__cause__, DeadlineExceeded) else Unavailable
        return kind(f"{type(error).__name__}: {' '.join(str(error).split())}")


def known(thing: T | Unavailable) -> T | None:
    """The thing, None where it cannot be had."""
    return None if isinstance(thing, Unavailable) else thing


class ClusterSnapshot:
    """Data for the collectors. `exchanges` are those of the scenario: (exchange, times), without the snapshot's own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients = world.clients
        self.exchanges = world.clients.http.log.since(world.began)
        self._timeout: str | None = None

    def kubernetes(self, read: Callable[[], T]) -> T | Unavailable:
        """The result of `read` from Kubernetes. After one timeout it makes no further calls, to save time."""
        if self._timeout is not None:
            return Unavailable(f"Kubernetes did not answer before ({self._timeout})")
        answer = attempt(read)
        if isinstance(answer, _TimedOut):
            self._timeout = answer.reason
        return answer

    @cached_property
    def health(self) -> str:
        """Why the API is not healthy; empty when it is."""
        try:
            answer = self.clients.api.call_once("health", seconds=HEALTH_SECONDS)
        except NoAnswer as error:
            return str(error)
        return "" if answer.ok else f"{answer.call}: {answer.gist}"

    @cached_property
    def agents(self) -> AgentList | Unavailable:
        """The agents in the API's list."""
        return Unavailable("the API is not reachable") if self.health else attempt(AgentApi(self.clients.api).all)

    @cached_property
    def pods(self) -> list[Json] | Unavailable:
        """The pods of the namespace."""
        return self.kubernetes(self.clients.cluster.raw_pods)

    @cached_property
    def events(self) -> list[Json] | Unavailable:
        """The events of the namespace."""
        return self.kubernetes(self.clients.cluster.events)

    @cached_property
    def sessions(self) -> list[Json] | Unavailable:
        """The sessions as Kubernetes shows them."""
        return self.kubernetes(self.clients.cluster.raw_sessions)

    def logs(self, labels: Mapping[str, str]) -> dict[str, str | Unavailable]:
        """The logs of the pods with `labels` since the scenario began, by the pod's name."""
        pods = [
            pod for pod in known(self.pods) or () if labels.items() <= (pod["metadata"].get("labels") or {}).items()
        ]
        return {pod["metadata"]["name"]: self.kubernetes(partial(self._log, pod)) for pod in pods}

    def _log(self, pod: Json) -> str:
        name, container = pod["metadata"]["name"], self.clients.cluster.main_container(pod).name
        since = math.ceil(now() - self.world.began) + 1
        text = self.clients.cluster.logs(name, container, since_seconds=since, tail_lines=LOG_LINES)
        return text or f"container {container} of {name} logged nothing in the last {since} s"

    def cause_inputs(self) -> CauseInputs:
        """The data in which causes are found: the product's own pods, and those of the scenario's sessions."""
        ids = tuple(session.id for session in self.world.registry.sessions)
        label, profile = self.clients.profile.session_label, self.clients.profile.agents
        listed = known(self.agents)
        pods = [pod for pod in known(self.pods) or () if _concerns(pod["metadata"], label, ids)]
        names = (*ids, profile.deployment, profile.api_label, *(pod["metadata"]["name"] for pod in pods))
        events = [event for event in known(self.events) or () if _object_name(event).startswith(names)]
        claims = known(self.kubernetes(self.clients.cluster.claims)) or ()
        return CauseInputs(
            began=wall_clock() - (now() - self.world.began),
            health=self.health,
            agents=None if listed is None else _statuses(listed),
            pods=pods,
            events=events,
            claims=[(claim.meta.name, claim.phase or "") for claim in claims if claim.meta.name.startswith(names)],
            cut_off=self.world.disruptions.names(),
        )


def _statuses(listed: AgentList) -> list[tuple[str, str, bool]]:
    return [(agent.id, agent.status, agent.id in listed.online) for agent in listed.agents]


def _concerns(metadata: Json, label: str, ids: tuple[str, ...]) -> bool:
    session = (metadata.get("labels") or {}).get(label)
    return session is None or session in ids


def _object_name(event: Json) -> str:
    return str((event.get("involvedObject") or {}).get("name", ""))
