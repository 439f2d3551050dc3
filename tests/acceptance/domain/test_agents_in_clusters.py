"""Agents, their logs and their sessions as clusters differ: what is the cluster's is not the product's."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.disruption.disruptions import Disruptions
from streamspace_acceptance.domain.agents import fleet, missing_pods
from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.fleet import other_word, other_workloads
from streamspace_acceptance.domain.agents.heartbeats import API, LOG, Pace, looked_seldom
from streamspace_acceptance.domain.agents.logged_transitions import OFFLINE, ONLINE, changes
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions.provision import Provision
from streamspace_acceptance.measuring import node_busy
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import AgentList
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Recording
from tests.acceptance.domain.test_agents import AGENT, INTERVAL, RESTORED, RETURN, change, kept, outage, sample
from tests.acceptance.domain.test_balance import AGENTS, agents, shared, unplaced
from tests.support.samples import pod_json


def owned(kind: str, name: str) -> Pod:
    raw = pod_json(f"{name}-x")
    raw["metadata"]["ownerReferences"] = [{"kind": kind, "name": name, "uid": "u"}]
    return Pod.of(raw)


def test_session_of_two_agents_fails_whatever_the_list_says() -> None:
    told = shared(a=5, b=5, c=5)
    with pytest.raises(Unmet, match="s-0: pods of a and b"):
        expect.agents.spread(Balance(AGENTS, told.said, told.seen, {"s-0": ("a", "b")}))


def test_agents_of_another_workload_are_named() -> None:
    own, gpu = owned("ReplicaSet", "agent-5d"), owned("ReplicaSet", "agent-gpu-7c")
    assert other_workloads([own], "agent") == []
    assert other_workloads([own, gpu, owned("StatefulSet", "edge")], "agent") == [
        "Deployment agent-gpu",
        "StatefulSet edge",
    ]


def test_agents_word_in_another_case_ends_the_wait() -> None:
    assert "'Online' is its word for 'online'" in str(other_word(agents("a", status="Online")))
    assert other_word(agents("a")) is None
    assert other_word(agents("a", status="offline")) is None
    assert other_word(agents()) is None


def test_each_of_several_pods_may_log_a_change() -> None:
    both = [(1.0, OFFLINE), (9.0, ONLINE)]
    later = [(1.2, OFFLINE), (9.3, ONLINE)]
    for logs in ([both], [both, later], [both[:1], both[1:]], [both, later[:1]], [both, []]):
        assert [kind for _, kind in changes(logs)] == [OFFLINE, ONLINE]


@pytest.mark.parametrize(
    "logs",
    [
        [[(1.0, OFFLINE), (9.0, ONLINE), (9.1, ONLINE)]],
        [[(1.0, OFFLINE)], [(1.1, OFFLINE)]],
        [[(9.0, ONLINE)], []],
        [[(1.0, ONLINE), (9.0, OFFLINE)], [(1.0, ONLINE), (9.0, OFFLINE)]],
    ],
)
def test_change_logged_wrongly_is_wrong_in_several_pods(logs: list[list[tuple[float, str]]]) -> None:
    assert [kind for _, kind in changes(logs)] != [OFFLINE, ONLINE]


def beside(**desktop: Any) -> Any:
    """A change of a pod that is not Ready, with its desktop's container as told."""
    changed = change(103.0, ready=False)
    changed.item.object["status"]["containerStatuses"][0].update({"ready": True, **desktop})
    return changed


def test_neighbour_that_is_not_ready_leaves_it_open() -> None:
    with pytest.raises(Unproven, match="its desktop's container stayed ready"):
        expect.sessions.left_alone([kept(change(100.0), beside())], outage())


@pytest.mark.parametrize("desktop", [{"ready": False}, {"restartCount": 1}])
def test_desktop_that_is_touched_fails_beside_neighbours(desktop: dict[str, Any]) -> None:
    with pytest.raises(Unmet, match="kept, Ready and not restarted"):
        expect.sessions.left_alone([kept(change(100.0), beside(**desktop))], outage())


ASKED = Provision("streamspace/firefox:v2", "1", "1Gi")


@pytest.mark.parametrize(
    ("image", "is_same"),
    [
        ("streamspace/firefox:v2", True),
        ("docker.io/streamspace/firefox:v2", True),
        ("streamspace/firefox:v2@sha256:1f", True),
        ("streamspace/firefox:v1", False),
        ("streamspace/firefox:v1@sha256:1f", False),
        ("streamspace/firefox@sha256:1f", False),
        ("registry:5000/streamspace/firefox:v2", False),
        ("firefox:v2", False),
        (None, False),
    ],
)
def test_image_is_the_same_by_its_full_name(image: object, is_same: bool) -> None:
    assert Provision(image, "1", "1Gi").is_as(ASKED) is is_same


