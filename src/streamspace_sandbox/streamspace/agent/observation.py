"""The status of a session, derived from its object and its pods."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streamspace_sandbox.streamspace.kube.client import Obj

# Reasons why a container waits that do not pass by themselves within moments.
STUCK = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "CrashLoopBackOff",
    }
)
SCHEDULING_SECONDS = 30.0
"""How long after its creation a pod may be unschedulable, as it is until its volume is bound. In real seconds, since
the cluster's storage does not follow the product's clock."""
HIBERNATION_PHASES = frozenset({"Hibernating", "Hibernated", "Waking"})


@dataclass(frozen=True)
class Observation:
    """`phase` is one of the session's statuses, or "Gone" when nothing of the session is left.

    `again_after` are the seconds after which time alone may change the phase.
    """

    session: str
    phase: str
    state: str = "running"
    pod_name: str | None = None
    pod_ip: str | None = None
    message: str = ""
    started_at: str | None = None
    again_after: float | None = field(default=None, compare=False)

    def report(self) -> dict[str, Any]:
        """The message to the API."""
        return {
            "type": "session",
            "session": self.session,
            "phase": self.phase,
            "state": self.state,
            "podName": self.pod_name,
            "podIP": self.pod_ip,
            "message": self.message,
            "startedAt": self.started_at,
        }

    def status(self, agent_id: str) -> dict[str, Any]:
        """The session object's `.status`."""
        return {"phase": self.phase, "podName": self.pod_name, "agentId": agent_id, "message": self.message}


def observe(
    name: str, session: Obj | None, pods: Iterable[Obj], before: str, *, now: datetime | None = None
) -> Observation:
    """The state of session `name`; `before` is the phase that was observed last, or ""."""
    present = sorted((pod for pod in pods if not _is_over(pod)), key=_preference)
    if session is None:
        return Observation(name, "Terminating" if present else "Gone")
    state = session["spec"]["state"]
    pod = present[-1] if present else None
    if session["metadata"].get("deletionTimestamp"):
        # The object waits for its dependents; for its user the session ends with its last pod.
        return Observation(name, "Terminating" if pod else "Gone", state, _name(pod))
    if state == "hibernated":
        return Observation(name, "Hibernating" if pod else "Hibernated", state, _name(pod))
    if pod is None or _leaving(pod):
        return Observation(name, _starting(before), state, message=_absence(before))
    return _of_pod(name, pod, before, now or datetime.now(UTC))


def _of_pod(name: str, pod: Obj, before: str, now: datetime) -> Observation:
    status = pod.get("status", {})
    details = {"state": "running", "pod_name": _name(pod), "pod_ip": status.get("podIP")}
    if is_ready(pod):
        return Observation(name, "Running", started_at=_started_at(pod), **details)
    reason = blocking_reason(status)
    left = _scheduling_seconds_left(pod, now)
    if left is not None and left > 0:
        return Observation(name, _starting(before), message=reason, again_after=left, **details)
    return Observation(name, "Failed" if reason else _starting(before), message=reason, **details)


def _scheduling_seconds_left(pod: Obj, now: datetime) -> float | None:
    """Seconds for which the pod may still be unschedulable; None when it is scheduled."""
    if _condition(pod.get("status", {}), "PodScheduled").get("status") != "False":
        return None
    return SCHEDULING_SECONDS - (now - datetime.fromisoformat(pod["metadata"]["creationTimestamp"])).total_seconds()


def is_ready(pod: Obj) -> bool:
    return _condition(pod.get("status", {}), "Ready").get("status") == "True" and not _leaving(pod)


def blocking_reason(status: Obj) -> str:
    """Why the pod cannot start, in Kubernetes' words; "" when nothing blocks it."""
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        return f"{scheduled.get('reason', 'Unschedulable')}: {scheduled.get('message', '')}"
    for container in status.get("containerStatuses", []):
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("reason") in STUCK:
            return f"{waiting['reason']}: {waiting.get('message', '')}"
    return ""


def _starting(before: str) -> str:
    return "Waking" if before in HIBERNATION_PHASES else "Pending"


def _absence(before: str) -> str:
    return "Its pod was deleted; another one is starting." if before == "Running" else ""


def _preference(pod: Obj) -> tuple[bool, bool, str]:
    """Sort key: the last pod represents the session. Live before leaving, ready before not ready, young before old."""
    return not _leaving(pod), is_ready(pod), str(pod["metadata"].get("creationTimestamp", ""))


def _is_over(pod: Obj) -> bool:
    """Whether the pod was evicted, or has ended otherwise: it lies about until somebody collects it."""
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def _leaving(pod: Obj) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def _name(pod: Obj | None) -> str | None:
    return str(pod["metadata"]["name"]) if pod else None


def _started_at(pod: Obj) -> str | None:
    for container in pod["status"].get("containerStatuses", []):
        running = container.get("state", {}).get("running") or {}
        if running.get("startedAt"):
            return str(running["startedAt"])
    return None


def _condition(status: Obj, kind: str) -> Obj:
    conditions = status.get("conditions", [])
    matching: Obj = next((condition for condition in conditions if condition.get("type") == kind), {})
    return matching
