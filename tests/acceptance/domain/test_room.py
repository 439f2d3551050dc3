"""Room for sessions: what other pods, taints, sidecars and quotas leave, and what kept sessions from running."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.clock import now
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.requests import requested
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.performance import node_capacity
from streamspace_acceptance.domain.performance.cluster_limits import crowded_out
from streamspace_acceptance.domain.performance.room import all_pods, room
from streamspace_acceptance.domain.performance.session_troubles import ProductPods
from streamspace_acceptance.domain.resources.granted import has_place
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Stamped
from tests.support.load_samples import burst
from tests.support.node_samples import node, requesting
from tests.support.samples import Json, pod_json

SIZE = {"cpu": "1", "memory": "1Gi"}
WORDS = "exceeded quota: team-a, requested: cpu=1, used: cpu=4, limited: cpu=4"


class Cluster:
    """Nodes, the pods of the namespace, those of others, and quotas."""

    namespace = "streamspace"

    def __init__(
        self, nodes: list[Json], own: list[Json], others: list[Json], quotas: list[Json] | None = None
    ) -> None:
        self.nodes, self.own, self.others, self.quotas = nodes, own, others, quotas

    def raw_nodes(self) -> list[Json]:
        return self.nodes

    def raw_pods(self) -> list[Json]:
        return self.own

    def pods(self) -> list[Pod]:
        return [Pod.of(pod) for pod in self.own]

    def events(self) -> list[Json]:
        return []

    def raw_items(self, path: str) -> list[Json]:
        items = [*self.own, *self.others] if path == "/api/v1/pods" else self.quotas
        if items is None:
            raise ClusterError(f"{path}: forbidden", 403)
        return items


def left(*, own: list[Json] | None = None, others: list[Json] | None = None, **changes: Any) -> Any:
    machine = node()
    machine["spec"] = {name: changes.pop(name) for name in ("taints", "unschedulable") if name in changes}
    cluster: Any = Cluster([machine], own or [], others or [], changes.pop("quotas", None))
    return room(cluster, SIZE, **changes)


def named(uid: str, cpu: str = "1", **changes: Any) -> Json:
    found: Json = requesting(cpu, uid=uid, **changes)
    return found


def test_pods_of_other_namespaces_take_room() -> None:
    assert left().sessions == 4
    assert left(others=[named("u-9", "3")]).sessions == 1


def test_room_beside_our_own_pods_leaves_them_out() -> None:
    assert left(own=[named("u-1"), named("u-2")], ours={"u-1"}).sessions == 3


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_tainted_node_takes_no_session(effect: str) -> None:
    found = left(taints=[{"key": "dedicated", "effect": effect}])
    assert found.sessions == 0
    assert "node-1 takes none: its taint dedicated" in found.sentence


def test_taint_that_the_products_pods_tolerate_does_not_count() -> None:
    taints = [{"key": "dedicated", "effect": "NoSchedule"}]
    assert left(own=[named("u-1")], taints=taints).sessions == 3
    daemon = named("u-1")
    daemon["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "uid": "d", "name": "d"}]
    assert left(own=[daemon], taints=taints).sessions == 0
    assert (
        left(own=[named("u-1")], taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]).sessions
        == 0
    )


def test_node_of_another_system_takes_no_session() -> None:
    machine = node() | {"metadata": {"name": "node-1", "labels": {"kubernetes.io/os": "windows"}}}
    assert "node-1 takes none: it runs windows" in room(cast("Any", Cluster([machine], [], [])), SIZE).sentence
    assert room(cast("Any", Cluster([machine], [named("u-1")], [])), SIZE).sessions == 3


@pytest.mark.parametrize(
    ("cpu", "taints", "own", "holds"),
    [
        ("4", [], [], True),
        ("5", [], [], False),
        ("4", [{"key": "dedicated", "effect": "NoSchedule"}], [], False),
        ("4", [{"key": "dedicated", "effect": "NoSchedule"}], [named("u-1", "3")], True),
    ],
)
def test_size_has_a_place_on_nodes_that_take_sessions(
    cpu: str, taints: list[Json], own: list[Json], holds: bool
) -> None:
    machine = node() | {"spec": {"taints": taints}}
    assert has_place(cast("Any", Cluster([machine], own, [])), {"cpu": cpu, "memory": "1Gi"}) is holds


def test_soft_taint_closes_no_node() -> None:
    assert left(taints=[{"key": "dedicated", "effect": "PreferNoSchedule"}]).sessions == 4


def test_node_that_is_cordoned_or_not_ready_is_named() -> None:
    assert "node-1 takes none: it is cordoned" in left(unschedulable=True).sentence
    machine = node()
    machine["status"]["conditions"][1]["status"] = "Unknown"
    cluster: Any = Cluster([machine], [], [])
    assert "it is not ready" in room(cluster, SIZE).sentence


@pytest.mark.parametrize(
    ("hard", "scopes", "sessions"),
    [
        ({"pods": "3"}, [], 2),
        ({"requests.cpu": "2500m"}, [], 1),
        ({"cpu": "9"}, [], 4),
        ({"pods": "3"}, ["Terminating"], 4),
    ],
)
def test_quota_of_the_namespace_may_leave_less(hard: Json, scopes: list[str], sessions: int) -> None:
    used = {"pods": "1", "requests.cpu": "1"}
    quota = {"metadata": {"name": "team-a"}, "spec": {"scopes": scopes}, "status": {"hard": hard, "used": used}}
    found = left(quotas=[quota])
    assert found.sessions == sessions
    assert ("the quota team-a of the namespace" in found.sentence) == (sessions < 4)


def test_sidecars_and_overhead_are_requested_too() -> None:
    pod = named("u-1")
    sidecar = {"name": "proxy", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}}
    first = {"name": "prepare", "resources": {"requests": {"cpu": "50m"}}}
    pod["spec"] |= {"initContainers": [sidecar, first], "overhead": {"cpu": "10m"}}
    assert requested(pod)["cpu"] * 1000 == 1110


def lost_burst() -> Any:
    found = burst(count=4).bursts[0].sessions
    found[3].running = None
    return found


def homeless(session: str = "s-4") -> Json:
    found = pod_json(
        f"{session}-x", f"u-{session}", phase="Pending", ready=False, node=None, labels={"session": session}
    )
    found["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}
    ]
    return found


def clients(cluster: Cluster, message: str = "") -> Any:
    api = SimpleNamespace(session=lambda _id: {"message": message})
    return SimpleNamespace(cluster=cluster, profile=load(), api=api)


def watched(pod: Json) -> list[Stamped[Change]]:
    return [Stamped(now() - 9, Change("ADDED", pod))]


def test_other_peoples_pods_that_took_the_room_are_named() -> None:
    cluster = Cluster([node()], [homeless()], [named("u-9", "3")])
    found = crowded_out(clients(cluster), SIZE, lost_burst(), watched(homeless()))
    assert "room for 1 such sessions" in found
    assert found.endswith("beside other pods, and 4 are needed")


def test_sessions_that_take_more_than_asked_are_no_excuse() -> None:
    fat = [named(f"u-{number}", "2", labels={"session": f"s-{number}"}) for number in (1, 2)]
    cluster = Cluster([node()], [*fat, homeless()], [])
    assert crowded_out(clients(cluster), SIZE, lost_burst(), watched(homeless())) == ""


def test_session_lost_while_the_nodes_are_full_is_no_excuse() -> None:
    cluster = Cluster([node()], [], [named("u-9", "4")])
    pod = pod_json("s-4-x", "u-4", ready=False, labels={"session": "s-4"})
    assert crowded_out(clients(cluster), SIZE, lost_burst(), watched(pod)) == ""


@pytest.mark.parametrize(("message", "found"), [(WORDS, WORDS), ("exceeded quota: 5 sessions a user", ""), ("", "")])
def test_quota_that_kept_sessions_from_running_is_named(message: str, found: str) -> None:
    cluster = Cluster([node()], [], [])
    assert crowded_out(clients(cluster, message), SIZE, lost_burst(), []) == found


def test_end_of_a_container_is_told_from_an_earlier_one() -> None:
    pod = pod_json()
    status = pod["status"]["containerStatuses"][0]
    status["lastState"] = {"terminated": {"reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:00Z"}}
    before = node_capacity.lost([pod])
    assert node_capacity.lost([pod]).keys() - before.keys() == set()
    status["lastState"] = {"terminated": {"reason": "OOMKilled", "finishedAt": "2026-01-01T01:00:00Z"}}
    assert node_capacity.lost([pod]).keys() - before.keys() != set()


def test_pod_that_was_over_may_be_collected() -> None:
    own = pod_json("api-1", "u-1", phase="Failed", labels={"app": "streamspace-api"})
    cluster = Cluster([], [own], [])
    before = ProductPods.of(clients(cluster))
    cluster.own = []
    assert before.crashes(clients(cluster)) == []


@pytest.mark.parametrize("status", [None, 500, 503])
def test_trouble_in_listing_all_pods_is_no_refusal(status: int | None) -> None:
    def fails(_path: str) -> list[Json]:
        raise ClusterError("get /api/v1/pods: no answer", status)

    cluster: Any = SimpleNamespace(namespace="streamspace", raw_pods=list, raw_items=fails)
    with pytest.raises(ClusterError):
        all_pods(cluster)
