"""Sessions and pods as `kubectl describe` shows them, made from their objects alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from streamspace_acceptance.troubleshooting import events as event_text

Json = dict[str, Any]

_LABEL_WIDTH = 14


def pods(objects: Iterable[Json], events: list[Json]) -> str:
    """The table that `kubectl get pods` shows, then each pod in full with its events."""
    listed = list(objects)
    if not listed:
        return "no pods"
    rows = [("NAME", "READY", "STATUS", "RESTARTS", "NODE"), *map(_row, listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n\n".join(["\n".join(table), *(pod(item, events) for item in listed)])


def pod(obj: Json, events: list[Json]) -> str:
    """One pod: where it runs, its conditions, its containers with their states and limits, its events."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    name = obj["metadata"]["name"]
    states = {item["name"]: item for item in status.get("containerStatuses") or ()}
    lines = [
        *_head("Pod", obj),
        _pair("Node", spec.get("nodeName") or "<none>"),
        _pair("Status", _status(obj)),
        *([_pair("Message", status["message"])] if status.get("message") else []),
        *_conditions(status),
        "Containers:",
        *(line for item in spec.get("containers") or () for line in _container(item, states.get(item["name"]) or {})),
        *_events(event_text.about(events, "Pod", name)),
    ]
    return "\n".join(lines)


def sessions(objects: Iterable[Json], events: list[Json]) -> str:
    """Each session in full with its events."""
    return "\n\n".join(session(item, events) for item in objects) or "no sessions"


def session(obj: Json, events: list[Json]) -> str:
    """One session: its spec, its status, its events."""
    lines = [
        *_head("Session", obj),
        *_tree("Spec", obj.get("spec")),
        *_tree("Status", obj.get("status")),
        *_events(event_text.about(events, "Session", obj["metadata"]["name"])),
    ]
    return "\n".join(lines)


def state(of_container: Json) -> str:
    """A container's state: `Waiting (ImagePullBackOff): Back-off pulling image "x"`."""
    for kind, details in of_container.items():
        if not isinstance(details, dict):
            continue
        code = f", exit code {details['exitCode']}" if "exitCode" in details else ""
        reason = f" ({details['reason']}{code})" if details.get("reason") else code
        times = (f"{word} {details[word]}" for word in ("startedAt", "finishedAt") if details.get(word))
        parts = [f"{kind.capitalize()}{reason}", *([details["message"]] if details.get("message") else [])]
        return f"{': '.join(parts)}{''.join(f', {time}' for time in times)}"
    return "unknown"


def _row(obj: Json) -> tuple[str, ...]:
    statuses = (obj.get("status") or {}).get("containerStatuses") or []
    ready = (
        f"{sum(bool(item.get('ready')) for item in statuses)}/{len((obj.get('spec') or {}).get('containers') or ())}"
    )
    restarts = sum(int(item.get("restartCount", 0)) for item in statuses)
    node = (obj.get("spec") or {}).get("nodeName") or "<none>"
    return obj["metadata"]["name"], ready, _status(obj), str(restarts), node


def _status(obj: Json) -> str:
    """As in the STATUS column: why it waits or ended, where that is known, else the phase."""
    status = obj.get("status") or {}
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for item in status.get("containerStatuses") or ():
        current = item.get("state") or {}
        reason = (current.get("waiting") or current.get("terminated") or {}).get("reason")
        if reason:
            return str(reason)
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _head(kind: str, obj: Json) -> Iterator[str]:
    metadata = obj["metadata"]
    yield _pair(kind, metadata["name"])
    yield _pair("Created", metadata.get("creationTimestamp") or "unknown")
    if metadata.get("deletionTimestamp"):
        yield _pair("Terminating", f"since {metadata['deletionTimestamp']}")
    for field in ("labels", "annotations"):
        pairs = metadata.get(field) or {}
        yield _pair(field.capitalize(), ", ".join(f"{key}={value}" for key, value in pairs.items()) or "<none>")


def _conditions(status: Json) -> Iterator[str]:
    yield "Conditions:" if status.get("conditions") else _pair("Conditions", "<none>")
    for item in status.get("conditions") or ():
        why = ": ".join(filter(None, (item.get("reason"), item.get("message"))))
        since = f"  since {item['lastTransitionTime']}" if item.get("lastTransitionTime") else ""
        yield f"  {item['type']:<25} {item['status']:<8}{since}{f'  {why}' if why else ''}"


def _container(spec: Json, status: Json) -> Iterator[str]:
    resources = spec.get("resources") or {}
    yield f"  {spec['name']}:"
    yield f"    Image:         {spec.get('image')}"
    yield f"    State:         {state(status.get('state') or {})}"
    if status.get("lastState"):
        yield f"    Last state:    {state(status['lastState'])}"
    yield f"    Ready:         {status.get('ready', False)}"
    yield f"    Restarts:      {status.get('restartCount', 0)}"
    for field in ("requests", "limits"):
        amounts = ", ".join(f"{name}={amount}" for name, amount in (resources.get(field) or {}).items())
        yield f"    {field.capitalize() + ':':<14} {amounts or '<none>'}"


def _tree(title: str, value: Any) -> Iterator[str]:
    yield f"{title}:"
    for name, field in (value or {}).items():
        if isinstance(field, dict):
            yield from (f"  {line}" for line in _tree(name, field))
        else:
            yield f"  {_pair(name, field)}"


def _events(recent: list[Json]) -> Iterator[str]:
    yield "Events:" if recent else _pair("Events", "<none>")
    yield from (f"  {event_text.line(event)}" for event in recent)


def _pair(label: str, value: object) -> str:
    return f"{label + ':':<{_LABEL_WIDTH}} {value}"
