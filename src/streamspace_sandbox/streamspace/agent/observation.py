"""What is to be said of a session, from its object and its pods."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.streamspace.kube.client import Obj

# Reasons why a container waits that it does not get over by itself within moments.
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
HIBERNATION_PHASES = frozenset({"Hibernating", "Hibernated", "Waking"})


@dataclass(frozen=True)
class Observation:
    """`phase` is one of the session's statuses, or "Gone" when nothing of the session is left."""

    session: str
    phase: str
    state: str = "running"
    pod_name: str | None = None
    pod_ip: str | None = None
    message: str = ""
    started_at: str | None = None

    def report(self) -> dict[str, Any]:
        """As the API is told."""
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
        """As the session object's `.status` says it."""
        return {"phase": self.phase, "podName": self.pod_name, "agentId": agent_id, "message": self.message}


def observe(name: str, session: Obj | None, pods: Iterable[Obj], before: str) -> Observation:
    """What is seen of session `name` now; `before` is the phase it was seen in last, or ""."""
    present = sorted(pods, key=_preference)
    if session is None:
        return Observation(name, "Terminating" if present else "Gone")
    state = session["spec"]["state"]
    pod = present[-1] if present else None
    if session["metadata"].get("deletionTimestamp"):
        # The object waits for what it owns; to its user the session is over with its last pod.
        return Observation(name, "Terminating" if pod else "Gone", state, _name(pod))
    if state == "hibernated":
        return Observation(name, "Hibernating" if pod else "Hibernated", state, _name(pod))
    if pod is None or _leaving(pod):
        return Observation(name, _starting(before), state, message=_absence(before))
    return _of_pod(name, pod, before)


def _of_pod(name: str, pod: Obj, before: str) -> Observation:
    status = pod.get("status", {})
    found = {"state": "running", "pod_name": _name(pod), "pod_ip": status.get("podIP")}
    if is_ready(pod):
        return Observation(name, "Running", started_at=_started_at(pod), **found)
    reason = blocking_reason(status)
    if reason:
        return Observation(name, "Failed", message=reason, **found)
    return Observation(name, _starting(before), **found)


def is_ready(pod: Obj) -> bool:
    return _condition(pod.get("status", {}), "Ready").get("status") == "True" and not _leaving(pod)


def blocking_reason(status: Obj) -> str:
    """Why the pod cannot start, in Kubernetes' words; empty when nothing says so."""
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
    return "Its pod is gone; another one is starting." if before == "Running" else ""


def _preference(pod: Obj) -> tuple[bool, bool, str]:
    """Pods in the order in which they speak for the session, the last one first: live, ready, young."""
    return not _leaving(pod), is_ready(pod), str(pod["metadata"].get("creationTimestamp", ""))


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
    found: Obj = next((each for each in status.get("conditions", []) if each.get("type") == kind), {})
    return found
