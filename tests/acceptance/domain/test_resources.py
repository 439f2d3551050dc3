"""What is expected of resources: each expectation is seen to fail for each reason that it has, and to hold."""

import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster import containers, owners
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecResult
from streamspace_acceptance.cluster.requests import requested
from streamspace_acceptance.domain.resources import enforcement, limits, oversized_requests
from streamspace_acceptance.domain.resources.enforcement import Allocation, CpuLoad, Enforcement, read_cpu_load
from streamspace_acceptance.domain.resources.granted import GrantedResources
from streamspace_acceptance.domain.resources.limits import CGROUP_SCRIPT, Limits
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequest, OversizedRequests, excess
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.provision import PLACES_OF_POD, Provision, Provisioned
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import NotApplicable, Unmet, Unproven
from streamspace_acceptance.product.profile import load
from tests.acceptance.domain.test_templates import unmet, unproven
from tests.support.main_containers import WithMainContainers
from tests.support.samples import SESSION, Json, answer, pod, pod_json

SIZE = {"cpu": "500m", "memory": "1Gi"}
ASKED = Asked("testuser", "firefox-browser", "minimum", frozenset())


def creation(status: int = 201, message: str = "", session: str | None = SESSION) -> Creation:
    return Creation(ASKED, answer({"message": message}, status, method="POST"), None, session, ())


# 1.1c-3: whether it applies


def test_limits_that_an_embedded_target_does_not_enforce_do_not_apply() -> None:
    config = {"deployment": "embedded", "no-limits": "there are no cgroups"}
    cluster = cast(Cluster, SimpleNamespace(config_map=lambda name: config))
    with pytest.raises(NotApplicable, match=r"does not apply: the nodes enforce no limits \(there are no cgroups\)"):
        limits.require_enforcement(cluster)


@pytest.mark.parametrize("config", [{}, {"deployment": "embedded"}, {"deployment": "helm", "no-limits": "for speed"}])
def test_limits_of_every_other_target_are_judged(config: dict[str, str]) -> None:
    limits.require_enforcement(cast(Cluster, SimpleNamespace(config_map=lambda name: config)))


# 1.1c-1


EXACT = Provision("firefox", "500m", "1Gi")


def given(limits_: Provision = EXACT, **changes: Any) -> GrantedResources:
    places = dict.fromkeys(("the API", *PLACES_OF_POD), EXACT) | {"its pod's limits": limits_}
    found = Provisioned(SESSION, (pod(),), 0, places)
    return GrantedResources(SIZE, creation(), replace(found, **changes))


def test_a_pod_has_what_was_asked_for_in_whatever_notation() -> None:
    expect.resources.given_exactly(given())
    expect.resources.given_exactly(given(Provision("firefox", "0.5", "1024Mi")))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (given(Provision("firefox", "501m", "1Gi")), "limits: cpu 501m"),
        (given(Provision("firefox", "500m", "1G")), "memory 1G\n"),
        (given(Provision("firefox", "500m", None)), "memory None"),
        (given(said={"the API": EXACT}), "does not have all requests and limits"),
        (given(unlimited=("beside",)), "container beside is not limited"),
        (given(pods=()), "0 pods"),
        (given(pods=(pod(), pod(uid="uid-2"))), "2 pods"),
    ],
)
def test_a_pod_that_has_something_else(wrong: GrantedResources, says: str) -> None:
    assert says in unmet(expect.resources.given_exactly, wrong)


def test_a_pod_that_the_cluster_changed_proves_nothing() -> None:
    places = {"its pod's requests": EXACT, "its pod's limits": EXACT}
    rounded = given(Provision("firefox", "750m", "1Gi"), asked=places)
    assert "the Deployment asks for firefox with cpu 500m" in unproven(expect.resources.given_exactly, rounded)
    assert "the cluster made it firefox with cpu 750m" in unproven(expect.resources.given_exactly, rounded)
    both = given(Provision("firefox", "750m", "1Gi"), asked=dict.fromkeys(places, Provision("firefox", "750m", "1Gi")))
    assert "cpu 750m" in unmet(expect.resources.given_exactly, both)
    assert "vpaUpdates" in unproven(expect.resources.given_exactly, given(notes=("vpaUpdates: cpu of desktop",)))


