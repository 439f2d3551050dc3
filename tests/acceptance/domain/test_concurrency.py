"""Several users who ask at the same time: each expectation holds for sound sessions, and is seen to fail."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.kubernetes import ExecResult
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.concurrency import checks
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.checks import compare_with_single
from streamspace_acceptance.domain.concurrency.concurrent_creation import created
from streamspace_acceptance.domain.concurrency.concurrent_use import UseResult
from streamspace_acceptance.domain.concurrency.conflicts import without_conflict
from streamspace_acceptance.domain.concurrency.isolation import isolated
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Stamped
from tests.support.main_containers import WithMainContainers
from tests.support.samples import Json, answer, pod_json

IDS = ("s-1", "s-2", "s-3")
SIZE = {"cpu": "500m", "memory": "1Gi"}
ROOMY = {"cpu": "8", "memory": "16Gi"}


class Product(WithMainContainers):
    """Three users' sessions as the API and Kubernetes tell of them, to be altered by each test."""

    def __init__(self) -> None:
        self.profile = load()
        self.listed = [
            Listed(session_id, session_id, "Running", session_id.replace("s-", "user"), "t") for session_id in IDS
        ]
        self.objects = {session_id: session_id.replace("s-", "user") for session_id in IDS}
        self.pods = [self._pod(session_id) for session_id in IDS]
        self.node: dict[str, str] = dict(ROOMY)
        self.alone: dict[str, Json] = {}
        self.namespaces = {pod["metadata"]["name"]: f"boot pid:[{n}] net:[{n}]" for n, pod in enumerate(self.pods)}
        self.changes: list[Json] = []
        self.statuses = dict.fromkeys(IDS, 201)
        self.requests = [f"request of {session_id}" for session_id in IDS]
        self.claimed = {session_id: session_id for session_id in IDS}

    @staticmethod
    def _pod(session: str) -> Json:
        found = pod_json(f"{session}-x", f"uid-{session}", labels={"session": session}, claim=f"{session}-home")
        found["spec"]["containers"][0]["resources"] = {"requests": dict(SIZE), "limits": dict(SIZE)}
        return found

    # The API

    def sessions(self) -> SessionList:
        return SessionList(tuple(self.listed))

    def session(self, session: str) -> Json:
        return {"resources": SIZE} | self.alone.get(session, {})

    def status(self, session: str) -> str | None:
        return self.sessions().status(session)

    # Kubernetes

    def session_object(self, name: str) -> Any:
        user = self.objects.get(name)
        return None if user is None else SimpleNamespace(user=user, phase="Running", meta=SimpleNamespace(uid=name))

    def raw_session(self, _name: str) -> None:
        return None

    def raw_pods(self, **labels: str) -> list[Json]:
        return [pod for pod in self.pods if labels.items() <= pod["metadata"]["labels"].items()]

    def raw_nodes(self) -> list[Json]:
        return [{"metadata": {"name": "node-1"}, "status": {"allocatable": self.node}}]

    def allocatable(self) -> list[dict[str, str]]:
        return [self.node]

    def execute(self, pod: Any, _command: list[str]) -> ExecResult:
        return ExecResult(self.namespaces[pod.meta.name], "", 0)

    def crowd(self) -> ConcurrentRequests:
        creations = [
            Creation(
                Asked(session_id.replace("s-", "user"), "t", "minimum", frozenset(), request),
                answer({}, self.statuses[session_id]),
                self.claimed[session_id],
                session_id if self.statuses[session_id] < 300 else None,
                (),
            )
            for session_id, request in zip(IDS, self.requests, strict=True)
        ]
        return ConcurrentRequests(
            creations, [self._session(creation.id) for creation in creations if creation.id is not None]
        )

    def _session(self, session: str) -> Any:
        changes = [Stamped(0.0, SimpleNamespace(object=change)) for change in self.changes]
        return SimpleNamespace(
            id=session,
            subject=session,
            api=self,
            cluster=self,
            budgets=SimpleNamespace(named=lambda name: Budget(name, 0.05, 1.0)),
            changes=SimpleNamespace(items=lambda: changes),
            pods=lambda: list(map(Pod.of, self.raw_pods(session=session))),
            check_label=lambda: None,
            wait_for_phase=lambda *_, **__: None,
            wait_for_ready_pod=lambda **_: None,
        )

    # The three sentences

    def is_created(self) -> None:
        expect.users.each_has_a_session(created(self.crowd(), self, self))  # type: ignore[arg-type]

    def is_isolated(self) -> None:
        expect.users.each_has_a_pod(isolated(self.crowd(), self))  # type: ignore[arg-type]

    def is_without_conflict(self) -> None:
        expect.users.no_conflict(without_conflict(self.crowd(), self))  # type: ignore[arg-type]


