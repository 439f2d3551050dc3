"""Agents, their logs and their sessions as clusters differ: what is the cluster's is not the product's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.fleet import other_word, other_workloads
from streamspace_acceptance.domain.agents.heartbeats import API, Pace, looked_seldom
from streamspace_acceptance.domain.agents.logged_transitions import OFFLINE, ONLINE, changes
from streamspace_acceptance.domain.sessions.provision import Provision
from streamspace_acceptance.outcomes import Unmet, Unproven
from tests.acceptance.domain.test_agents import AGENT, INTERVAL, RESTORED, RETURN, change, kept, outage, sample
from tests.acceptance.domain.test_balance import AGENTS, agents, shared
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
        expect.agents.reconnected(slow, RETURN)
    with pytest.raises(Unmet, match="online again within"):
        expect.agents.reconnected(replace(slow, restored=None), RETURN)
