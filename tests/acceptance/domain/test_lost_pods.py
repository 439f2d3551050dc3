"""A session's pod that somebody else took away while it ran, and pods that went for other reasons."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.changes import Change
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.sessions import lost_pods
from streamspace_acceptance.waiting import Recording
from tests.support.samples import SESSION, Json, pod_json

EVICTED = {"reason": "Evicted", "message": "The node was low on resource: memory."}


def ended(disrupted: str | None = None, **status: str) -> Json:
    """A running pod's last state, with Kubernetes' reason for its end."""
    pod = pod_json()
    owner = {"kind": "ReplicaSet", "name": f"{SESSION}-5d"}
    pod["metadata"] |= {"ownerReferences": [owner], "labels": {"pod-template-hash": "5d"}}
    pod["status"] |= status
    if disrupted is not None:
        condition = {"type": lost_pods.DISRUPTED, "status": "True", "reason": disrupted, "message": "by somebody"}
        pod["status"]["conditions"].append(condition)
    return pod


def session(*states: Json, replicas: int = 1, manager: str = "k8s-agent", pods: int = 1) -> Any:
    changes = Recording[Change]()
    for state in states:
        changes.append(Change("MODIFIED", state))
    entry = {"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    deployment = {"metadata": {"managedFields": [entry]}, "spec": {"replicas": replicas}}
    cluster = SimpleNamespace(deployment=lambda name: deployment if name == SESSION else None)
    return SimpleNamespace(subject="session s-1", changes=changes, pods=lambda: [1] * pods, cluster=cluster)


@pytest.mark.parametrize("reason", ["EvictionByEvictionAPI", "DeletionByTaintManager", "DeletionByPodGC"])
def test_pod_of_a_drained_node_was_taken_away(reason: str) -> None:
    found = lost_pods.find([session(ended()), session(ended(), ended(reason))])
    assert found == f"session s-1: its pod {SESSION}-5d-x1 was taken away ({reason}: by somebody)"


def test_pod_that_was_evicted_from_a_full_node_was_taken_away() -> None:
    found = lost_pods.find([session(ended(), ended(phase="Failed", **EVICTED))])
    assert found is not None
    assert "low on resource" in found


@pytest.mark.parametrize(
    "last",
    [
        ended("PreemptionByScheduler"),
        ended("TerminationByKubelet"),
        ended(phase="Failed", reason="Evicted", message="Pod ephemeral local storage usage exceeds the total limit"),
        ended(phase="Failed", reason="Error"),
        ended(),
    ],
    ids=["by another pod", "by its node", "for its own storage", "crashed", "deleted"],
)
def test_pod_that_went_for_the_products_reasons_was_not(last: Json) -> None:
    assert lost_pods.find([session(ended(), last, pods=0)]) is None


def test_pod_that_never_ran_does_not_count() -> None:
    assert lost_pods.find([session(ended(phase="Failed", **EVICTED))]) is None


@pytest.mark.parametrize(
    ("replicas", "manager", "pods", "is_told"),
    [
        (0, "kubectl", 0, True),
        (0, "kubectl-patch", 0, True),
        (0, "py-kube-downscaler", 0, True),
        (0, "k8s-agent", 0, False),
        (1, "kubectl", 0, False),
        (0, "kubectl", 1, False),
    ],
)
def test_session_that_somebody_scaled_down_is_told(replicas: int, manager: str, pods: int, is_told: bool) -> None:
    found = lost_pods.find([session(ended(), replicas=replicas, manager=manager, pods=pods)])
    told = f"session s-1: somebody set spec.replicas of Deployment {SESSION} to 0 (field manager {manager})"
    assert found == (told if is_told else None)


def test_pod_that_is_gone_is_told_for_its_desktop() -> None:
    lost = session(ended())
    assert lost_pods.gone(lost) == ""
    lost.changes.append(Change("DELETED", ended()))
    assert lost_pods.gone(lost) == f"its pod {SESSION}-5d-x1 was deleted meanwhile"


def test_broken_watch_tells_of_no_pod() -> None:
    broken = session(ended())
    broken.changes.fail(ClusterError("the watch broke"))
    assert lost_pods.find([broken]) is None
