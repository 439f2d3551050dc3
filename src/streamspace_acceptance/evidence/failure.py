"""The evidence of a failure: what Kubernetes, the product's logs and the API said since the scenario began.

Collected before the scenario's cleanups take it away. What cannot be had is said in its place: a broken cluster
must not hide the failure that it caused.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import yaml

from streamspace_acceptance.evidence import recorder
from streamspace_acceptance.waiting import Silence

if TYPE_CHECKING:
    from streamspace_acceptance.product.answers import Exchange
    from streamspace_acceptance.world import World

Json = dict[str, Any]

# The label by which the plan selects the product's own pods whose logs explain a session.
APPS = ("streamspace-api", "streamspace-k8s-agent")
LOG_LINES = 400


def collect(world: World) -> None:
    """Attach sessions and pods as YAML, the events in order, logs of API and agents, and the HTTP exchanges."""
    cluster = world.run.cluster
    since = math.ceil(time.monotonic() - world.began) + 1
    attachments: dict[str, Callable[[], None]] = {
        "sessions.yaml": lambda: recorder.attach_yaml("sessions.yaml", _yaml(cluster.raw_sessions())),
        "pods.yaml": lambda: recorder.attach_yaml("pods.yaml", _yaml(cluster.raw_pods())),
        "events.txt": lambda: recorder.attach_text("events.txt", events_in_order(cluster.events())),
        **{f"log of {app}": functools.partial(_attach_logs, world, app, since) for app in APPS},
    }
    for name, attach in attachments.items():
        if _attach(name, attach):
            break  # each further question would wait as long
    exchanges = world.run.http.log.since(world.began)
    recorder.attach_text("http.txt", "\n\n".join(exchange_as_text(one, times, world.began) for one, times in exchanges))


def events_in_order(events: list[Json]) -> str:
    """One line for each event, oldest first: time, kind/name, reason, message, and how often."""
    return "\n".join(_event(event) for event in sorted(events, key=_event_order)) or "no events"


def exchange_as_text(exchange: Exchange, times: int, began: float) -> str:
    """One exchange as people read it: offset, request, outcome, bodies."""
    often = f"  ({times} times)" if times > 1 else ""
    lines = [f"+{exchange.at - began:.2f} s  {exchange.method} {exchange.url}{often}"]
    if exchange.request is not None:
        lines.append(f"> {exchange.request}")
    outcome = exchange.error or str(exchange.status)
    lines.append(f"< {outcome}  {exchange.response}  ({exchange.seconds * 1000:.0f} ms)")
    return "\n".join(lines)


def _attach(name: str, attach: Callable[[], None]) -> bool:
    """Attaches it, or why it could not be had; whether Kubernetes was silent."""
    try:
        attach()
    except Exception as error:  # noqa: BLE001  # whatever keeps evidence from us is evidence itself
        recorder.attach_text(name, f"could not be had: {type(error).__name__}: {error}")
        return isinstance(error.__cause__, Silence)
    return False


def _attach_logs(world: World, app: str, since: int) -> None:
    for pod in world.run.cluster.pods(app=app):
        name = pod.meta.name
        log = world.run.cluster.logs(name, since_seconds=since, tail_lines=LOG_LINES)
        recorder.attach_text(f"log of {name}.txt", log or f"{name} logged nothing in the last {since} s")


def _yaml(objects: list[Json]) -> str:
    return yaml.safe_dump_all(objects, sort_keys=False, allow_unicode=True)


def _event(event: Json) -> str:
    about = event.get("involvedObject") or {}
    often = f" (x{event['count']})" if (event.get("count") or 1) > 1 else ""
    return (
        f"{_event_time(event)}  {about.get('kind', '?')}/{about.get('name', '?')}  "
        f"{event.get('reason', '')}: {event.get('message', '')}{often}"
    )


def _event_order(event: Json) -> tuple[str, int]:
    """Kubernetes stamps most events by the second; within one the resource version tells the order."""
    version = str((event.get("metadata") or {}).get("resourceVersion", ""))
    return _event_time(event), int(version) if version.isdigit() else 0


def _event_time(event: Json) -> str:
    """RFC 3339 texts in UTC sort as times do."""
    meta = event.get("metadata") or {}
    return event.get("eventTime") or event.get("lastTimestamp") or meta.get("creationTimestamp") or ""
