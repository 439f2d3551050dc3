"""One look at all that the plan's troubleshooting would have someone look at, each thing asked for once.

What cannot be had is kept as the reason: a broken cluster must not hide the failure that it caused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.troubleshooting.causes import CauseInputs
from streamspace_acceptance.waiting import DeadlineExceeded

if TYPE_CHECKING:
    from streamspace_acceptance.world import World

Json = dict[str, Any]
T = TypeVar("T")

HEALTH_SECONDS = 4.0
LOG_LINES = 400


@dataclass(frozen=True)
class Unavailable:
    """Why a thing could not be had."""

    reason: str

    def __str__(self) -> str:
        return f"could not be had: {self.reason}"


@dataclass
class ClusterSnapshot:
    """What was seen, or why not. `health` is empty when the API is well, else why it is not.

    logs: what each pod of the API and of the agents logged since the scenario began, by the pod's name.
    """

    since: int
    health: str = ""
    agents: AgentList | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    pods: list[Json] | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    events: list[Json] | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    sessions: list[Json] | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    nodes: list[Json] | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    metrics: list[Json] | Unavailable | None = None
    claims: list[tuple[str, str]] | Unavailable = field(default_factory=lambda: Unavailable("not asked"))
    logs: dict[str, str | Unavailable] = field(default_factory=dict)


class _Collector:
    """Asks one thing after the other; once Kubernetes is silent each further question would wait as long."""

    def __init__(self) -> None:
        self.silent: str | None = None

    def kubernetes(self, ask: Callable[[], T]) -> T | Unavailable:
        if self.silent is not None:
            return Unavailable(f"Kubernetes was silent before ({self.silent})")
        found = attempt(ask)
        if isinstance(found, _TimedOut):
            self.silent = found.reason
        return found


class _TimedOut(Unavailable):
    """Nothing answered in time."""


def attempt(ask: Callable[[], T]) -> T | Unavailable:
    """What `ask` gives, or why it could not be had."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  # whatever keeps evidence from us is evidence itself
        kind = _TimedOut if isinstance(error.__cause__, DeadlineExceeded) else Unavailable
        return kind(f"{type(error).__name__}: {' '.join(str(error).split())}")


def take(world: World) -> ClusterSnapshot:
    """Looks at the API first, then at Kubernetes."""
    clients, ask = world.clients, _Collector()
    sight = ClusterSnapshot(since=math.ceil(time.monotonic() - world.began) + 1, health=_health(world))
    sight.agents = Unavailable("the API is not reachable") if sight.health else attempt(AgentApi(clients.api).all)
    sight.pods = ask.kubernetes(clients.cluster.raw_pods)
    sight.events = ask.kubernetes(clients.cluster.events)
    sight.sessions = ask.kubernetes(clients.cluster.raw_sessions)
    sight.nodes = ask.kubernetes(clients.cluster.raw_nodes)
    sight.metrics = ask.kubernetes(clients.cluster.raw_node_metrics)
    sight.claims = ask.kubernetes(lambda: [(each.meta.name, each.phase or "") for each in clients.cluster.claims()])
    for name in _loggers(sight.pods, (clients.profile.agents.api_label, clients.profile.agents.label)):
        sight.logs[name] = ask.kubernetes(partial(_log, world, name, sight.since))
    return sight


def cause_inputs(sight: ClusterSnapshot, world: World) -> CauseInputs:
    """What causes are told from: the product's own pods, and those of the sessions that the scenario made."""
    ids = tuple(each.id for each in world.registry.sessions)
    label, profile = world.clients.profile.session_label, world.clients.profile.agents
    pods = [each for each in _had(sight.pods) or () if _concerns(each["metadata"], label, ids)]
    names = (*ids, profile.deployment, profile.api_label, *(each["metadata"]["name"] for each in pods))
    events = [each for each in _had(sight.events) or () if _name(each).startswith(names)]
    agents = _had(sight.agents)
    return CauseInputs(
        began=time.time() - (time.monotonic() - world.began),
        health=sight.health,
        agents=None if agents is None else [(one.id, one.status, one.id in agents.online) for one in agents.agents],
        pods=pods,
        events=events,
        claims=[each for each in _had(sight.claims) or () if each[0].startswith(names)],
        cut_off=world.disruptions.names(),
    )


def _health(world: World) -> str:
    """Why the API is not well; empty when it is."""
    call = world.clients.profile.calls["health"]
    try:
        answer = world.clients.http.call(call.method, call.to(), seconds=HEALTH_SECONDS)
    except NoAnswer as error:
        return str(error)
    return "" if answer.ok else f"{answer.call}: {answer.status} {answer.reason}: {answer.excerpt()}"


def _loggers(pods: list[Json] | Unavailable, apps: tuple[str, ...]) -> list[str]:
    """The pods of the API, then those of the agents."""
    found = _had(pods) or []
    return [
        each["metadata"]["name"]
        for app in apps
        for each in found
        if (each["metadata"].get("labels") or {}).get("app") == app
    ]


def _log(world: World, name: str, since: int) -> str:
    said = world.clients.cluster.logs(name, since_seconds=since, tail_lines=LOG_LINES)
    return said or f"{name} logged nothing in the last {since} s"


def _concerns(metadata: Json, label: str, ids: tuple[str, ...]) -> bool:
    session = (metadata.get("labels") or {}).get(label)
    return session is None or session in ids


def _name(event: Json) -> str:
    return str((event.get("involvedObject") or {}).get("name", ""))


def _had(found: T | Unavailable) -> T | None:
    return None if isinstance(found, Unavailable) else found
