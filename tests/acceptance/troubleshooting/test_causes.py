"""A cause is named when it was seen, with its object and the line; what was not seen, or is long over, is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streamspace_acceptance.troubleshooting.causes import CauseInputs, as_text, find

BEGAN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ONLINE = [("a-1", "online", True)]


def stamp(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def pod(conditions: Any = (), **status: Any) -> dict[str, Any]:
    container = {"name": "desktop", "restartCount": 4, **status}
    return {
        "metadata": {"name": "s-1-abc"},
        "status": {"conditions": list(conditions), "containerStatuses": [container] if status else []},
    }


def event(reason: str, message: str, at: float = 5.0, name: str = "s-1-abc", kind: str = "Pod") -> dict[str, Any]:
    about = {"kind": kind, "name": name}
    return {"lastTimestamp": stamp(at), "reason": reason, "message": message, "involvedObject": about}


def told(**seen: Any) -> list[str]:
    return [str(cause) for cause in find(CauseInputs(**{"began": BEGAN.timestamp(), "agents": ONLINE, **seen}))]


def unscheduled(message: str) -> dict[str, Any]:
    return pod([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}])


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled(reason: str) -> None:
    waiting = {"waiting": {"reason": reason, "message": 'image "nowhere/x" not found'}}
    assert told(pods=[pod(state=waiting)]) == [
        f'image pull failure: pod s-1-abc: {reason}: image "nowhere/x" not found'
    ]


def test_an_image_that_could_not_be_pulled_for_a_pod_that_is_gone() -> None:
    assert told(pods=[], events=[event("Failed", 'Failed to pull image "nowhere/x": not found')]) == [
        'image pull failure: pod s-1-abc: Failed: Failed to pull image "nowhere/x": not found'
    ]


@pytest.mark.parametrize("message", ["0/3 nodes are available: 3 Insufficient cpu.", "0/1 nodes: Insufficient memory"])
def test_no_room(message: str) -> None:
    line = f"no resources: pod s-1-abc: Unschedulable: {message}"
    assert told(pods=[unscheduled(message)], events=[event("FailedScheduling", message)]) == [line]
    assert told(events=[event("FailedScheduling", message)]) == [
        f"no resources: pod s-1-abc: FailedScheduling: {message}"
    ]


def test_a_quota_that_is_used_up() -> None:
    said = 'pods "s-1-abc" is forbidden: exceeded quota: small'
    assert told(events=[event("FailedCreate", said, kind="ReplicaSet", name="s-1")]) == [
        f"no resources: replicaset s-1: FailedCreate: {said}"
    ]


def test_no_agent() -> None:
    assert told(agents=[]) == ["agent not connected: none is online: the API lists no agent"]
    assert told(agents=[("a-1", "offline", False)]) == ["agent not connected: none is online: a-1 offline"]


def test_an_agent_that_the_scenario_itself_cut_off() -> None:
    (line,) = told(agents=[("a-1", "offline", False)], cut_off=["network of pod a-1 cut"])
    assert line.endswith("a-1 offline (the scenario itself: network of pod a-1 cut)")


def test_an_api_that_does_not_answer() -> None:
    said = told(health="GET http://x/health: connection refused", agents=None)
    assert said == ["API not reachable: its health: GET http://x/health: connection refused"]


def test_a_crash_loop() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting"}}
    last = {"terminated": {"reason": "Error", "exitCode": 1, "finishedAt": stamp(3)}}
    assert told(pods=[pod(state=waiting, lastState=last)]) == [
        "crash loop: pod s-1-abc: CrashLoopBackOff: back-off 10s restarting; "
        "the last one ended with exit code 1, 4 restarts"
    ]


def test_out_of_memory_and_only_since_the_scenario_began() -> None:
    def killed(at: float) -> dict[str, Any]:
        return {"terminated": {"reason": "OOMKilled", "exitCode": 137, "finishedAt": stamp(at)}}

    assert told(pods=[pod(state={"running": {}}, lastState=killed(3))]) == [
        f"out of memory: pod s-1-abc: OOMKilled, exit code 137, at {stamp(3)}"
    ]
    assert told(pods=[pod(state={"running": {}}, lastState=killed(-600))]) == []


@pytest.mark.parametrize(("code", "is_crash"), [(2, True), (0, False), (137, False), (143, False)])
def test_container_that_ended_in_an_error_has_crashed(code: int, is_crash: bool) -> None:
    ended = {"terminated": {"reason": "Error", "exitCode": code, "finishedAt": stamp(3)}}
    crash = f"crashed: pod s-1-abc: Error, exit code {code}, at {stamp(3)}"
    assert told(pods=[pod(state={"running": {}}, lastState=ended)]) == ([crash] if is_crash else [])


def test_a_volume_that_is_not_bound() -> None:
    said = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    assert told(pods=[unscheduled(said)]) == [f"volume not bound: pod s-1-abc: Unschedulable: {said}"]
    assert told(events=[event("FailedMount", "Unable to attach or mount volumes")]) == [
        "volume not bound: pod s-1-abc: FailedMount: Unable to attach or mount volumes"
    ]
    assert told(claims=[("s-1-home", "Lost")]) == ["volume not bound: claim s-1-home: Lost: its volume is gone"]


def test_what_was_not_seen_is_not_named() -> None:
    assert told() == []
    assert told(agents=None) == []  # it could not be asked
    assert told(pods=[pod(state={"waiting": {"reason": "ContainerCreating"}})], claims=[("s-1-home", "Pending")]) == []
    assert told(pods=[unscheduled("0/3 nodes are available: 3 node(s) had untolerated taint.")]) == []
    assert "none was seen" in as_text([])


def test_what_is_over_is_not_named() -> None:
    early = event("FailedScheduling", "3 Insufficient cpu.", at=-60)
    assert told(events=[early]) == []
    got_over = event("FailedScheduling", "3 Insufficient cpu.", at=1)
    ready = pod([{"type": "Ready", "status": "True"}], state={"running": {}})
    assert told(events=[got_over], pods=[ready]) == []
    placed = pod([{"type": "PodScheduled", "status": "True"}], state={"waiting": {"reason": "ContainerCreating"}})
    assert told(events=[got_over], pods=[placed]) == []
    assert told(events=[event("Failed", "Failed to pull image x")], pods=[placed]) != []