def first(product: Product) -> Json:
    return product.pods[0]


def test_sessions_that_are_sound() -> None:
    product = Product()
    product.is_created()
    product.is_isolated()
    product.is_without_conflict()


def test_sessions_created_with_the_profiles_own_status() -> None:
    product = Product()
    product.statuses = dict.fromkeys(IDS, 202)
    with pytest.raises(Unmet, match="got 202"):
        product.is_created()
    product.profile = load("shipped-v2.0-beta")
    product.is_created()


def relist(product: Product, **changes: Any) -> None:
    product.listed[0] = replace(product.listed[0], **changes)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.statuses.update({"s-2": 500}), "user2 got 500"),
        (lambda p: p.statuses.update({"s-2": 202}), "user2 got 202"),
        (lambda p: p.claimed.update({"s-2": "s-1"}), "2 users were given the session s-1"),
        (lambda p: p.claimed.update({"s-2": "s-9"}), "user2 was given s-9, and s-2 is there"),
        (lambda p: relist(p, status="Pending"), "s-1 is Pending"),
        (lambda p: relist(p, user="user3"), "user1 has no session now"),
        (lambda p: p.listed.append(replace(p.listed[0], id="s-9")), "user1 has s-1, s-9 now"),
        (lambda p: p.listed.append(p.listed[0]), "s-1 is listed 2 times"),
        (lambda p: p.objects.pop("s-1"), "s-1 is not in Kubernetes"),
        (lambda p: p.objects.update({"s-1": "user3"}), "s-1 is user3's in Kubernetes"),
        (lambda p: relist(p, user="user3", request=p.requests[0]), "s-1 is user3's in the list"),
        (lambda p: p.alone.update({"s-1": {"user": "user3"}}), "s-1 is user3's when asked for alone"),
    ],
)
def test_not_everybody_gets_a_session(spoil: Any, says: str) -> None:
    product = Product()
    spoil(product)
    with pytest.raises(Unmet, match=says):
        product.is_created()


def test_session_that_falls_back_a_while_later_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamspace_acceptance.domain.sessions.steadiness.BEHIND_SECONDS", 0.0)
    product, looks = Product(), [0]

    def listed() -> SessionList:
        looks[0] += 1
        if looks[0] > 2:
            relist(product, status="Failed")
        return SessionList(tuple(product.listed))

    monkeypatch.setattr(product, "sessions", listed)
    with pytest.raises(Unmet, match="s-1 is Failed a while later"):
        product.is_created()


def test_a_cluster_too_small_for_all_is_not_the_products_fault() -> None:
    product = Product()
    product.node = {"cpu": "1", "memory": "16Gi"}
    product.is_created()
    relist(product, status="Pending")
    with pytest.raises(Unproven, match="room for 2 such sessions"):
        product.is_created()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.pods.append(pod_json("s-1-y", "u", labels={"session": "s-1"})), "s-1 has 2 pods: s-1-x, s-1-y"),
        (lambda p: p.pods.pop(1), "s-2 is Running and has no pod of its own"),
        (lambda p: first(p)["spec"].update(hostPID=True), "pod s-1-x has the node's processes"),
        (lambda p: p.namespaces.update({"s-2-x": "boot pid:[0] net:[1]"}), "s-1-x and s-2-x share processes"),
    ],
)
def test_sessions_that_are_not_apart(spoil: Any, says: str) -> None:
    product = Product()
    product.namespaces["s-1-y"] = ""
    spoil(product)
    with pytest.raises(Unmet, match=says):
        product.is_isolated()


def test_equal_numbers_of_different_kernels_are_nothing_shared() -> None:
    product = Product()
    product.namespaces["s-2-x"] = "another-boot pid:[0] net:[0]"
    product.is_isolated()


def test_without_a_pod_for_each_nothing_is_shown() -> None:
    product = Product()
    relist(product, status="Pending")
    del product.pods[0]
    for sentence in (product.is_isolated, product.is_without_conflict):
        with pytest.raises(Unproven, match="s-1 has no pod"):
            sentence()
    product.statuses["s-1"] = 500
    for sentence in (product.is_isolated, product.is_without_conflict):
        with pytest.raises(Unproven, match="1 of the users have no session of their own"):
            sentence()


def test_session_without_pod_is_created_but_not_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product()
    del product.pods[0]

    def no_pod(*_: object, **__: object) -> None:
        raise Unmet("s-1", expected="a pod", actual="none", likely="")

    monkeypatch.setattr(ConcurrentRequests, "wait_until_running", no_pod)
    product.is_created()
    relist(product, status="Pending")
    with pytest.raises(Unmet, match="s-1: none"):
        product.is_created()


