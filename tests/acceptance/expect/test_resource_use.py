"""Each expectation of resource use is seen to fail, to be unproven, and to hold."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.performance.load_profile import LoadProfile, began_anew, component_pods, cpu_limit
from streamspace_acceptance.domain.performance.node_capacity import Capacity, read
from streamspace_acceptance.domain.performance.resource_profile import ResourceProfile
from streamspace_acceptance.domain.performance.room import Room
from streamspace_acceptance.domain.performance.stores import StoreFigures
from streamspace_acceptance.evidence import run_evidence
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.measuring.resource_use import PodUse
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load as load_contract
from tests.support.node_samples import FakeNodes, node, requesting
from tests.support.samples import pod_json

USE = PodUse("api-1", 300.0, 200.0, 220.0, 0.0, 0.0, 7, 6.0)


def load(*uses: PodUse, busy: float = 0.5, waited: float | None = 100.0) -> LoadProfile:
    return LoadProfile(
        load="with 10 sessions in use",
        window=6.0,
        source="a source",
        passed_over="",
        uses={"API": uses},
        busy={"node-1": busy},
        waited={} if waited is None else {use.pod: waited for use in uses},
        stores=StoreFigures({}, {}),
        errors=(),
    )


def profile(in_use: LoadProfile | None = None, **changes: Any) -> ResourceProfile:
    capacity = read(cast("Any", FakeNodes({}, [node()], [requesting("2")])))
    found = ResourceProfile(
        10, load(USE), load(USE), in_use or load(USE), 10, capacity, Room(20, "room for 20"), (), (), ()
    )
    return replace(found, **changes)


def test_use_below_its_limit_is_proven() -> None:
    assert expect.resource_use.cpu_below(profile(), "API", 500) == 300
    assert expect.resource_use.memory_below(profile(), "API", 1024) == 220


def test_use_of_the_heaviest_pod_and_profile_is_judged() -> None:
    second = replace(USE, pod="api-2", millicores=400.0, memory_peak=900.0)
    assert expect.resource_use.cpu_below(profile(load(USE, second)), "API", 500) == 400
    assert expect.resource_use.memory_below(profile(still=load(second)), "API", 1024) == 900


def test_use_where_no_desktop_opens_is_unproven_unless_still_ones_use_too_much() -> None:
    with pytest.raises(Unproven, match="the page does not open"):
        expect.resource_use.cpu_below(profile(closed="the page does not open"), "API", 500)
    heavy = load(replace(USE, millicores=500.0))
    with pytest.raises(Unmet, match="500m"):
        expect.resource_use.cpu_below(profile(still=heavy, closed="the page does not open"), "API", 500)
    assert expect.resource_use.nodes_suffice(profile(closed="the page does not open")) == 10


def test_use_at_its_limit_fails() -> None:
    heavy = load(replace(USE, millicores=500.0, memory_peak=1024.0))
    with pytest.raises(Unmet, match=r"actual:   500m, from a source\ntimeline: 7 samples over 6.0 s"):
        expect.resource_use.cpu_below(profile(heavy), "API", 500)
    with pytest.raises(Unmet, match="actual:   1024 MiB"):
        expect.resource_use.memory_below(profile(heavy), "API", 1024)


def test_figure_of_a_failed_criterion_is_recorded(tmp_path: Path) -> None:
    evidence = RunEvidence(tmp_path)
    with run_evidence.collected(evidence), pytest.raises(Unmet):
        expect.resource_use.memory_below(profile(load(replace(USE, memory_peak=1060.0))), "API", 1024)
    assert list(map(str, evidence.figures_of(None))) == ["API pod memory (peak) 1060 MiB"]


@pytest.mark.parametrize(("millicores", "waited"), [(300.0, 200.0), (600.0, 0.0), (100.0, None)])
def test_cpu_on_a_saturated_node_is_unproven(millicores: float, waited: float | None) -> None:
    busy = load(replace(USE, millicores=millicores), busy=0.95, waited=waited)
    for resource_profile in (profile(busy), profile(still=busy)):
        with pytest.raises(Unproven, match="the machine was the bottleneck"):
            expect.resource_use.cpu_below(resource_profile, "API", 500)


def test_cpu_that_needs_less_than_its_limit_is_proven_there() -> None:
    busy = load(replace(USE, millicores=300.0), busy=0.95, waited=199.0)
    assert expect.resource_use.cpu_below(profile(busy), "API", 500) == 300
    assert expect.resource_use.memory_below(profile(load(USE, busy=0.95)), "API", 1024) == 220


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (profile(load()), "no pod of API"),
        (profile(load(replace(USE, trouble="its samples span 1.0 s"))), "its samples span 1.0 s"),
        (profile(moving=3), "pictures moved in only 3 of 10 desktops"),
        (profile(not_running=("s-1",)), r"only 9 of 10 sessions run \(see 4.1-2\)"),
    ],
)
def test_use_without_a_valid_figure_is_unproven(found: ResourceProfile, reason: str) -> None:
    for judge in (expect.resource_use.cpu_below, expect.resource_use.memory_below):
        with pytest.raises(Unproven, match=reason):
            judge(found, "API", 500)


def test_nodes_that_hold_all_sessions_are_proven() -> None:
    assert expect.resource_use.nodes_suffice(profile()) == 10
    assert expect.resource_use.nodes_suffice(profile(room=Room(None, "unknown"))) == 10


def crowded() -> Capacity:
    return read(cast("Any", FakeNodes({}, [node()], [requesting("5")])))


@pytest.mark.parametrize(
    "found",
    [
        lambda: profile(capacity=crowded()),
        lambda: profile(lost=("s-1 was evicted",)),
        lambda: profile(unschedulable=("s-1: 0/3 nodes",), not_running=("s-1",)),
        lambda: profile(capacity=crowded(), room=Room(5, "room for 5")),
    ],
)
def test_nodes_that_hold_too_much_fail(found: Callable[[], ResourceProfile]) -> None:
    with pytest.raises(Unmet, match="nodes with 10 sessions"):
        expect.resource_use.nodes_suffice(found())


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (profile(room=Room(5, "room for 5"), unschedulable=("s-1: 0/3 nodes",)), "no room for 10 sessions: room for 5"),
        (profile(not_running=("s-1",)), "1 of 10 sessions do not run"),
        (profile(capacity=Capacity((), "", "the nodes cannot be read")), "the nodes cannot be read"),
    ],
)
def test_nodes_without_room_or_sessions_are_unproven(found: ResourceProfile, reason: str) -> None:
    with pytest.raises(Unproven, match=reason):
        expect.resource_use.nodes_suffice(found)


def test_pressure_from_before_the_sessions_is_not_theirs() -> None:
    pressed = read(cast("Any", FakeNodes({}, [node(pressure="True")], [])))
    with pytest.raises(Unproven, match="before there were any sessions: node-1 reports MemoryPressure"):
        expect.resource_use.nodes_suffice(profile(capacity=pressed, before=pressed))
    with pytest.raises(Unmet, match="node-1 reports MemoryPressure"):
        expect.resource_use.nodes_suffice(profile(capacity=pressed, before=profile().capacity))
    with pytest.raises(Unmet, match="s-1 was evicted"):
        expect.resource_use.nodes_suffice(profile(capacity=pressed, before=pressed, lost=("s-1 was evicted",)))


def test_node_that_was_too_full_before_may_become_fuller() -> None:
    before, now = (read(cast("Any", FakeNodes({}, [node()], [requesting(cpu)]))) for cpu in ("5", "5.2"))
    with pytest.raises(Unproven, match=r"before there were any sessions: node-1: pods request 5\.2 of 4 cpu"):
        expect.resource_use.nodes_suffice(profile(capacity=now, before=before))


@pytest.mark.parametrize(("hosts", "is_theirs"), [({"node-1"}, True), ({"node-2"}, False)])
def test_pressure_on_a_node_without_any_pod_of_the_product_is_not_its(hosts: set[str], is_theirs: bool) -> None:
    pressed = read(cast("Any", FakeNodes({}, [node(pressure="True")], [])))
    found = profile(capacity=pressed, before=profile().capacity, hosts=frozenset(hosts))
    with pytest.raises(Unmet, match="node-1 reports MemoryPressure") if is_theirs else nullcontext():
        assert expect.resource_use.nodes_suffice(found) == 10


@pytest.mark.parametrize("changes", [{"moving": 0}, {"not_running": ("s-1",)}])
def test_too_much_beside_still_desktops_fails_alone(changes: dict[str, Any]) -> None:
    heavy = load(replace(USE, millicores=500.0, memory_peak=1024.0))
    with pytest.raises(Unmet, match="500m"):
        expect.resource_use.cpu_below(profile(still=heavy, **changes), "API", 500)
    with pytest.raises(Unmet, match="1024 MiB"):
        expect.resource_use.memory_below(profile(still=heavy, **changes), "API", 1024)


@pytest.mark.parametrize(
    ("cap", "millicores", "waited", "unproven"),
    [
        (250.0, 240.0, 400.0, True),
        (250.0, 240.0, None, True),
        (250.0, 100.0, None, False),
        (250.0, 240.0, 20.0, False),
        (1000.0, 240.0, 400.0, False),
    ],
)
def test_cpu_that_the_pods_own_limit_holds_back(
    cap: float, millicores: float, waited: float | None, unproven: bool
) -> None:
    held = replace(load(replace(USE, millicores=millicores), waited=waited), capped={"api-1": cap})
    if unproven:
        with pytest.raises(Unproven, match="may not use more than 250m by its own limit"):
            expect.resource_use.cpu_below(profile(held), "API", 500)
    else:
        expect.resource_use.cpu_below(profile(held), "API", 500)


def test_cpu_limit_of_a_pod_is_that_of_its_own_containers() -> None:
    pod = pod_json()
    assert cpu_limit(Pod.of(pod)) is None
    pod["spec"]["containers"] = [
        {"name": "api", "resources": {"limits": {"cpu": "250m"}}},
        {"name": "istio-proxy", "resources": {"limits": {"cpu": "2"}}},
    ]
    assert cpu_limit(Pod.of(pod)) == 250.0


def restarted(name: str, count: int) -> Pod:
    found = pod_json(name="api-1", uid="u-1")
    found["status"]["containerStatuses"] = [
        {"name": name, "restartCount": count},
        {"name": "worker", "restartCount": 4},
    ]
    return Pod.of(found)


@pytest.mark.parametrize(("container", "names"), [("api", {"api-1"}), ("istio-proxy", set())])
def test_container_that_began_anew_beside_others_is_found(container: str, names: set[str]) -> None:
    assert began_anew([restarted(container, 0)], [restarted(container, 1)]) == names
    assert began_anew([], [restarted(container, 3)]) == set()


def test_pods_of_jobs_are_not_the_components_own() -> None:
    job = pod_json(name="clean-up-1", uid="u-2", labels={"app": "streamspace-api"})
    job["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "clean-up", "uid": "u-0"}]
    api = Pod.of(pod_json(name="api-1", uid="u-1", labels={"app": "streamspace-api"}))
    clients: Any = SimpleNamespace(profile=load_contract())
    assert component_pods(clients, [Pod.of(job), api])["API"] == [api]
