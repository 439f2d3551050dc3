"""The evidence of a failure: what the plan's troubleshooting section would have someone look at, in its order.

The API, then the sessions with their events, then the agents, then the nodes; all of it since the scenario began, and
collected before the scenario's cleanups take it away.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.redaction.kubernetes_objects import presentable
from streamspace_acceptance.troubleshooting import causes, describe, desktop_media, events, nodes
from streamspace_acceptance.troubleshooting.causes import Cause
from streamspace_acceptance.troubleshooting.snapshot import ClusterSnapshot, Unavailable, attempt, cause_inputs, take

if TYPE_CHECKING:
    from streamspace_acceptance.product.answers import Exchange
    from streamspace_acceptance.world import World

Json = dict[str, Any]
T = TypeVar("T")

CAUSE = "likely cause.txt"


def collect(world: World) -> list[Cause]:
    """Attach all of it, and give the causes that can be told from it."""
    exchanges = world.clients.http.log.since(world.began)  # those of the scenario, not our own
    sight = take(world)
    found = attempt(lambda: causes.find(cause_inputs(sight, world)))
    attachments.attach_text(CAUSE, _told(found, causes.as_text))
    _attach_texts(sight, world.clients.profile.agents.api_label)
    attachments.attach_text(
        "http.txt", "\n\n".join(exchange_as_text(one, times, world.began) for one, times in exchanges)
    )
    desktop_media.keep_traces(world.desktops)
    for name, objects in (("sessions.yaml", sight.sessions), ("pods.yaml", sight.pods)):
        attachments.attach_yaml(name, _told(objects, _yaml))
    return [] if isinstance(found, Unavailable) else found


def _attach_texts(sight: ClusterSnapshot, api_label: str) -> None:
    happened = [] if isinstance(sight.events, Unavailable) else sight.events
    attachments.attach_text("health of the API.txt", sight.health or "the API answers its health call without an error")
    attachments.attach_text("pods.txt", _told(sight.pods, lambda pods: describe.pods(map(presentable, pods), happened)))
    logs = {name: str(said) for name, said in sight.logs.items()}
    of_api = [name for name in logs if name.startswith(api_label)]
    for name in of_api:
        attachments.attach_text(f"log of {name}.txt", logs.pop(name))
    attachments.attach_text("sessions.txt", _told(sight.sessions, lambda found: _sessions(found, happened)))
    attachments.attach_text("events.txt", _told(sight.events, events.as_text))
    attachments.attach_text("agents.txt", _told(sight.agents, lambda found: found.describe().replace(", ", "\n")))
    for name, said in logs.items():
        attachments.attach_text(f"log of {name}.txt", said)
    attachments.attach_text("nodes.txt", _told(sight.nodes, lambda found: _nodes(found, sight)))


def exchange_as_text(exchange: Exchange, times: int, began: float) -> str:
    """One exchange as people read it: offset, request, outcome, bodies."""
    often = f"  ({times} times)" if times > 1 else ""
    lines = [f"+{exchange.at - began:.2f} s  {exchange.method} {exchange.url}{often}"]
    if exchange.request is not None:
        lines.append(f"> {_body(exchange.request)}")
    outcome = exchange.error or str(exchange.status)
    lines.append(f"< {outcome}  {exchange.response}  ({exchange.seconds * 1000:.0f} ms)")
    return "\n".join(lines)


def _body(request: Any) -> str:
    """A body as it went over the wire."""
    return request if isinstance(request, str) else json.dumps(request, ensure_ascii=False, default=str)


def _told(found: T | Unavailable, words: Callable[[T], str]) -> str:
    """What was found, in words; or why it, or the words for it, could not be had."""
    return str(found) if isinstance(found, Unavailable) else str(attempt(lambda: words(found)))


def _sessions(found: list[Json], happened: list[Json]) -> str:
    return "\n\n".join(describe.session(presentable(each), happened) for each in found) or "no sessions"


def _nodes(found: list[Json], sight: ClusterSnapshot) -> str:
    pods = [] if isinstance(sight.pods, Unavailable) else sight.pods
    metrics = None if isinstance(sight.metrics, Unavailable) else sight.metrics
    return nodes.use(found, pods, metrics)


def _yaml(objects: list[Json]) -> str:
    # In lines as long as may be: a secret that was broken over two would not be known again.
    return yaml.safe_dump_all(map(presentable, objects), sort_keys=False, allow_unicode=True, width=1_000_000)
