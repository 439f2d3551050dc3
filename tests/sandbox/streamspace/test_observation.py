"""What the agent says of a session, from its object and its pods."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streamspace_sandbox.streamspace.agent.observation import SCHEDULING_SECONDS, observe

RUNNING = {"metadata": {"name": "s"}, "spec": {"state": "running"}}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
HIBERNATED = {"metadata": {"name": "s"}, "spec": {"state": "hibernated"}}


def pod(name: str = "p", *, ready: bool = False, leaving: bool = False, **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:01Z"
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": metadata, "status": {"podIP": "10.0.0.1", "conditions": conditions} | status}


def waiting(reason: str) -> dict[str, Any]:
    return pod(containerStatuses=[{"state": {"waiting": {"reason": reason, "message": "why"}}}])


@pytest.mark.parametrize(
    ("session", "pods", "before", "phase"),
    [
        (RUNNING, [], "", "Pending"),
        (RUNNING, [pod()], "Pending", "Pending"),
        (RUNNING, [pod(ready=True)], "Pending", "Running"),
        (RUNNING, [pod(ready=True, leaving=True)], "Running", "Pending"),
        (RUNNING, [pod(ready=True, leaving=True), pod("q")], "Running", "Pending"),
        (RUNNING, [pod(ready=True, leaving=True), pod("q", ready=True)], "Pending", "Running"),
        (RUNNING, [], "Hibernated", "Waking"),
        (RUNNING, [pod()], "Waking", "Waking"),
        (RUNNING, [pod(ready=True)], "Waking", "Running"),
        (RUNNING, [waiting("ContainerCreating")], "", "Pending"),
        (RUNNING, [waiting("ImagePullBackOff")], "", "Failed"),
        (RUNNING, [waiting("CrashLoopBackOff")], "Running", "Failed"),
        (HIBERNATED, [pod(ready=True)], "Running", "Hibernating"),
        (HIBERNATED, [pod(leaving=True)], "Hibernating", "Hibernating"),
        (HIBERNATED, [], "Hibernating", "Hibernated"),
        (None, [pod(ready=True)], "Running", "Terminating"),
        (None, [], "Terminating", "Gone"),
    ],
)
def test_phases(session: dict[str, Any] | None, pods: list[dict[str, Any]], before: str, phase: str) -> None:
    assert observe("s", session, pods, before).phase == phase


def test_a_deleted_session_is_gone_with_its_last_pod() -> None:
    deleted = {"metadata": {"name": "s", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"state": "running"}}
    assert observe("s", deleted, [pod(leaving=True)], "Running").phase == "Terminating"
    assert observe("s", deleted, [], "Terminating").phase == "Gone"


def test_the_live_pod_speaks_and_not_the_leaving_one() -> None:
    seen = observe("s", RUNNING, [pod("new"), pod("old", ready=True, leaving=True)], "Running")
    assert (seen.phase, seen.pod_name) == ("Pending", "new")


def test_observe_failure_has_kubernetes_message() -> None:
    assert observe("s", RUNNING, [waiting("ErrImagePull")], "").message == "ErrImagePull: why"


@pytest.mark.parametrize(
    ("before", "seconds", "phase", "again_after"),
    [
        ("", 1.0, "Pending", SCHEDULING_SECONDS - 1),
        ("Waking", 1.0, "Waking", SCHEDULING_SECONDS - 1),
        ("Pending", SCHEDULING_SECONDS - 0.5, "Pending", 0.5),
        ("Pending", SCHEDULING_SECONDS, "Failed", None),
        ("Waking", SCHEDULING_SECONDS + 1, "Failed", None),
    ],
)
def test_observe_unschedulable_pod_fails_after_patience(
    before: str, seconds: float, phase: str, again_after: float | None
) -> None:
    """A real cluster's pod is unschedulable until its volume is bound."""
    now = CREATED + timedelta(seconds=seconds)
    seen = observe("s", RUNNING, [pod(conditions=[UNSCHEDULABLE])], before, now=now)
    assert (seen.phase, seen.message, seen.again_after) == (phase, "Unschedulable: 0/3 nodes", again_after)


def test_observe_pod_scheduled_late_runs() -> None:
    now = CREATED + timedelta(seconds=SCHEDULING_SECONDS + 5)
    assert observe("s", RUNNING, [pod(ready=True)], "Pending", now=now).phase == "Running"


def test_a_running_session_says_since_when_and_where() -> None:
    started = [{"state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}}]
    seen = observe("s", RUNNING, [pod(ready=True, containerStatuses=started)], "Pending")
    assert (seen.pod_ip, seen.started_at, seen.message) == ("10.0.0.1", "2026-01-01T00:00:05Z", "")
