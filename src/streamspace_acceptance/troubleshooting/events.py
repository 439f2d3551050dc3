"""Kubernetes events in the order in which they happened, as `kubectl get events --sort-by=.lastTimestamp` has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def in_order(events: Iterable[Json]) -> list[Json]:
    """Oldest first. Most stamps are whole seconds; within one the resource version gives the order."""
    return sorted(events, key=_order)


def as_text(events: Iterable[Json]) -> str:
    """One line for each event: time, kind/name, reason, message, count."""
    return "\n".join(map(line, in_order(events))) or "no events"


def line(event: Json) -> str:
    """One event: `2026-01-01T00:00:09Z  Pod/s-1  Failed: no such image (x2)`."""
    about = event.get("involvedObject") or {}
    often = f" (x{event['count']})" if (event.get("count") or 1) > 1 else ""
    return (
        f"{time_of(event)}  {about.get('kind', '?')}/{about.get('name', '?')}  "
        f"{event.get('reason', '')}: {event.get('message', '')}{often}"
    )


def about(events: Iterable[Json], kind: str, name: str) -> list[Json]:
    """The events of one object, oldest first."""
    objects = ((event, event.get("involvedObject") or {}) for event in events)
    return in_order(event for event, about in objects if (about.get("kind"), about.get("name")) == (kind, name))


def time_of(event: Json) -> str:
    """When it last happened. RFC 3339 texts in UTC sort as times do."""
    meta = event.get("metadata") or {}
    return event.get("eventTime") or event.get("lastTimestamp") or meta.get("creationTimestamp") or ""


def seconds_of(stamp: str) -> float | None:
    """An RFC 3339 time in seconds since the epoch; None for any other text."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


def _order(event: Json) -> tuple[str, int]:
    version = str((event.get("metadata") or {}).get("resourceVersion", ""))
    return time_of(event), int(version) if version.isdigit() else 0
