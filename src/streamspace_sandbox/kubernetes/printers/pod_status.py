"""The columns of a pod that kubectl shows: its status, ready containers and restarts."""

from streamspace_sandbox.kubernetes.machinery.printing import age
from streamspace_sandbox.kubernetes.machinery.resources import Obj


def status_text(pod: Obj) -> str:
    """For example `Running`, `ContainerCreating`, `CrashLoopBackOff`, `Terminating`."""
    status = pod.get("status", {})
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    return _containers_text(status, status.get("reason") or status.get("phase") or "Unknown")


def _termination(state: Obj) -> str:
    if reason := state.get("reason"):
        return str(reason)
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _containers_text(status: Obj, text: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses", [])):
        state = container.get("state", {})
        if reason := state.get("waiting", {}).get("reason"):
            text = str(reason)
        elif "terminated" in state:
            text = _termination(state["terminated"])
        elif container.get("ready") and "running" in state:
            running = True
    if text != "Completed" or not running:
        return text
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    return "Running" if ready else "NotReady"


def ready_count(pod: Obj) -> str:
    """`ready/all`, for example `1/1`."""
    status, spec = pod.get("status", {}), pod.get("spec", {})
    statuses = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    ready = sum(bool(container.get("ready")) for container in statuses)
    return f"{ready}/{len(spec.get('containers', [])) + len(spec.get('initContainers') or [])}"


def restarts(pod: Obj) -> str:
    """The number of restarts of its containers, and the time of the last one."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    count = sum(container.get("restartCount", 0) for container in statuses)
    ends = [container.get("lastState", {}).get("terminated", {}).get("finishedAt") for container in statuses]
    latest = max((end for end in ends if end), default=None)
    return f"{count} ({age(latest)} ago)" if count and latest else str(count)
