"""Kubernetes events in the order in which they happened, as `kubectl get events --sort-by=.lastTimestamp` has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def in_order(events: Iterable[Json]) -> list[Json]:
    """Oldest first. Kubernetes stamps most events by the second; within one the resource version tells the order."""
    return sorted(events, key=_order)


def as_text(events: Iterable[Json]) -> str:
    """One line for each event: time, kind/name, reason, message, and how often."""
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
    mine = (each for each in events if (each.get("involvedObject") or {}).get("name") == name)
    return in_order(each for each in mine if (each.get("involvedObject") or {}).get("kind") == kind)


def time_of(event: Json) -> str:
    """When it happened last. RFC 3339 texts in UTC sort as times do."""
    meta = event.get("metadata") or {}
    return event.get("eventTime") or event.get("lastTimestamp") or meta.get("creationTimestamp") or ""


def seconds_of(stamp: str) -> float | None:
    """An RFC 3339 text in seconds since the epoch; None when it is none."""
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


def _order(event: Json) -> tuple[str, int]:
    version = str((event.get("metadata") or {}).get("resourceVersion", ""))
    return time_of(event), int(version) if version.isdigit() else 0
