"""Pods that the cluster took away, and pods that it did not."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.taken_pods import taken
from tests.support.samples import Json, pod_json


def event(reason: str, message: str, uid: str = "uid-1") -> Json:
    return {"reason": reason, "message": message, "involvedObject": {"kind": "Pod", "uid": uid}}


def cluster(*events: Json, nodes: tuple[Json, ...] = ()) -> Any:
    return SimpleNamespace(
        namespace="streamspace",
        events=lambda: list(events),
        raw_nodes=lambda: list(nodes),
        raw_pods=lambda: [pod_json(uid="own-1")],
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (event("Preempted", "Preempted by pod 5f0c-77 on node node-1"), "somebody else's pod"),
        (event("Preempted", "Preempted by batch/train-1 on node node-1"), "somebody else's pod"),
        (event("TaintManagerEviction", "Marking for deletion Pod streamspace/x"), "got a taint"),
    ],
)
def test_pod_that_the_cluster_took_says_why(found: Json, words: str) -> None:
    assert words in taken(cluster(found), "uid-1", "node-1")


@pytest.mark.parametrize(
    "found",
    [
        event("Preempted", "Preempted by pod own-1 on node node-1"),
        event("Preempted", "Preempted by streamspace/testuser-x on node node-1"),
        event("Preempted", "Preempted by pod 5f0c-77 on node node-1", uid="another"),
        event("TaintManagerEviction", "Cancelling deletion of Pod streamspace/x"),
        event("Killing", "Stopping container desktop"),
    ],
)
def test_pod_that_the_product_ended_was_not_taken(found: Json) -> None:
    assert taken(cluster(found, nodes=({"metadata": {"name": "node-1"}},)), "uid-1", "node-1") == ""


def test_pod_goes_with_its_node() -> None:
    assert "not there any more" in taken(cluster(nodes=({"metadata": {"name": "other"}},)), "uid-1", "node-1")