def test_a_deployment_that_states_limits_alone_asks_for_the_pods_requests_too() -> None:
    nothing = Provision("firefox", None, None)
    asked = {"its pod's requests": nothing, "its pod's limits": EXACT}
    expect.resources.given_exactly(given(asked=asked))
    less = {"the API": EXACT, "its pod's requests": Provision("firefox", "100m", "1Gi"), "its pod's limits": EXACT}
    assert "requests: cpu 100m" in unmet(expect.resources.given_exactly, given(said=less, asked=asked))
    rounded = given(Provision("firefox", "750m", "1Gi"), asked=asked)
    assert "the cluster made it firefox with cpu 750m" in unproven(expect.resources.given_exactly, rounded)


def test_image_from_a_mirror_changes_no_resources() -> None:
    asked = {"its pod's requests": EXACT, "its pod's limits": EXACT}
    mirrored = dict.fromkeys(("the API", *PLACES_OF_POD), Provision("mirror.example/firefox", "500m", "1Gi"))
    found = given(said=mirrored, asked=asked)
    expect.resources.given_exactly(found)
    assert found.provisioned is not None
    assert "the cluster made it mirror.example/firefox" in found.provisioned.altered


def test_resources_of_the_whole_pod_are_those_of_its_container() -> None:
    """Kubernetes 1.34 takes requests and limits for a pod as well as for each of its containers."""
    whole, own = {"limits": SIZE}, {"limits": {"cpu": "250m"}, "requests": {"memory": "2Gi"}}
    spec = {"resources": whole, "containers": [{"name": "desktop"}]}
    assert containers.resources({"name": "desktop"}, spec, "limits") == SIZE
    assert containers.resources({"resources": own}, spec, "limits") == {"cpu": "250m", "memory": "1Gi"}
    assert containers.resources({"resources": own}, spec, "requests") == {"memory": "2Gi"}
    raw = pod_json()
    raw["spec"]["containers"].append({"name": "beside"})
    main = WithMainContainers().main_container(raw)
    deployment = {"spec": {"template": {"spec": raw["spec"]}}}
    assert provision.unlimited_containers(raw, main, deployment) == ["beside"]
    raw["spec"]["resources"] = whole
    assert provision.unlimited_containers(raw, main, deployment) == []


def test_request_of_the_whole_pod_is_what_the_scheduler_counts() -> None:
    raw: Json = {"spec": {"containers": [{"resources": {"requests": {"cpu": "1"}}}], "overhead": {"cpu": "250m"}}}
    assert requested(raw)["cpu"] == Decimal("1.25")
    raw["spec"]["resources"] = {"requests": {"cpu": "2"}}
    assert requested(raw) == {"cpu": Decimal("2.25"), "memory": Decimal(0)}


@pytest.mark.parametrize(
    ("note", "concerns"),
    [
        ("LimitRanger plugin set: cpu, memory request for container desktop", True),
        ("LimitRanger plugin set: cpu request for container proxy; memory limit for container desktop", True),
        ("LimitRanger plugin set: ephemeral-storage request for container desktop", False),
        ("LimitRanger plugin set: cpu, memory limit for container desktop-helper", False),
        ("LimitRanger plugin set: cpu request for init container desktop", False),
    ],
)
def test_note_of_a_limit_range_concerns_cpu_and_memory_of_the_desktop(note: str, concerns: bool) -> None:
    raw = pod_json()
    raw["metadata"]["annotations"] = {"kubernetes.io/limit-ranger": note}
    assert bool(owners.admission_notes(raw, "desktop")) is concerns


def test_a_size_that_is_refused_although_it_fits() -> None:
    refused = GrantedResources(SIZE, creation(422, "no"), control=creation())
    assert "422" in unmet(expect.resources.given_exactly, refused)
    assert "refused as well" in unproven(expect.resources.given_exactly, replace(refused, control=creation(500)))
    assert "no node" in unproven(expect.resources.given_exactly, replace(refused, fits=False))


def test_a_pod_that_does_not_run_shows_nothing() -> None:
    assert "does not run" in unproven(expect.resources.given_exactly, replace(given(), trouble="Pending"))