def give(product: Product, kind: str, **changes: str) -> None:
    first(product)["spec"]["containers"][0]["resources"][kind].update(changes)


def of_desktop(**status: Any) -> Json:
    return {"name": "desktop", **status}


def befall(product: Product, **status: Any) -> None:
    product.changes.append(first(product) | {"status": status})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: give(p, "limits", memory="512Mi"), "memory 512Mi by its pod's limits, not 500m and 1Gi"),
        (lambda p: give(p, "requests", cpu="250m"), "cpu 250m and memory 1Gi by its pod's requests"),
        (lambda p: first(p)["spec"]["containers"][0].update(resources={}), "cpu None and memory None by its pod's"),
        (
            lambda p: first(p)["spec"]["volumes"][0].update(persistentVolumeClaim={"claimName": "s-2-home"}),
            "s-1 and s-2 share the volume s-2-home",
        ),
        (lambda p: first(p)["spec"].update(volumes=[{"name": "home", "emptyDir": {}}]), "s-1 has no volume claim"),
        (lambda p: p.node.update(cpu="1"), "cpu of node node-1: 1.5 requested, 1 there"),
        (lambda p: befall(p, reason="Evicted", message="too full"), "pod s-1-x Evicted: too full"),
        (
            lambda p: befall(p, containerStatuses=[of_desktop(restartCount=1)]),
            "pod s-1-x started again 1 times",
        ),
        (
            lambda p: befall(p, containerStatuses=[of_desktop(lastState={"terminated": {"reason": "OOMKilled"}})]),
            "pod s-1-x ended: OOMKilled",
        ),
        (lambda p: p.changes.append(pod_json("s-1-x", deleting=True)), "pod s-1-x deleted"),
    ],
)
def test_sessions_in_each_others_way(spoil: Any, says: str) -> None:
    product = Product()
    spoil(product)
    with pytest.raises(Unmet, match=says):
        product.is_without_conflict()


def test_users_that_have_to_be_made_first_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product()
    product.statuses = dict.fromkeys(IDS, 404)
    refused = [
        replace(creation, answer=answer({"error": "user_not_found", "message": "There is no user."}, 404), id=None)
        for creation in product.crowd().creations
    ]
    monkeypatch.setattr(product, "crowd", lambda: ConcurrentRequests(refused, []))
    with pytest.raises(Unproven, match="does not know 3 of the test's users, which have to be made first"):
        product.is_created()


def test_a_trouble_of_a_single_session_is_excused() -> None:
    product = Product()
    requests, single = product.crowd(), product.crowd()
    trouble = CheckResult("sessions", troubles=("too slow",))
    both = compare_with_single(requests, lambda _: trouble, lambda: single)
    with pytest.raises(Unproven, match="a single session, requested alone, has it too: too slow"):
        expect.users.no_conflict(both)
    only_together = compare_with_single(
        requests, lambda checked: trouble if checked is requests else CheckResult("one"), lambda: single
    )
    with pytest.raises(Unmet, match="too slow"):
        expect.users.no_conflict(only_together)


def test_overhead_and_sidecars_count_as_requested() -> None:
    product = Product()
    product.node = {"cpu": "2", "memory": "16Gi"}
    product.is_without_conflict()
    for pod in product.pods:
        pod["spec"]["overhead"] = {"cpu": "250m"}
    with pytest.raises(Unmet, match="cpu of node node-1"):
        product.is_without_conflict()


def test_desktop_alone_is_tried_without_awaiting_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them has ended meanwhile, so that they never run all together again."""

    def wait_until_running(requests: ConcurrentRequests, **_: object) -> None:
        assert isinstance(requests, checks.SingleSession), "nobody is to wait for the others"

    outcome, results = UseResult(unreachable={"the desktop of s-1": "no page"}), Results()
    results.put(Product().crowd())
    monkeypatch.setattr(ConcurrentRequests, "wait_until_running", wait_until_running)
    use = SimpleNamespace(run=lambda _: outcome)
    monkeypatch.setattr(checks, "ConcurrentUse", lambda *_: use)
    registry = SimpleNamespace(ask_together=lambda *_: SimpleNamespace(creations=[], sessions=[]))
    clients = SimpleNamespace(cluster=None, browser=None)
    scenario: Any = SimpleNamespace(results=results, registry=registry, clients=clients)
    assert checks.work_together(scenario).alone == "a single session cannot be created either: "
