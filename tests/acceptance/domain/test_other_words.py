"""Products that say the same in other words, and those that do not."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.agents import fleet
from streamspace_acceptance.domain.agents.balance import Balance
from streamspace_acceptance.domain.agents.fleet import others_agents
from streamspace_acceptance.domain.deployment.credentials import Credentials, guess, password_in
from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions.admission import REFUSED
from streamspace_acceptance.domain.sessions.creation import Asked, Creation, made_as_answered
from streamspace_acceptance.domain.sessions.provision import Provision
from streamspace_acceptance.domain.sessions.rendering import Settling
from streamspace_acceptance.domain.templates.deletion import Deletion
from streamspace_acceptance.domain.templates.mistake_trials import MistakeAttempt
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.agents import Agent, AgentList
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, Recording
from tests.support.samples import answer, pod_json

MARK = "Admin password: "


@pytest.mark.parametrize(
    ("message", "counts"),
    [
        ("Template in use by 2 sessions", [2]),
        ("2 active desktop sessions still use it", [2]),
        ("Template is in use (active sessions: 2)", [2]),
        ("in use by 2 session(s)", [2]),
        ("template-3 is in use by sessions", []),
        ("409 Template in use by sessions", []),
        ("sessions of v2", []),
    ],
)
def test_count_of_sessions_in_a_sentence(message: str, counts: list[int]) -> None:
    nothing = frozenset[str]()
    assert Deletion("t", 2, nothing, nothing, answer({}, 409), message, nothing, ()).counts == counts


@pytest.mark.parametrize(
    ("message", "field", "named"),
    [
        ("#/resources/cpu: must match a pattern", "cpu", True),
        ("request/body/image must be a string", "image", True),
        ("display_name must be a string", "displayName", True),
        ("The display name is too long", "displayName", True),
        ("streamspace/image:latest is wrong", "image", False),
        ("registry.example/image is wrong", "image", False),
        ("something is wrong", "image", False),
    ],
)
def test_field_in_a_refusal(message: str, field: str, named: bool) -> None:
    attempt = MistakeAttempt("x", (field,), cast("Any", None), answer({}, 400), message, "x")
    assert attempt.names_field is named


@pytest.mark.parametrize("numbers", [(1, 2), ("1", "2"), ("v1", "v2")])
def test_history_counts_its_versions_in_any_form(numbers: tuple[object, ...]) -> None:
    former, later = {"image": "a"}, {"image": "b"}
    change = cast("Any", SimpleNamespace(versions=[former, later]))
    versions = [{"version": number, **image} for number, image in zip(numbers, (former, later), strict=True)]
    expect.templates.history_kept(change, answer({"versions": versions}))
    for entry in versions:
        entry["version"] = numbers[0]
    with pytest.raises(Unmet):
        expect.templates.history_kept(change, answer({"versions": versions}))


def test_numbers_of_cores_and_bytes_are_amounts() -> None:
    asked = Provision.of({"resources": {"cpu": "500m", "memory": "1Gi"}})
    assert Provision.of({"resources": {"cpu": 0.5, "memory": 1024**3}}).is_as(asked)
    assert not Provision.of({"resources": {"cpu": 1, "memory": 1024**3}}).is_as(asked)
    assert not Provision.of({"resources": {"cpu": True, "memory": 1024**3}}).is_as(asked)


def listed(session_id: str, request: object, user: str = "u") -> Listed:
    return Listed(session_id, session_id, "Running", user, "t", request=request, tells_request=request is not None)


def created(claimed: str) -> Creation:
    return Creation(Asked("u", "t", None, frozenset(), "mine"), answer({}, 201), claimed, claimed, ())


def test_ids_of_requests_by_a_gateway_say_nothing() -> None:
    after = SessionList((listed("s-1", "gateway-1"), listed("s-9", "gateway-9", "another")))
    assert made_as_answered(created("s-1"), after, {"mine"}) == {"s-1"}
    twice = SessionList((*after.sessions, listed("s-2", "gateway-2")))
    assert made_as_answered(created("s-1"), twice, {"mine"}) == {"s-1", "s-2"}


def test_ids_of_requests_by_the_suite_are_believed() -> None:
    others = SessionList((listed("s-1", "of another user of the crowd"),))
    assert made_as_answered(created("s-1"), others, {"mine", "of another user of the crowd"}) == frozenset()


def test_agents_of_two_names_each_are_no_contradiction() -> None:
    said: dict[str, str | None] = {"s-1": "id-a", "s-2": "id-b", "s-3": "id-a"}
    seen: dict[str, str | None] = {"s-1": "pod-a", "s-2": "pod-b", "s-3": "pod-a"}
    found = Balance(frozenset({"id-a", "id-b"}), said, seen)
    assert (found.contradictions, found.shares) == ([], {"id-a": 2, "id-b": 1})
    assert Balance(frozenset({"id-a", "id-b"}), said, seen | {"s-3": "pod-b"}).contradictions
    assert Balance(frozenset({"id-a"}), dict.fromkeys(said, "id-a"), seen).contradictions


def test_agent_beside_all_the_pods_is_anothers() -> None:
    pods = [Pod.of(pod_json(name=f"agent-{number}")) for number in range(2)]
    listing = AgentList(
        tuple(Agent(name, "online", None) for name in ("agent-0", "agent-1", "east")), frozenset(), load().statuses
    )
    assert others_agents(pods, listing, 2) == ["east"]
    assert others_agents(pods[:1], listing, 2) == []
    assert others_agents([], listing, 2) == []


@pytest.mark.parametrize(
    ("line", "told", "word"),
    [
        ('level=info msg="Admin password: k7-Zq" component=api', "k7-Zq", None),
        ('Admin password: "k7-Zq"', '"k7-Zq"', "k7-Zq"),
        ("║ Admin password: k7-Zq   ║", "k7-Zq   ║", "k7-Zq"),
        (r'{"msg":"Admin password: a\u003eb"}', "a>b", None),
        ("Admin password: ********", "********", None),
    ],
)
def test_password_in_a_line_of_any_form(line: str, told: str, word: str | None) -> None:
    assert password_in(line, MARK) == told
    assert guess(told) == word
    assert Credentials("admin", told, "the log").doubtful is (word is not None or "*" in told)


@pytest.mark.parametrize(
    ("message", "by_cluster"),
    [
        ('pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true', True),
        ('admission webhook "validation.gatekeeper.sh" denied the request: [x] no team', True),
        ('Internal error occurred: failed calling webhook "v.kyverno.svc": context deadline exceeded', True),
        ('admission webhook "sessions.stream.space" denied the request: no such user', False),
        ('Pod "x" is invalid: spec.containers[0].image: Required value', False),
    ],
)
def test_refusal_of_a_pod_is_the_clusters_or_not(message: str, by_cluster: bool) -> None:
    assert bool(REFUSED.search(message)) is by_cluster


@pytest.mark.parametrize(
    ("shown", "moves"),
    [([0.5] * 12, True), ([0.5] * 5, False), ([0.5, 0.5, 0.0] * 5, False), ([0.0] * 12, False)],
)
def test_desktop_that_moves_is_no_desktop_that_flickers(
    shown: list[float], moves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settling = Settling()
    for second, share in enumerate(shown):
        monkeypatch.setattr("streamspace_acceptance.domain.sessions.rendering.now", lambda at=second: 100.0 + at)
        picture = SimpleNamespace(foreground=share, differs=lambda _: 1.0, changed=lambda _: None)
        assert not settling.has_settled(cast("Any", picture))
    assert settling.moves is moves


def test_agents_that_no_deployment_makes_cannot_be_scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = SimpleNamespace(deployment=lambda _: None)
    scenario: Any = SimpleNamespace(clients=SimpleNamespace(cluster=cluster, profile=load()), disruptive=True)
    monkeypatch.setattr(fleet, "agent_pods", lambda _: [Pod.of(pod_json())])
    with pytest.raises(Unproven, match="another kind of workload"):
        fleet.require_online(scenario, 3)


@pytest.mark.parametrize(("once", "listed"), [(False, True), (True, False)])
def test_agent_listed_twice_is_the_matter_of_one_criterion(
    monkeypatch: pytest.MonkeyPatch, once: bool, listed: bool
) -> None:
    name, recording = "agent-0", Recording[AgentList]()
    recording.append(AgentList((Agent(name, "online", None),) * 2, frozenset({name}), load().statuses))
    monkeypatch.setattr(fleet, "presence", lambda _: nullcontext(recording))
    monkeypatch.setattr(fleet, "agent_pods", lambda _: [Pod.of(pod_json(name=name))])
    monkeypatch.setattr(fleet, "AgentApi", lambda _: SimpleNamespace(all=lambda: recording.items()[-1].item))
    clients = SimpleNamespace(api=None, profile=load(), cluster=SimpleNamespace(events=list))
    scenario: Any = SimpleNamespace(
        clients=clients, disruptions=SimpleNamespace(check_held=lambda: None), results=Results()
    )
    with nullcontext() if listed else pytest.raises(Unmet, match=f"several times {name}"):
        assert fleet.wait_for_online(scenario, 1, Budget("agents", 0.05, 1.0), once=once).online == {name}
