"""The one word for a pod's state that kubectl shows, and how many of its containers are ready."""

from streamspace_sandbox.kubernetes.machinery.printing import age
from streamspace_sandbox.kubernetes.machinery.resources import Obj


def pod_word(pod: Obj) -> str:
    """For example `Running`, `ContainerCreating`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`."""
    status = pod.get("status", {})
    word: str = status.get("reason") or status.get("phase") or "Unknown"
    if any(condition.get("reason") == "SchedulingGated" for condition in status.get("conditions", [])):
        word = "SchedulingGated"
    starting = _initialising(pod)
    word = starting or _containers_word(status, word)
    if "deletionTimestamp" in pod["metadata"]:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return word


def _stopped(state: Obj) -> str:
    if reason := state.get("reason"):
        return str(reason)
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _initialising(pod: Obj) -> str:
    """The word while init containers run, empty afterwards."""
    statuses = pod.get("status", {}).get("initContainerStatuses", [])
    total = len(pod.get("spec", {}).get("initContainers", []))
    for index, container in enumerate(statuses):
        state = container.get("state", {})
        stopped, waiting = state.get("terminated"), state.get("waiting", {})
        if stopped and not stopped.get("exitCode"):
            continue
        if stopped:
            return f"Init:{_stopped(stopped)}"
        if waiting.get("reason") not in (None, "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{total}"
    return ""


def _containers_word(status: Obj, word: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses", [])):
        state = container.get("state", {})
        if reason := state.get("waiting", {}).get("reason"):
            word = reason
        elif "terminated" in state:
            word = _stopped(state["terminated"])
        elif container.get("ready") and "running" in state:
            running = True
    if word != "Completed" or not running:
        return word
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))
    return "Running" if ready else "NotReady"


def ready_count(pod: Obj) -> str:
    """`ready/all`, for example `1/1`."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    ready = sum(bool(container.get("ready")) for container in statuses)
    return f"{ready}/{len(pod.get('spec', {}).get('containers', []))}"


def restarts(pod: Obj) -> str:
    """How often its containers were restarted, and when last."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    count = sum(container.get("restartCount", 0) for container in statuses)
    ends = [container.get("lastState", {}).get("terminated", {}).get("finishedAt") for container in statuses]
    latest = max((end for end in ends if end), default=None)
    return f"{count} ({age(latest)} ago)" if count and latest else str(count)