def test_heartbeat_between_two_late_answers_is_not_decided() -> None:
    often, seldom = [sample(1.0), sample(1.1), sample(3.0)], [sample(1.0), sample(1.1), sample(4.0)]
    assert (looked_seldom(often, 3.0), looked_seldom(seldom, 3.0)) == (False, True)
    gap = Pace(AGENT, 3.0, {API: [3.0, 3.0, 6.0]})
    with pytest.raises(Unproven, match="not read in time"):
        expect.agents.on_pace(replace(gap, rotated=frozenset({API})), INTERVAL)
    with pytest.raises(Unmet, match=r"6\.0 s apart"):
        expect.agents.on_pace(gap, INTERVAL)


def test_return_while_the_network_is_restored_slowly_is_not_decided() -> None:
    slow = replace(outage(online=RESTORED + RETURN.seconds + 1.0), restored=RESTORED + RETURN.seconds)
    with pytest.raises(Unproven, match="restored too slowly"):
        expect.outages.reconnected(slow, RETURN)
    with pytest.raises(Unmet, match="online again within"):
        expect.outages.reconnected(replace(slow, restored=None), RETURN)


def waiting(reason: str, node: str = "node-2") -> Pod:
    raw = pod_json("agent-2", phase="Pending", ready=False, node=node)
    state = {"waiting": {"reason": reason, "message": "no such image"}}
    raw["status"]["containerStatuses"] = [{"name": "agent", "ready": False, "state": state}]
    return Pod.of(raw)


def test_agents_without_a_place_are_the_clusters_matter() -> None:
    serving = Pod.of(pod_json("agent-1"))
    assert "no node takes pod" in missing_pods.unplaced([serving, unplaced()])
    assert missing_pods.unplaced([serving, waiting("ImagePullBackOff")]) == (
        "node node-2 has no image for pod agent-2: ImagePullBackOff: no such image"
    )
    for pods in ([serving], [waiting("ImagePullBackOff")], [serving, waiting("CrashLoopBackOff")]):
        assert missing_pods.unplaced(pods) == ""
    creating = waiting("ContainerCreating")
    about = {"involvedObject": {"uid": creating.meta.uid}}
    pulling, done = {"reason": "Pulling", **about}, {"reason": "Pulled", **about}
    assert missing_pods.unplaced([creating], [pulling]) == "node node-2 still pulls the image for pod agent-2"
    assert missing_pods.unplaced([creating], [pulling, done]) == ""


@pytest.mark.parametrize(
    ("name", "message", "refused"),
    [
        ("agent-5d", 'pods "agent-5d-x" is forbidden: exceeded quota: team, requested: pods=1', True),
        ("agents-5d", 'pods "agents-5d-x" is forbidden: exceeded quota: team, requested: pods=1', False),
        ("agent-5d", 'serviceaccount "agent" not found', False),
    ],
)
def test_agents_that_the_cluster_refuses_are_its_matter(name: str, message: str, refused: bool) -> None:
    cluster: Any = SimpleNamespace(events=lambda: [{"involvedObject": {"name": name}, "message": message}])
    with pytest.raises(ClusterError, match="exceeded quota") if refused else nullcontext():
        missing_pods.check_admitted(cluster, "agent")


@pytest.mark.parametrize("pods", [[unplaced()], [waiting("CrashLoopBackOff")]])
def test_agents_that_are_missing_for_want_of_room_are_unproven(
    pods: list[Pod], monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording[AgentList]()
    recording.append(agents())
    monkeypatch.setattr(fleet, "presence", lambda _: nullcontext(recording))
    monkeypatch.setattr(fleet, "agent_pods", lambda _: pods)
    monkeypatch.setattr(fleet, "AgentApi", lambda _: SimpleNamespace(all=agents))
    clients = SimpleNamespace(api=None, profile=load(), cluster=SimpleNamespace(events=list))
    scenario: Any = SimpleNamespace(clients=clients, disruptions=SimpleNamespace(check_held=lambda: None))
    has_room = not pods[0].unschedulable
    with pytest.raises(Unmet if has_room else Unproven, match="CrashLoop" if has_room else "no place for 1 agents"):
        fleet.wait_for_online(scenario, 1, Budget("agents", 0.05, 1.0))


def test_agents_whose_node_has_no_processor_time_are_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording[AgentList]()
    recording.append(agents())
    monkeypatch.setattr(fleet, "presence", lambda _: nullcontext(recording))
    monkeypatch.setattr(fleet, "agent_pods", lambda _: [waiting("ContainerCreating")])
    monkeypatch.setattr(fleet, "AgentApi", lambda _: SimpleNamespace(all=agents))
    monkeypatch.setattr(node_busy, "keeps_waiting", lambda *_: "node-2 was 99% busy")
    clients = SimpleNamespace(api=None, profile=load(), cluster=SimpleNamespace(events=list))
    scenario: Any = SimpleNamespace(clients=clients, disruptions=SimpleNamespace(check_held=lambda: None))
    with pytest.raises(Unproven, match="node-2 was 99% busy"):
        fleet.wait_for_online(scenario, 1, Budget("agents", 0.05, 1.0))


def test_agents_of_a_stateful_set_are_not_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = SimpleNamespace(deployment=lambda _: None)
    scenario: Any = SimpleNamespace(clients=SimpleNamespace(cluster=cluster, profile=load()))
    monkeypatch.setattr(fleet, "agent_pods", lambda _: [owned("StatefulSet", "edge")])
    with pytest.raises(Unproven, match=r"another kind of workload \(StatefulSet edge\)"):
        fleet.scale(scenario, 3)


@pytest.mark.parametrize(
    ("share", "changes", "excused"),
    [
        (0.95, [change(103.0, ready=False), change(103.6)], True),
        (0.80, [change(103.0, ready=False), change(103.6)], False),
        (0.95, [change(103.0, ready=False)], False),
        (0.95, [change(103.0, restarts=1), change(103.6, restarts=1)], False),
        (0.95, [change(103.0, "DELETED")], False),
    ],
    ids=["busy node", "node with time", "for good", "restarted", "gone"],
)
def test_probe_that_fails_for_a_moment_on_a_busy_node_is_unproven(share: float, changes: Any, excused: bool) -> None:
    busy = replace(outage(), busy={"node-1": share, "other": 0.99})
    with pytest.raises(Unproven if excused else Unmet, match="was 95% busy" if excused else "kept, Ready"):
        expect.sessions.left_alone([kept(change(100.0), *changes)], busy)


def test_session_that_the_cluster_took_is_unproven() -> None:
    gone = kept(change(100.0), change(103.0, "DELETED"))
    cluster: Any = gone.session.cluster
    about = {"uid": gone.pod.meta.uid}
    cluster.kubernetes_events = (
        {"reason": "Preempted", "message": "Preempted by pod 5f0c on node n", "involvedObject": about},
    )
    with pytest.raises(Unproven, match="it made room for somebody else's pod"):
        expect.sessions.left_alone([gone], outage())


def test_agent_that_logs_no_heartbeat_fails_with_a_hint_of_the_profile() -> None:
    with pytest.raises(Unmet, match="in another line"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {LOG: [], API: [3.0, 3.1, 2.9]}), INTERVAL)
    with pytest.raises(Unmet, match="the agent sends at another interval"):
        expect.agents.on_pace(Pace(AGENT, 3.0, {LOG: [4.5] * 3, API: [3.0, 3.1, 2.9]}), INTERVAL)


