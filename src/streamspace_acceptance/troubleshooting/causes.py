"""Causes that the cluster itself reports: each names its object and quotes the line in which it was seen.

They are the plan's common causes (image pull failures, resource constraints, agent not connected, API not accessible)
and similar ones. None replaces a failure's own `likely` line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from streamspace_acceptance.domain.deployment.outages import STOPPED
from streamspace_acceptance.troubleshooting.events import in_order, seconds_of, time_of

Json = dict[str, Any]

_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})
_PULL_FAILED = re.compile(r"(?i)fail\w* to pull|ErrImagePull|ImagePullBackOff|InvalidImageName|couldn't parse image")
CRASH_LOOP = "CrashLoopBackOff"
_NO_ROOM = re.compile(r"(?i)insufficient [\w./-]+|too many pods|exceeded quota")
_UNBOUND = re.compile(
    r"(?i)unbound\b.*PersistentVolumeClaim|persistentvolumeclaim \"?[\w.-]+\"? (?:is )?not (?:bound|found)"
)
STATUSES = ("containerStatuses", "initContainerStatuses")
_VOLUME_REASONS = frozenset({"FailedMount", "FailedAttachVolume", "FailedBinding", "ProvisioningFailed"})
_CLOCKS_DIFFER = 2.0
"""Seconds by which the clock of the cluster may be behind ours; most of its stamps are whole seconds."""
_LONGEST = 400


@dataclass(frozen=True)
class Cause:
    """`what` happened to `about` ("pod s-1-abc"), with the `line` of Kubernetes or the API that shows it."""

    what: str
    about: str
    line: str

    def __str__(self) -> str:
        line = " ".join(self.line.split())
        return f"{self.what}: {self.about}: {line if len(line) <= _LONGEST else line[:_LONGEST] + ' …'}"


@dataclass(frozen=True)
class CauseInputs:
    """The data in which causes are found; None if unavailable. `began`: the scenario's start (seconds since the epoch).

    health: why the API does not answer, empty when it does. agents: (id, status, whether it is online) of each. pods:
    those that the scenario depends on. cut_off: the scenario's own disruptions that are not reverted yet.
    """

    began: float
    health: str | None = None
    agents: list[tuple[str, str, bool]] | None = None
    pods: list[Json] | None = None
    events: list[Json] | None = None
    claims: list[tuple[str, str]] | None = None
    cut_off: list[str] = field(default_factory=list)


def find(inputs: CauseInputs) -> list[Cause]:
    """The causes that were seen, the farthest-reaching first, each once."""
    once: dict[tuple[str, str], Cause] = {}
    for cause in (*_api(inputs), *_agents(inputs), *_states(inputs), *_events(inputs), *_claims(inputs)):
        once.setdefault((cause.what, cause.about), cause)
    return list(once.values())


def _api(inputs: CauseInputs) -> Iterator[Cause]:
    if inputs.health:
        yield Cause("API not reachable", "its health", inputs.health)


def _agents(inputs: CauseInputs) -> Iterator[Cause]:
    if inputs.agents is None or any(online for _, _, online in inputs.agents):
        return
    listed = ", ".join(f"{name} {status}" for name, status, _ in inputs.agents) or "the API lists no agent"
    own = f" (the scenario itself: {', '.join(inputs.cut_off)})" if inputs.cut_off else ""
    yield Cause("agent not connected", "none is online", listed + own)


def _states(inputs: CauseInputs) -> Iterator[Cause]:
    """From the current state of the pods."""
    for pod in inputs.pods or ():
        about, status = f"pod {pod['metadata']['name']}", pod.get("status") or {}
        for container in [container for kind in STATUSES for container in status.get(kind) or ()]:
            yield from _container(about, container, inputs.began)
        for condition in status.get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                yield from _unscheduled(about, str(condition.get("message") or ""))
        if status.get("reason") == "Evicted":
            yield Cause("no resources", about, f"Evicted: {status.get('message', '')}")


def _container(about: str, status: Json, began: float) -> Iterator[Cause]:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason = waiting.get("reason") or ""
    line = f"{reason}: {waiting.get('message') or 'no message'}"
    if reason in _IMAGE:
        yield Cause("image pull failure", about, line)
    ends = [(status.get(which) or {}).get("terminated") for which in ("state", "lastState")]
    recent = [end for end in ends if end and _since(str(end.get("finishedAt") or ""), began)]
    for end in recent:
        if end.get("reason") == "OOMKilled":
            yield Cause(
                "out of memory", about, f"OOMKilled, exit code {end.get('exitCode')}, at {end.get('finishedAt')}"
            )
        elif end.get("exitCode") not in STOPPED and reason != CRASH_LOOP:
            yield Cause(
                "crashed", about, f"{end.get('reason')}, exit code {end.get('exitCode')}, at {end.get('finishedAt')}"
            )
    if reason == CRASH_LOOP:
        last = f"; the last one ended with exit code {ends[1].get('exitCode')}" if ends[1] else ""
        yield Cause("crash loop", about, f"{line}{last}, {status.get('restartCount', 0)} restarts")


def _unscheduled(about: str, message: str) -> Iterator[Cause]:
    if _NO_ROOM.search(message):
        yield Cause("no resources", about, f"Unschedulable: {message}")
    elif _UNBOUND.search(message):
        yield Cause("volume not bound", about, f"Unschedulable: {message}")


def _events(inputs: CauseInputs) -> Iterator[Cause]:
    """From the events since the scenario began, also of deleted pods.

    A pod that is Ready by now has no cause, and one that has a node by now no cause for having none.
    """
    healthy = {pod["metadata"]["name"] for pod in inputs.pods or () if _is(pod, "Ready")}
    placed = {pod["metadata"]["name"] for pod in inputs.pods or () if _is(pod, "PodScheduled")}
    recent = [event for event in in_order(inputs.events or ()) if _since(time_of(event), inputs.began)]
    for event in recent:
        about = event.get("involvedObject") or {}
        is_placed = event.get("reason") == "FailedScheduling" and about.get("name") in placed
        if about.get("name") in healthy or is_placed:
            continue
        thing = f"{str(about.get('kind', '?')).lower()} {about.get('name', '?')}"
        yield from _event(thing, str(event.get("reason") or ""), str(event.get("message") or ""))


def _event(thing: str, reason: str, message: str) -> Iterator[Cause]:
    line = f"{reason}: {message}"
    if reason in ("Failed", "BackOff", "InspectFailed") and _PULL_FAILED.search(message):
        yield Cause("image pull failure", thing, line)
    if reason in ("FailedScheduling", "FailedCreate"):
        if _NO_ROOM.search(message):
            yield Cause("no resources", thing, line)
        elif _UNBOUND.search(message):
            yield Cause("volume not bound", thing, line)
    if reason in _VOLUME_REASONS:
        yield Cause("volume not bound", thing, line)


def _claims(inputs: CauseInputs) -> Iterator[Cause]:
    """A pending claim may be healthy: many volumes are created for the first pod. One that lost its volume is not."""
    for name, phase in inputs.claims or ():
        if phase == "Lost":
            yield Cause("volume not bound", f"claim {name}", "Lost: its volume is gone")


def _is(pod: Json, condition: str) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(item.get("type") == condition and item.get("status") == "True" for item in conditions)


def _since(stamp: str, began: float) -> bool:
    at = seconds_of(stamp)
    return at is not None and at >= began - _CLOCKS_DIFFER


def as_text(causes: Iterable[Cause]) -> str:
    """The causes, one a line, or that none was seen."""
    return (
        "\n".join(map(str, causes)) or "none was seen: no failed image, no lack of room, the API and an agent are there"
    )
