"""The five phases of a session's start, computed from Kubernetes' events and the moments when they arrived.

All times are of one monotonic clock, stamped on receipt; all durations are seconds. None: not measurable, or, for the
image pull, not needed because the image was there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.measuring.statistics import Summary
from streamspace_acceptance.waiting import Stamped

PARTS = ("image pull", "pod scheduling", "container start", "VNC server start")
PHASES = (*PARTS, "end to end")
Changes = Sequence[Stamped[Change]]


@dataclass(frozen=True)
class Phases:
    """How long each phase of one start took, in seconds, by the names in PHASES."""

    seconds: dict[str, float | None]


def phases(pods: Changes, events: Changes, *, sent: float, running: float, vnc: float | None) -> Phases:
    """The phases of the start whose request was `sent`, that was `running` and whose VNC server answered at `vnc`.

    It ends when its user can be at work: when it is called Running, its pod is Ready and its VNC server answers.
    """
    created = _first(pods, lambda _: True)
    scheduled = _first(pods, lambda pod: pod.node is not None)
    started = _first(pods, lambda pod: pod.running_containers == pod.containers)
    ready = _first(pods, lambda pod: pod.ready)
    uids = {change.item.object["metadata"]["uid"] for change in pods}
    pulling, pulled = _event(events, uids, "Pulling"), _event(events, uids, "Pulled")
    prepared = scheduled if pulling is None else pulled
    return Phases(
        {
            "image pull": _between(pulling, pulled),
            "pod scheduling": _between(created, scheduled),
            "container start": _between(prepared, started),
            "VNC server start": _between(started, vnc),
            "end to end": None if ready is None or vnc is None else max(running, ready, vnc) - sent,
        }
    )


def _first(changes: Changes, holds: Callable[[Pod], bool]) -> float | None:
    return next((change.at for change in changes if holds(Pod.of(change.item.object))), None)


def _event(events: Changes, uids: set[str], reason: str) -> float | None:
    return next(
        (
            event.at
            for event in events
            if event.item.object.get("reason") == reason
            and (event.item.object.get("involvedObject") or {}).get("uid") in uids
        ),
        None,
    )


def _between(start: float | None, end: float | None) -> float | None:
    """Seconds from start to end. Two watches may tell of one moment in either order: never less than nothing."""
    return None if start is None or end is None else max(end - start, 0.0)


def table(starts: Sequence[Phases], target: tuple[float, float], limit: float) -> str:
    """The phases of all starts with least, median, mean and greatest, as text; target and limit in seconds."""
    numbers = [f"{number}" for number in range(1, len(starts) + 1)]
    rows = [["phase (s)", *numbers, "min", "median", "mean", "max"]]
    for phase in PHASES:
        values = [start.seconds[phase] for start in starts]
        measured = [value for value in values if value is not None]
        rows.append([phase, *map(_cell, values), *(_summary(measured))])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    goal = f"end to end: mean below {limit:g} s, target {target[0]:g}-{target[1]:g} s. -: not needed, or not measurable"
    return "\n".join([*lines, "", goal])


def means(starts: Sequence[Phases]) -> list[Figure]:
    """The measurable parts of the mean startup time: the plan's Metrics to Record."""
    measured = {
        phase: [seconds for start in starts if (seconds := start.seconds[phase]) is not None] for phase in PARTS
    }
    return [Figure(f"{phase} (mean)", Summary.of(values).mean, "s") for phase, values in measured.items() if values]


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _summary(measured: Sequence[float]) -> list[str]:
    if not measured:
        return ["-"] * 4
    summary = Summary.of(measured)
    return [_cell(value) for value in (summary.least, summary.median, summary.mean, summary.greatest)]