@pytest.mark.parametrize("seen", [True, False])
def test_agent_that_is_online_without_its_pod_is_told_from_a_strangers(
    seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording[AgentList]()
    recording.append(agents("agent-1"))
    monkeypatch.setattr(fleet, "presence", lambda _: nullcontext(recording))
    monkeypatch.setattr(fleet, "AgentApi", lambda _: SimpleNamespace(all=lambda: agents("agent-1")))
    cluster = SimpleNamespace(events=list, pods=lambda **_: [])
    clients = SimpleNamespace(api=None, profile=load(), cluster=cluster, agents={"agent-1"} if seen else set())
    scenario: Any = SimpleNamespace(clients=clients, disruptions=SimpleNamespace(check_held=lambda: None))
    with pytest.raises(Unmet if seen else Unproven, match="although the pods are gone" if seen else "another cluster"):
        fleet.wait_for_online(scenario, 0, Budget("agents", 0.05, 1.0))


def test_agents_that_were_two_are_two_again_after_both_scalings(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {"replicas": 2}
    cluster: Any = SimpleNamespace(
        namespace="streamspace",
        deployment=lambda _: {"metadata": {}, "spec": dict(now)},
        replicas=lambda _: now["replicas"],
        scale=lambda _, replicas: now.update(replicas=replicas),
        pods=lambda **_: [Pod.of(pod_json("agent-1"))],
    )
    monkeypatch.setattr(rights, "missing", lambda *_: ())
    disruptions = Disruptions()
    scenario: Any = SimpleNamespace(
        clients=(clients := SimpleNamespace(cluster=cluster, profile=load(), agents=set[str]())),
        results=Results(),
        disruptions=disruptions,
    )
    fleet.scale(scenario, 1)
    fleet.scale(scenario, 3)
    disruptions.check_held()
    disruptions.revert_passing()
    assert now["replicas"] == 3
    disruptions.revert_all()
    assert now["replicas"] == 2
    assert clients.agents == {"agent-1"}


@pytest.mark.parametrize(
    ("online", "observed"), [(("agent-1", "agent-2"), "agent-1"), (("id-1", "id-2"), None)], ids=["by name", "by id"]
)
def test_scenario_that_may_not_disrupt_leaves_the_number_of_agents(
    online: tuple[str, ...], observed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []
    pods = [Pod.of(pod_json(name)) for name in ("agent-1", "agent-2")]
    monkeypatch.setattr(fleet, "agent_pods", lambda _: pods)
    monkeypatch.setattr(fleet, "wait_for_online", lambda _, count: agents(*online[:count]))
    scenario: Any = SimpleNamespace(
        clients=SimpleNamespace(
            cluster=SimpleNamespace(deployment=lambda _: {"spec": {"replicas": 2}}), profile=load()
        ),
        results=SimpleNamespace(put=found.append),
        disruptive=False,
    )
    with nullcontext() if observed else pytest.raises(Unproven, match="nothing tells which of the pods"):
        fleet.require_online(scenario, 1)
    assert [agent.id for agent in found] == ([observed] if observed else [])
