"""The status of a pod, made from the records of its containers."""

import pytest

from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord, pod_phase, pod_status, qos_class
from streamspace_sandbox.kubernetes.machinery.resources import Obj


def ended(code: int) -> ContainerRecord:
    record = ContainerRecord("c", "i", has_run=True, is_final=True)
    record.end(code, "Completed")
    return record


def running(*, ready: bool) -> ContainerRecord:
    record = ContainerRecord("c", "i", ready=ready)
    record.begin("id")
    return record


@pytest.mark.parametrize(
    ("records", "phase"),
    [
        ([ContainerRecord("c", "i")], "Pending"),
        ([running(ready=False)], "Running"),
        ([running(ready=True), ContainerRecord("d", "i")], "Pending"),
        ([ended(0), running(ready=True)], "Running"),
        ([ended(0), ended(0)], "Succeeded"),
        ([ended(0), ended(1)], "Failed"),
    ],
)
def test_phase_of_a_pod_follows_its_containers(records: list[ContainerRecord], phase: str) -> None:
    assert pod_phase(records) == phase


def test_conditions_keep_their_time_until_they_change() -> None:
    pod = {"spec": {"containers": [{"name": "c"}]}}

    def status(previous: Obj, record: ContainerRecord) -> Obj:
        return pod_status(
            previous,
            pod=pod,
            containers=[record],
            ephemeral_containers=[],
            host_ip="h",
            pod_ip="p",
            started="s",
        )

    first = status({}, running(ready=False))
    for condition in first["conditions"]:
        condition["lastTransitionTime"] = "long ago"
    second = status(first, running(ready=True))
    times = {condition["type"]: condition["lastTransitionTime"] for condition in second["conditions"]}
    assert times["Initialized"] == "long ago"
    assert times["Ready"] != "long ago"
    assert {condition["type"]: condition["status"] for condition in second["conditions"]}["Ready"] == "True"


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, "BestEffort"),
        ({"requests": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "512Mi"}}, "Burstable"),
    ],
)
def test_quality_of_service_follows_the_resources(resources: Obj, expected: str) -> None:
    assert qos_class({"spec": {"containers": [{"name": "c", "resources": resources}]}}) == expected
