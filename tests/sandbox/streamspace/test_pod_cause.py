"""Why a pod is not ready: the sentence always names a cause, or says that there is none to see."""

from typing import Any

from streamspace_sandbox.streamspace import pod_cause

Obj = dict[str, Any]


def pod(phase: str = "Running", **container: Any) -> Obj:
    statuses = [{"name": "api", **container}] if container else []
    return {"metadata": {"uid": "u"}, "status": {"phase": phase, "containerStatuses": statuses}}


def event(reason: str, message: str, *, kind: str = "Normal", at: str = "2026-01-01T00:00:00Z", uid: str = "u") -> Obj:
    return {
        "reason": reason,
        "message": message,
        "type": kind,
        "lastTimestamp": at,
        "involvedObject": {"uid": uid},
    }


ENDED = {"terminated": {"exitCode": 1, "reason": "Error", "message": "no room"}}


def test_cause_with_an_empty_log_is_the_exit_code() -> None:
    told = pod_cause.describe(pod(state={"running": {}}, lastState=ENDED), [], "")
    assert told == "Running; container api ended with exit code 1 (Error: no room); its log is empty"


def test_cause_holds_the_end_of_the_log() -> None:
    told = pod_cause.describe(pod(state=ENDED), [], "ValueError: no port\n")
    assert told.endswith("; its log ends with: ValueError: no port")


def test_cause_prefers_a_warning_to_later_events() -> None:
    events = [
        event("Unhealthy", "Readiness probe failed: refused", kind="Warning"),
        event("Started", "Started container", at="2026-01-01T00:00:09Z"),
        event("Failed", "of another pod", kind="Warning", at="2026-01-01T00:00:10Z", uid="other"),
    ]
    told = pod_cause.describe(pod(state={"running": {}}), events, None)
    assert told == "Running; last event: Unhealthy: Readiness probe failed: refused"


def test_cause_of_a_waiting_container_is_its_reason() -> None:
    told = pod_cause.describe(pod("Pending", state={"waiting": {"reason": "ContainerCreating"}}), [], None)
    assert told == "ContainerCreating; no container of it has ended, and there is no event"


def test_cause_of_a_blocked_pod_is_in_kubernetes_words() -> None:
    blocked = pod("Pending", state={"waiting": {"reason": "ErrImagePull", "message": "not found"}})
    assert pod_cause.describe(blocked, [], None).startswith("ErrImagePull: not found")


def test_log_is_there_once_a_container_has_run() -> None:
    assert not pod_cause.has_started(pod("Pending", state={"waiting": {"reason": "ContainerCreating"}}))
    assert pod_cause.has_started(pod(state={"running": {}}))
    assert pod_cause.has_started(pod(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ENDED))
