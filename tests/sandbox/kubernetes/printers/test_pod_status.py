"""The status of a pod as kubectl shows it."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.printers.pod_status import restarts, status_text


def _pod(*states: dict[str, Any], phase: str = "Running", deleted: bool = False) -> dict[str, Any]:
    statuses = [{"name": str(n), "ready": "running" in state, "state": state} for n, state in enumerate(states)]
    metadata = {"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {}
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "containerStatuses": statuses}}


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        (_pod(phase="Pending"), "Pending"),
        (_pod({"waiting": {"reason": "ContainerCreating"}}, phase="Pending"), "ContainerCreating"),
        (_pod({"running": {}}), "Running"),
        (_pod({"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff"),
        (_pod({"terminated": {"exitCode": 0, "reason": "Completed"}}, phase="Succeeded"), "Completed"),
        (_pod({"terminated": {"exitCode": 7}}, phase="Failed"), "ExitCode:7"),
        (_pod({"terminated": {"exitCode": 137, "signal": 9}}, phase="Failed"), "Signal:9"),
        (_pod({"running": {}}, deleted=True), "Terminating"),
    ],
)
def test_status_text_of_a_pod(pod: dict[str, Any], expected: str) -> None:
    assert status_text(pod) == expected


def test_restarts_tell_when() -> None:
    status = {"restartCount": 2, "lastState": {"terminated": {"finishedAt": "2020-01-01T00:00:00Z"}}}
    assert restarts({"status": {"containerStatuses": [status]}}).startswith("2 (")
