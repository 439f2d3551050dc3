"""Why sessions do not run: the scheduler, the product, events, restarts, nodes and their room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.performance import cluster_limits, session_troubles
from streamspace_acceptance.domain.performance.room import fit, room
from streamspace_acceptance.domain.performance.session_moments import SessionMoments
from streamspace_acceptance.domain.performance.session_troubles import ProductPods, node_pressure, unschedulable
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Stamped, now
from tests.support.samples import Json, pod_json

LACK = "0/3 nodes are available: 3 Insufficient memory."


def homeless(session: str = "s-1", uid: str = "u-1") -> Json:
    found = pod_json(f"{session}-x", uid, phase="Pending", ready=False, node=None, labels={"session": session})
    found["status"]["conditions"] = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": LACK}
    ]
    return found


def change(obj: Json, ago: float, kind: str = "MODIFIED") -> Stamped[Change]:
    return Stamped(now() - ago, Change(kind, obj))


def node(name: str = "n", *, cpu: str = "4", memory: str = "16Gi", pods: str = "110", pressure: str = "False") -> Json:
    return {
        "metadata": {"name": name},
        "spec": {},
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory, "pods": pods},
            "conditions": [{"type": "MemoryPressure", "status": pressure, "message": "low on memory"}],
        },
    }


class Product:
    def __init__(self, *, message: str = "", events: list[Json] | None = None) -> None:
        self.profile = load()
        self.api = SimpleNamespace(session=lambda _id: {"message": message})
        self.pods: list[Json] = []
        self.cluster: Any = SimpleNamespace(
            events=lambda: events or [], raw_pods=lambda: self.pods, raw_nodes=lambda: [node("node-1")]
        )


def test_pod_without_a_node_for_a_while_is_unschedulable() -> None:
    changes = [change(homeless(), 9.0), change(homeless(), 1.0)]
    assert unschedulable(changes, "session") == {"s-1": f"Unschedulable: {LACK}"}


@pytest.mark.parametrize(
    "seen",
    [
        [(homeless(), 1.0, "ADDED")],
        [(homeless(), 9.0, "ADDED"), (pod_json("s-1-x", "u-1", labels={"session": "s-1"}), 8.0, "MODIFIED")],
        [(homeless(), 9.0, "ADDED"), (homeless(), 8.0, "DELETED")],
        [(pod_json("other", "u-2", labels={}), 9.0, "ADDED")],
    ],
)
def test_pod_that_waits_for_a_moment_is_not(seen: list[tuple[Json, float, str]]) -> None:
    assert unschedulable([change(obj, ago, kind) for obj, ago, kind in seen], "session") == {}


def test_reasons_are_what_product_scheduler_and_events_say() -> None:
    event = {
        "type": "Warning",
        "reason": "FailedCreate",
        "message": "exceeded quota",
        "involvedObject": {"name": "s-1"},
    }
    foreign = {"type": "Warning", "reason": "Other", "message": "?", "involvedObject": {"name": "s-2"}}
    clients: Any = Product(message="No room.", events=[event, foreign])
    found = session_troubles.reasons(clients, ["s-1"], [change(homeless(), 1.0), change(homeless(), 0.5)])
    assert found == ["the API: No room.", f"the scheduler: Unschedulable: {LACK}", "event FailedCreate: exceeded quota"]


def test_product_that_says_nothing_gives_no_reason() -> None:
    clients: Any = Product()
    assert session_troubles.reasons(clients, ["s-1"], [change(pod_json(labels={"session": "s-1"}), 1.0)]) == []


@pytest.mark.parametrize(
    ("reasons", "found"),
    [
        (["Pulling"], ["the image is still pulled on node node-1"]),
        (["Pulling", "Pulled"], []),
        ([], []),
    ],
)
def test_image_that_is_still_pulled_is_a_reason(reasons: list[str], found: list[str]) -> None:
    clients: Any = Product(events=[{"reason": reason, "involvedObject": {"uid": "u-1"}} for reason in reasons])
    waiting = pod_json("s-1-x", "u-1", ready=False, started=False, labels={"session": "s-1"})
    assert session_troubles.reasons(clients, ["s-1"], [change(waiting, 1.0)]) == found


def test_pod_of_the_product_that_was_restarted_is_a_crash() -> None:
    product = Product()
    own = pod_json("streamspace-api-1", "u-api", labels={"app": "streamspace-api"})
    product.pods = [own, pod_json("s-1-x", "u-1")]
    clients: Any = product
    before = ProductPods.of(clients)
    assert before.crashes(clients) == []
    own["status"]["containerStatuses"][0] |= {
        "restartCount": 1,
        "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    }
    assert before.crashes(clients) == [
        "pod streamspace-api-1 of the product was restarted (container desktop ended: OOMKilled, exit code 137)"
    ]
    product.pods = []
    assert before.crashes(clients) == ["1 of the product's own pods are not there any more (streamspace-api-1)"]


def deleted(pod: str, reason: str = "SuccessfulDelete", kind: str = "ReplicaSet") -> Json:
    return {"reason": reason, "message": f"Deleted pod: {pod}", "involvedObject": {"kind": kind, "name": "rs"}}


@pytest.mark.parametrize(
    ("event", "crashes"),
    [
        (deleted("api-1"), 0),
        (deleted("api-1", kind="StatefulSet"), 0),
        (deleted("api-10"), 1),
        (deleted("api-1", "Preempted", "Pod"), 1),
    ],
)
def test_pod_that_was_scaled_down_is_no_crash(event: Json, crashes: int) -> None:
    product = Product(events=[event])
    product.pods = [pod_json("api-1", "u-1", labels={"app": "streamspace-api"})]
    clients: Any = product
    before = ProductPods.of(clients)
    product.pods = []
    assert len(before.crashes(clients)) == crashes
    assert before.moved(clients) == []


DISRUPTED = {"spec": {"taints": [{"key": "karpenter.sh/disrupted"}]}}
WITHDRAWN = [
    ([node("other")], "its node node-1 is not there any more"),
    ([node("node-1") | {"spec": {"unschedulable": True}}], "its node node-1 is cordoned"),
    ([node("node-1") | DISRUPTED], "has the taint karpenter.sh/disrupted"),
]


@pytest.mark.parametrize(("nodes", "words"), WITHDRAWN)
def test_pod_whose_node_was_withdrawn_is_no_crash(nodes: list[Json], words: str) -> None:
    product = Product()
    product.pods = [pod_json("api-1", "u-1", labels={"app": "streamspace-api"})]
    product.cluster.raw_nodes = lambda: nodes
    clients: Any = product
    before = ProductPods.of(clients)
    product.pods = []
    assert before.crashes(clients) == []
    assert words in before.moved(clients)[0]


def test_pods_of_jobs_and_restarts_of_neighbours_are_no_crashes() -> None:
    product = Product()
    job = pod_json("api-clean-up-1", "u-job", labels={"app": "streamspace-api"})
    job["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "api-clean-up", "uid": "u-0"}]
    api = pod_json("api-1", "u-1", labels={"app": "streamspace-api"})
    api["status"]["containerStatuses"].append({"name": "istio-proxy", "restartCount": 0})
    product.pods = [job, api]
    clients: Any = product
    before = ProductPods.of(clients)
    product.pods = [api]
    api["status"]["containerStatuses"][1]["restartCount"] = 2
    assert before.crashes(clients) == []


def test_node_that_is_short_of_something_says_so() -> None:
    cluster: Any = SimpleNamespace(raw_nodes=lambda: [node(), node("m", pressure="True")])
    assert node_pressure(cluster) == ["node m reports MemoryPressure: low on memory"]


@pytest.mark.parametrize(
    ("machine", "size", "sessions", "scarcest"),
    [
        (node(cpu="4"), {"cpu": "100m", "memory": "64Mi"}, 39, "Kubernetes' own threshold"),
        (node(cpu="4"), {"cpu": "500m", "memory": "1Gi"}, 8, "cpu"),
        (node(cpu="64", memory="4Gi"), {"cpu": "500m", "memory": "1Gi"}, 4, "memory"),
        (node(cpu="64", memory="999Gi"), {"cpu": "100m", "memory": "64Mi"}, 109, "Kubernetes' own threshold"),
    ],
)
def test_room_is_what_the_scarcest_resource_allows(machine: Json, size: Json, sessions: int, scarcest: str) -> None:
    found = fit([machine], [pod_json(node="n")], size)
    assert found.sessions == sessions
    assert scarcest in found.sentence


def test_room_on_nodes_that_are_hidden_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "missing", lambda *_: list(rights.MEASURING))

    def refuse() -> list[Json]:
        raise ClusterError("list nodes: 403", status=403)

    cluster: Any = SimpleNamespace(raw_nodes=refuse, namespace="streamspace")
    assert room(cluster, {"cpu": "1"}).sessions is None


def pull(reason: str, uid: str = "u-1") -> Json:
    return {"reason": reason, "involvedObject": {"uid": uid}}


@pytest.mark.parametrize(
    ("events", "waits"),
    [
        ([pull("Scheduled"), pull("Pulling")], True),
        ([pull("Pulling"), pull("Failed")], False),
        ([pull("Pulling"), pull("Pulled")], False),
        ([pull("Pulling", "u-2")], False),
    ],
)
def test_session_that_waits_for_its_image_is_told(events: list[Json], waits: bool) -> None:
    clients: Any = Product(events=events)
    session = SessionMoments(1, "perftest1", "s-1", "201", 0.0)
    pod = pod_json("s-1-x", "u-1", ready=False, started=False, labels={"session": "s-1"})
    found = cluster_limits.image_pull(clients, [session], [change(pod, 1.0)])
    assert found == ("the image is still pulled on node-1" if waits else "")
    ran = SessionMoments(2, "perftest2", "s-2", "201", 0.0, ready=1.0, running=1.0)
    assert cluster_limits.image_pull(clients, [ran], []) == ""


@pytest.mark.parametrize(
    ("ended", "reason", "found"),
    [
        ("its pod was deleted", "Preempted", "the pod of s-1 was taken away: it made room for somebody else's pod"),
        ("its pod was deleted", "Killing", ""),
        ("", "Preempted", ""),
    ],
)
def test_session_that_the_cluster_took_from_a_burst_is_told(ended: str, reason: str, found: str) -> None:
    about = {"message": "Preempted by pod 5f0c on node node-1", "involvedObject": {"uid": "u-1"}}
    product: Any = Product(events=[{"reason": reason, **about}])
    product.cluster.namespace = "streamspace"
    lost = SessionMoments(1, "perftest1", "s-1", "201", 0.0, ready=1.0, running=1.0, uid="u-1", node="node-1")
    lost.ended, lost.desktop_failure = ended, "the connection ended"
    assert cluster_limits.taken_away(product, [lost]).startswith(found)
    assert bool(cluster_limits.taken_away(product, [lost])) is bool(found)