@pytest.mark.parametrize(
    ("resources", "unlimited"),
    [({}, True), ({"limits": {"cpu": "1"}}, True), ({"limits": {"cpu": "1", "memory": "1Gi"}}, False)],
)
def test_a_container_beside_the_desktop_has_limits_too(resources: Json, unlimited: bool) -> None:
    raw = pod_json()
    raw["spec"]["containers"].append({"name": "beside", "resources": resources})
    main = WithMainContainers().main_container(raw)
    own = {"spec": {"template": {"spec": raw["spec"]}}}
    assert provision.unlimited_containers(raw, main, own) == (["beside"] if unlimited else [])
    injected = {"spec": {"template": {"spec": pod_json()["spec"]}}}
    assert provision.unlimited_containers(raw, main, injected) == []


# 1.1c-2

NODES = [{"cpu": "8", "memory": "16Gi", "pods": "110"}, {"cpu": "4", "memory": "64Gi"}]


@pytest.mark.parametrize(
    ("cpu", "memory", "too_much"),
    [
        ("10000m", "100Gi", ("cpu", "memory")),
        ("10000m", "1Gi", ("cpu",)),
        ("500m", "100Gi", ("memory",)),
        ("8", "16Gi", ()),
        ("8", "64Gi", ("cpu", "memory")),
    ],
)
def test_what_of_a_size_is_too_much(cpu: str, memory: str, too_much: tuple[str, ...]) -> None:
    assert excess({"cpu": cpu, "memory": memory}, NODES) == too_much


def test_where_nodes_are_not_told_of_a_size_is_taken_at_its_word() -> None:
    assert excess(SIZE, None) == ("cpu", "memory")


def attempt(status: int = 422, message: str = "no node has 10000m of CPU", *too_much: str) -> OversizedRequest:
    size = {"cpu": "10000m", "memory": "1Gi"}
    return OversizedRequest(size, too_much or ("cpu",), creation(status, message, None), message)


def impossible(*attempts: OversizedRequest, control: int = 201, strays: tuple[str, ...] = ()) -> OversizedRequests:
    return OversizedRequests(attempts, creation(control), strays, ())


@pytest.mark.parametrize("found", [impossible(attempt(201)), impossible(attempt(422, "no"))])
def test_sizes_prove_nothing_where_nodes_are_hidden(found: OversizedRequests) -> None:
    hidden = replace(found, nodes_seen=False)
    assert "the suite may not list nodes" in unproven(expect.resources.refused_as_too_much, hidden)
    expect.resources.refused_as_too_much(replace(impossible(attempt()), nodes_seen=False))


def test_refusals_that_say_why() -> None:
    expect.resources.refused_as_too_much(
        impossible(attempt(), attempt(400, "Memory too large", "memory"), attempt(409, "not so much memory", *SIZE))
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (impossible(attempt(201)), "accepted with 201"),
        (impossible(attempt(), strays=("pod x",)), "there was pod x"),
        (impossible(attempt(), strays=("pod x",), control=500), "there was pod x"),
        (impossible(attempt(500)), "500"),
        (impossible(attempt(404)), "404"),
        (impossible(attempt(422, "invalid resources")), "invalid resources"),
        (impossible(attempt(422, "not so much memory")), "not so much memory"),
        (impossible(attempt(422, "cpu", "memory")), "422"),
        (impossible(attempt(422, "/api/cpu")), "422"),
    ],
)
def test_refusals_that_are_none(wrong: OversizedRequests, says: str) -> None:
    assert says in unmet(expect.resources.refused_as_too_much, wrong)


def test_refusals_that_show_nothing() -> None:
    assert "fits is refused" in unproven(expect.resources.refused_as_too_much, impossible(attempt(), control=503))
    nothing = replace(impossible(), possible=(SIZE,))
    assert "could hold" in unproven(expect.resources.refused_as_too_much, nothing)


