"""Why a pod is not ready, from its status, its events and its log: never an empty sentence."""

from collections.abc import Sequence

from streamspace_sandbox.streamspace.agent import observation
from streamspace_sandbox.streamspace.kube.client import Obj

SHOWN = 300
"""Characters of each text of others."""


def describe(pod: Obj, events: Sequence[Obj], log_line: str | None) -> str:
    """The state and all that is known of its cause. `log_line` is the log's last one; None without a log."""
    status = pod.get("status", {})
    parts = [observation.blocking_reason(status) or _waiting(status) or status.get("phase") or "Pending"]
    parts += [_end(container) for container in status.get("containerStatuses", []) if _termination(container)]
    if log_line is not None:
        parts.append(f"its log ends with: {_short(log_line)}" if log_line.strip() else "its log is empty")
    event = _last_event(pod, events)
    if event is not None:
        parts.append(f"last event: {event.get('reason')}: {_short(event.get('message') or '')}")
    if len(parts) == 1:
        parts.append("no container of it has ended, and there is no event")
    return "; ".join(parts)


def has_started(pod: Obj) -> bool:
    """Whether a container has run, so that there is a log."""
    return any(_has_run(container) for container in pod.get("status", {}).get("containerStatuses", []))


def _has_run(container: Obj) -> bool:
    return "running" in (container.get("state") or {}) or bool(_termination(container))


def _waiting(status: Obj) -> str:
    for container in status.get("containerStatuses", []):
        reason = ((container.get("state") or {}).get("waiting") or {}).get("reason")
        if reason:
            return str(reason)
    return ""


def _end(container: Obj) -> str:
    """The last end of a container, as Kubernetes has it."""
    ended = _termination(container)
    details = ": ".join(filter(None, [ended.get("reason"), _short(ended.get("message") or "")]))
    text = f"container {container.get('name')} ended with exit code {ended.get('exitCode')}"
    return f"{text} ({details})" if details else text


def _termination(container: Obj) -> Obj:
    states = [container.get("state") or {}, container.get("lastState") or {}]
    return next((state["terminated"] for state in states if state.get("terminated")), {})


def _last_event(pod: Obj, events: Sequence[Obj]) -> Obj | None:
    """The latest warning, else the latest event."""
    own = [event for event in events if _concerns(event, pod)]
    return max(own, key=lambda event: (event.get("type") == "Warning", event.get("lastTimestamp") or ""), default=None)


def _concerns(event: Obj, pod: Obj) -> bool:
    return bool((event.get("involvedObject") or {}).get("uid") == pod["metadata"].get("uid"))


def _short(text: str) -> str:
    return " ".join(text.split())[:SHOWN]
