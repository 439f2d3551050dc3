"""Pods of the product that somebody else deleted while a scenario relied on them."""

from __future__ import annotations

from typing import Any

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.deployment.replaced_pods import ReliedPods
from streamspace_acceptance.product.profile import load
from tests.support.samples import Json, pod_json

API, AGENT = "streamspace-api", "streamspace-k8s-agent"


def own(uid: str, app: str = API, owner: str = "rs-1", **changes: Any) -> Json:
    found = pod_json(f"{app}-{uid}", uid, labels={"app": app}, **changes)
    found["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "uid": owner, "name": owner}]
    return found


class Cluster:
    namespace = "streamspace"

    def __init__(self, *pods: Json) -> None:
        self.pods, self.listed_events, self.is_away = list(pods), list[Json](), False

    def raw_pods(self) -> list[Json]:
        if self.is_away:
            raise ClusterError("list pods: refused")
        return self.pods

    def raw_nodes(self) -> list[Json]:
        return [{"metadata": {"name": "node-1"}, "spec": {}}]

    def events(self) -> list[Json]:
        return self.listed_events


def relied(*pods: Json) -> tuple[ReliedPods, Cluster]:
    cluster: Any = Cluster(*pods)
    return ReliedPods(cluster, load()), cluster


@pytest.mark.parametrize("app", [API, AGENT, "streamspace-redis"])
@pytest.mark.parametrize("later", [[], [own("new", owner="rs-2")], [own("a", deleting=True)]])
def test_own_pod_that_was_deleted_is_told_of(app: str, later: list[Json]) -> None:
    found, cluster = relied(own("a", app))
    assert found.deleted() == ""
    cluster.pods = later
    assert found.deleted() == f"pod {app}-a of the product was deleted meanwhile, and not by the suite"


def test_pod_of_a_session_or_a_crashed_server_is_not() -> None:
    found, cluster = relied(own("a"), pod_json("s-1-x", "u-1"))
    cluster.pods = [own("a", ready=False, started=False)]
    assert found.deleted() == ""
    cluster.pods = [own("a", phase="Failed", ready=False), own("b")]  # evicted by its node
    assert found.deleted() == ""


@pytest.mark.parametrize(
    ("preemptor", "is_told"), [("team/job-1", True), ("streamspace/testuser-x", False)], ids=["others", "own"]
)
def test_pod_that_made_room_for_a_session_is_not(preemptor: str, is_told: bool) -> None:
    found, cluster = relied(own("a"))
    message = f"Preempted by {preemptor} on node node-1"
    cluster.pods = []
    cluster.listed_events = [{"reason": "Preempted", "message": message, "involvedObject": {"uid": "a"}}]
    assert ("made room" in found.deleted()) is is_told


@pytest.mark.parametrize(
    ("left", "is_told"),
    [(own("b"), False), (own("c", owner="rs-2"), True), (own("c"), True)],
    ids=["autoscaler", "rollout", "scaled to 0 and back"],
)
def test_pod_that_an_autoscaler_has_no_use_for_is_not(left: Json, is_told: bool) -> None:
    found, cluster = relied(own("a"), own("b"))
    cluster.pods = [left]
    cluster.listed_events = [
        {"reason": "SuccessfulDelete", "message": f"Deleted pod: {API}-{uid}", "involvedObject": {"kind": "ReplicaSet"}}
        for uid in "ab"
    ]
    assert bool(found.deleted()) is is_told


def test_pod_of_a_stateful_set_that_is_rolled_out_is_told_of() -> None:
    found, cluster = relied(own("0", "streamspace-redis"))
    again = own("0", "streamspace-redis")
    again["metadata"]["uid"] = "1"
    cluster.pods = [again]
    message = "delete Pod streamspace-redis-0 in StatefulSet streamspace-redis successful"
    cluster.listed_events = [
        {"reason": "SuccessfulDelete", "message": message, "involvedObject": {"kind": "StatefulSet"}}
    ]
    assert "streamspace-redis-0" in found.deleted()


def test_agents_that_the_suite_scales_are_not() -> None:
    found, cluster = relied(own("a"), own("x", AGENT))
    found.release_agents()
    cluster.pods = [own("a"), own("y", AGENT)]
    assert found.deleted() == ""
    found.add()
    cluster.pods = [own("a")]
    assert f"{AGENT}-y" in found.deleted()


def test_cluster_that_shows_no_pods_ends_no_scenario() -> None:
    cluster: Any = Cluster()
    cluster.is_away = True
    found = ReliedPods(cluster, load())
    cluster.is_away = False
    assert found.deleted() == ""