@pytest.mark.parametrize(
    ("name", "labels", "cpu", "stray"),
    [
        (f"{SESSION}-5d-x1", {"session": SESSION}, "500m", False),
        ("testuser-firefox-browser-0000-5d", {}, "500m", True),
        ("desktop-1", {"session": "testuser-firefox-browser-0000"}, "500m", True),
        ("somebody-firefox-browser-1111", {"session": "somebody-firefox-browser-1111"}, "500m", False),
        ("x", {}, "10", True),
        (f"{SESSION}-5d-x1", {"session": SESSION}, "10", True),
    ],
)
def test_whose_pod_it_is(name: str, labels: dict[str, str], cpu: str, stray: bool) -> None:
    raw = pod_json(name, labels=labels)
    raw["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu, "memory": "1Gi"}}
    assert oversized_requests.is_stray(raw, [attempt()], creation(), "session") is stray


@pytest.mark.parametrize(
    ("name", "session", "stray"),
    [
        ("desktop-x", "0b54-77aa", True),
        ("desktop-x", "9f00-1234", False),
        (f"{SESSION}-5d-x1", "0b54-77aa", False),
        (f"{SESSION}1-5d-x1", "0b54-77aa", True),
    ],
)
def test_pod_of_a_session_that_nobody_lists_is_a_stray(name: str, session: str, stray: bool) -> None:
    raw = pod_json(name, labels={"session": session})
    known = {"9f00-1234", SESSION}
    assert oversized_requests.is_stray(raw, [attempt()], creation(), "session", known=known) is stray


# 1.1c-3

LIMITS = Limits(Decimal("0.5"), Decimal(1024**3))
KEPT = Enforcement(
    session=SESSION,
    pod="p",
    wanted=LIMITS,
    found=LIMITS,
    burn=CpuLoad(0.51, 1.0, 9),
    within_limit=Allocation(1024, 0, ""),
    was_ready=True,
    over_limit=Allocation(2048, 137, ""),
    survived=None,
)


def test_limits_that_hold() -> None:
    expect.resources.kept_to_limits(KEPT)
    expect.resources.kept_to_limits(replace(KEPT, burn=CpuLoad(0.2, 1.0, 1)))
    expect.resources.kept_to_limits(replace(KEPT, found=Limits(None, None, frozenset({"cpu", "memory"}))))
    expect.resources.kept_to_limits(replace(KEPT, burn=CpuLoad(0.45, 1.0, None)))
    expect.resources.kept_to_limits(replace(KEPT, over_limit=Allocation(2048, None, "the container was ended for it")))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"found": replace(LIMITS, cpu=None)}, "no limit of cores"),
        ({"found": replace(LIMITS, cpu=Decimal(1))}, "1 of cores"),
        ({"found": replace(LIMITS, memory=None)}, "no limit of bytes"),
        ({"found": replace(LIMITS, memory=Decimal(2 * 1024**3))}, "2147483648 of bytes"),
        ({"burn": CpuLoad(1.9, 1.0, 0)}, "1.90 cores"),
        ({"over_limit": Allocation(2 * 1024**3, 0, "")}, "ended without an error"),
        (
            {"over_limit": Allocation(2 * 1024**3, 0, ""), "found": replace(LIMITS, swap=Decimal(1024))},
            "ended without an error",
        ),
        ({"survived": Unmet("s", expected="a", actual="no pod Ready", likely="b")}, "no pod Ready"),
    ],
)
def test_limits_that_do_not(wrong: Json, says: str) -> None:
    assert says in unmet(expect.resources.kept_to_limits, replace(KEPT, **wrong))


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        ({"burn": CpuLoad(0.3, 1.0, 0)}, "too busy"),
        ({"burn": CpuLoad(0.3, 1.0, None)}, "too busy"),
        ({"within_limit": Allocation(1024, 137, "")}, "not even"),
        ({"survived": Unmet("s", expected="a", actual="b", likely="c"), "was_ready": False}, "not Ready even before"),
        (
            {"over_limit": Allocation(2 * 1024**3, 0, ""), "found": replace(LIMITS, swap=Decimal(1024**3))},
            "may swap out 1073741824 bytes",
        ),
        ({"over_limit": Allocation(2048, 1, "memory exhausted")}, "memory exhausted"),
        ({"over_limit": Allocation(2048, 127, "no dd")}, "no dd"),
    ],
)
def test_limits_that_nothing_came_up_against(shown: Json, says: str) -> None:
    assert says in unproven(expect.resources.kept_to_limits, replace(KEPT, **shown))


def test_what_the_loops_told() -> None:
    told = "uptime 100.00 102.00\nthrottled 9\n0m0.01s 0m0.00s\n0m0.90s 0m0.10s\n"
    assert read_cpu_load(ExecResult(told, "", 0)) == CpuLoad(0.5, 2.0, 9)
    german = told.replace("0m0.90s 0m0.10s", "0m0,90s 0m0,10s")
    assert read_cpu_load(ExecResult(german, "", 0)) == CpuLoad(0.5, 2.0, 9)
    assert read_cpu_load(ExecResult(told.replace("throttled 9", "throttled"), "", 0)).throttled is None
    with pytest.raises(Unproven, match="127 no such shell"):
        read_cpu_load(ExecResult("", "no such shell", 127))


V1 = {
    "memory/memory.limit_in_bytes": "1073741824",
    "cpu/cpu.cfs_quota_us": "50000",
    "cpu/cpu.cfs_period_us": "100000",
}
NO_V1 = {"memory/memory.limit_in_bytes": "9223372036854771712", "cpu/cpu.cfs_quota_us": "-1"}


_OWN = "unified=$(sed -n 's/^0:://p' /proc/self/cgroup)"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (V1, LIMITS),
        (V1 | NO_V1, Limits(None, None)),
        ({"memory.max": "1073741824", "cpu.max": "50000 100000"}, LIMITS),
        ({"memory.max": "max", "cpu.max": "max 100000"}, Limits(None, None)),
        ({"memory.max": "1073741824"}, Limits(None, LIMITS.memory, frozenset({"cpu"}))),
        ({}, Limits(None, None, frozenset({"cpu", "memory"}))),
    ],
)
def test_limits_are_read_from_either_kind_of_cgroup(files: dict[str, str], found: Limits, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert limits.enforced(cast("Cluster", _Shell(tmp_path)), pod()) == found


def test_swap_of_a_container_is_no_more_than_its_node_has(tmp_path: Path) -> None:
    (tmp_path / "memory.swap.max").write_text("0\n")
    assert limits.enforced(cast("Cluster", _Shell(tmp_path)), pod()).swap == 0
    (tmp_path / "memory.swap.max").write_text("max\n")
    words = [line.split() for line in Path("/proc/meminfo").read_text().splitlines()]
    there = next((1024 * int(line[1]) for line in words if line[0] == "SwapTotal:"), 0)
    assert limits.enforced(cast("Cluster", _Shell(tmp_path)), pod()).swap == there


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"memory.max": "1073741824", "cpu.max": "50000 100000", "init.scope/memory.max": "max"}, LIMITS),
        ({"memory.max": "1073741824", "cpu.max": "50000 100000", "init.scope/cpu.max": "max 100000"}, LIMITS),
        ({"memory.max": "max", "cpu.max": "max 100000", "init.scope/memory.max": "max"}, Limits(None, None)),
        (
            {"memory.max": "1073741824", "cpu.max": "50000 100000", "init.scope/memory.max": "536870912"},
            replace(LIMITS, memory=Decimal(2**29)),
        ),
    ],
)
def test_limits_above_the_cgroup_of_an_init_system_count(files: dict[str, str], found: Limits, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert limits.enforced(cast("Cluster", _Shell(tmp_path, "/init.scope")), pod()) == found


class _Shell:
    """Runs what is meant for a container here, with its cgroups in a folder. `own`: that of its programs there."""

    def __init__(self, cgroups: Path, own: str = "/") -> None:
        self._cgroups = cgroups
        self._own = f"unified={own}"

    def execute(self, _pod: object, command: list[str]) -> ExecResult:
        assert CGROUP_SCRIPT in command[-1]
        script = command[-1].replace("/sys/fs/cgroup", str(self._cgroups)).replace(_OWN, self._own)
        assert self._own in script
        done = subprocess.run([*command[:-1], script], capture_output=True, text=True, check=False)
        return ExecResult(done.stdout, done.stderr, done.returncode)


class _Ended(WithMainContainers):
    """A cluster whose exec breaks off, with the pod as it then is."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def execute(self, *_: object, **__: object) -> ExecResult:
        raise ClusterError("the connection ended")

    def raw_pods(self, **_: str) -> list[Json]:
        raw = pod_json()
        raw["status"]["containerStatuses"][0]["lastState"] = {"terminated": {"reason": self._reason}}
        return [raw]


def test_memory_limit_holds_if_the_container_is_killed() -> None:
    def session(reason: str) -> Session:
        return cast("Session", SimpleNamespace(id=SESSION, api=SimpleNamespace(profile=load()), cluster=_Ended(reason)))

    assert enforcement.allocate(session("OOMKilled"), pod(), 1024).killed
    with pytest.raises(ClusterError):
        enforcement.allocate(session("Error"), pod(), 1024)
