"""A session whose watch, label or API does not do its part: who is to blame for what."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.containers import MainContainer, Role, main_container
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod, SessionObject
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions import session as sessions_session
from streamspace_acceptance.domain.sessions import typed_command, way_in
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.vnc_viewer import VncViewer
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.rfb import Framebuffer, HandshakeTrouble, NoHandshake, is_reached
from streamspace_acceptance.waiting import Budget, Recording
from tests.support.samples import SESSION, Json, answer, pod, pod_json, session_object

SOON = Budgets(0.003)


@pytest.fixture(autouse=True)
def _page_that_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_in, "trouble", lambda _: None)
    monkeypatch.setattr(typed_command, "is_carried_out", lambda *_: True)


class _Cluster:
    """A cluster with these pods, whatever its watch says."""

    def __init__(self, pods: Sequence[Pod]) -> None:
        self.listed = list(pods)
        self.told: list[Json] = []
        self.lists = 0

    def raw_pod(self, name: str) -> Json | None:
        return next((listed_pod.object for listed_pod in self.listed if listed_pod.meta.name == name), None)

    def pods(self, **labels: str) -> list[Pod]:
        self.lists += 1
        return [listed_pod for listed_pod in self.listed if labels.items() <= listed_pod.meta.labels.items()]

    def main_container(self, obj: Json) -> MainContainer:
        return main_container(obj, Role())

    def session_object(self, _name: str) -> SessionObject | None:
        return session_object()

    def events(self) -> list[Json]:
        return self.told


def session(
    monkeypatch: pytest.MonkeyPatch, *pods: Pod, told: Sequence[tuple[str, Json]] = (), api: Any = None
) -> Session:
    """A session whose cluster lists `pods`, and whose watch has told of `told`."""
    recording: Recording[Change] = Recording()
    for kind, obj in told:
        recording.append(Change(kind, obj))

    @contextmanager
    def watching(*_: object, **__: object) -> Iterator[Recording[Change]]:
        yield recording

    monkeypatch.setattr(sessions_session, "watching", watching)
    monkeypatch.setattr(sessions_session, "holding_watch", lambda *_: nullcontext())
    monkeypatch.setattr(VncViewer, "handshake", lambda _: Framebuffer(800, 600, "desktop", 1.0))
    monkeypatch.setattr(VncViewer, "is_blank", lambda _: False)
    api = api or SimpleNamespace(profile=load(), session=lambda _: {})
    return Session(SESSION, Clients(api, cast("Cluster", _Cluster(pods)), SOON))


def test_oversized_pod_missing_from_the_watch_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ClusterError, match="has not reported changes that the list shows"):
        session(monkeypatch, pod()).wait_for_ready_pod(within="start")


def test_pod_that_a_quota_refuses_is_an_error_of_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    found = session(monkeypatch)
    message = 'Error creating: pods "x" is forbidden: exceeded quota: team, requested: pods=1'
    found.cluster.told = [{"involvedObject": {"name": f"{SESSION}-5d"}, "message": message}]  # type: ignore[attr-defined]
    with pytest.raises(ClusterError, match=r"the cluster refuses its pod: .*exceeded quota: team"):
        found.wait_for_a_pod(within="start")


@pytest.mark.parametrize(
    ("message", "is_clusters"),
    [
        (
            'persistentvolumeclaims "x-home" is forbidden: exceeded quota: team, requested: persistentvolumeclaims=1',
            True,
        ),
        ('admission webhook "validate.kyverno.svc-fail" denied the request: no label', True),
        ('admission webhook "quota.streamspace.io" denied the request: no label', False),
        ("You have exceeded quota: 3 sessions.", False),
        ("", False),
    ],
)
def test_claim_that_a_quota_refuses_is_an_error_of_the_cluster(
    monkeypatch: pytest.MonkeyPatch, message: str, is_clusters: bool
) -> None:
    api = SimpleNamespace(profile=load(), session=lambda _: {"message": message})
    with pytest.raises(ClusterError if is_clusters else Unmet, match="refuses an object" if is_clusters else "no pod"):
        session(monkeypatch, api=api).wait_for_a_pod(within="start")


def test_a_pod_that_is_nowhere_is_the_products_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unmet, match="it has no pod"):
        session(monkeypatch).wait_for_ready_pod(within="start")


def test_object_that_is_gone_after_it_was_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = session(monkeypatch, pod())
    monkeypatch.setattr(found.cluster, "session_object", lambda _: None)
    assert found.wait_for_phase("Running", within="start") is None  # the matter of 1.1a-3
    monkeypatch.setattr(found.cluster, "session_object", lambda _: session_object())
    assert found.wait_for_phase("Running", within="start") is not None
    monkeypatch.setattr(found.cluster, "session_object", lambda _: None)
    with pytest.raises(Unmet) as caught:
        found.wait_for_phase("Running", within="start")
    assert caught.value.likely == "the session's object, which was there before, is gone"


def test_every_pod_of_a_session_has_to_be_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pod(), pod(name=f"{SESSION}-5d-x2", uid="uid-2", ready=False)
    told = [("ADDED", first.object), ("ADDED", second.object)]
    with pytest.raises(Unmet, match="x2 Running 0/1"):
        session(monkeypatch, first, second, told=told).wait_until_all_ready(within="start")
    evicted = pod(name=f"{SESSION}-5d-x3", uid="uid-3", phase="Failed")
    alone = session(monkeypatch, first, evicted, told=[("ADDED", first.object), ("ADDED", evicted.object)])
    assert alone.wait_until_all_ready(within="start") == [first]


def test_a_pod_without_the_label_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    unlabelled = session(monkeypatch, pod(labels={}))
    with pytest.raises(Unmet, match="without its label session"):
        unlabelled.wait_for_a_pod(within="start")
    with pytest.raises(Unproven, match="does not have the label"):
        unlabelled.check_label()
    session(monkeypatch, pod()).check_label()
    session(monkeypatch).check_label()


def test_a_pod_that_comes_back_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [("ADDED", pod_json()), ("DELETED", pod_json())]
    assert session(monkeypatch, told=gone).wait_for_no_pod(frozenset(), within="hibernation") == []
    back = session(monkeypatch, pod(uid="uid-2"), told=gone).wait_for_no_pod(frozenset(), within="hibernation")
    assert [remaining.meta.uid for remaining in back] == ["uid-2"]


@pytest.mark.parametrize(
    ("labels", "owner", "is_left"),
    [({}, "ReplicaSet", True), ({}, "Job", False), ({"session": "another"}, "ReplicaSet", False)],
)
def test_pod_by_the_sessions_name_is_left(
    monkeypatch: pytest.MonkeyPatch, labels: dict[str, str], owner: str, is_left: bool
) -> None:
    parked = pod_json(name=f"{SESSION}-parked", uid="uid-2", labels=labels)
    parked["metadata"]["ownerReferences"] = [{"kind": owner, "name": "o", "uid": "o-1"}]
    gone = [("ADDED", pod_json()), ("DELETED", pod_json())]
    left = session(monkeypatch, Pod.of(parked), told=gone).wait_for_no_pod(frozenset(), within="hibernation")
    assert bool(left) is is_left


@pytest.mark.parametrize(
    ("told", "lists"),
    [
        ([("ADDED", pod_json(version=1)), ("MODIFIED", pod_json(version=2))], 0),
        ([("ADDED", pod_json(version=1))], 1),
        ([("ADDED", pod_json(uid="another", version=2))], 1),
        ([("ADDED", pod_json(version=2)), ("ADDED", pod_json(name="gone", uid="gone"))], 1),
        ([("ADDED", pod_json(version=2)), ("DELETED", pod_json(version=2))], 1),
        ([], 1),
    ],
    ids=["as it is", "late", "of another pod", "late with a deletion", "empty", "silent"],
)
def test_watch_counts_for_a_verdict_only_if_it_is_not_late(
    monkeypatch: pytest.MonkeyPatch, told: Sequence[tuple[str, Json]], lists: int
) -> None:
    found = session(monkeypatch, pod(version=2), told=told)
    assert [there.object["metadata"]["resourceVersion"] for there in found.pods()] == ["2"]
    assert found.cluster.lists == lists  # type: ignore[attr-defined]


class _Refusing:
    """An API that refuses every command."""

    profile = load()

    def hibernate_session(self, session_id: str) -> None:
        raise Unmet(f"POST {session_id}", expected="2xx", actual="500: boom", likely="?")

    wake_session = hibernate_session


def lifecycle(monkeypatch: pytest.MonkeyPatch, api: Any) -> SessionLifecycle:
    return SessionLifecycle(session(monkeypatch, pod(), api=api), pod())


def test_a_refused_hibernation_fails_its_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = lifecycle(monkeypatch, _Refusing())
    refused.hibernate()
    with pytest.raises(Unmet, match="boom"):
        refused.wait_for_no_pod(within="hibernation")
    with pytest.raises(Unproven, match="boom"):
        refused.wait_for_status("running", within="wake")


def test_a_refused_waking_fails_its_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = lifecycle(monkeypatch, _Refusing())
    refused.wake()
    with pytest.raises(Unmet, match="boom"):
        refused.wait_for_new_pod(within="restart")
    with pytest.raises(Unproven, match="boom"):
        refused.wait_for_status("running", within="wake")


def reports(status: str) -> Any:
    accepted = answer({}, 202, method="POST")
    return SimpleNamespace(
        profile=load(), hibernate_session=lambda _: accepted, wake_session=lambda _: accepted, status=lambda _: status
    )


def test_a_status_shows_nothing_while_a_pod_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    early = lifecycle(monkeypatch, reports("Hibernated"))
    early.hibernate()
    with pytest.raises(Unproven, match="the API says"):
        early.wait_for_status("hibernated", within="wake")


def test_a_status_shows_nothing_while_no_pod_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    early = lifecycle(monkeypatch, reports("Running"))
    early.wake()
    with pytest.raises(Unproven, match="the API says"):
        early.wait_for_status("running", within="wake")


def test_a_vnc_server_is_given_time_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Framebuffer | str] = ["not yet", Framebuffer(800, 600, "desktop", 1.0), "never seen"]
    late = session(monkeypatch, pod())
    monkeypatch.setattr(late.vnc, "handshake", lambda: answers.pop(0))
    assert late.vnc.handshake_within(Budget("start", 5, 1)) == Framebuffer(800, 600, "desktop", 1.0)
    monkeypatch.setattr(late.vnc, "handshake", lambda: "nobody there")
    assert str(late.vnc.handshake_within(Budget("start", 0.1, 1))).startswith("nobody there for 0.")


@pytest.mark.parametrize(
    ("profile", "likely"),
    [
        ("plan", "the API does not notice that the pod is Ready; {pod}; its object says Running"),
        ("shipped-v2.0-beta", "the API does not notice that the pod is Ready; {pod}"),
    ],
)
def test_ready_pod_that_the_api_does_not_notice_is_told(
    monkeypatch: pytest.MonkeyPatch, profile: str, likely: str
) -> None:
    ready = pod(phase="Running")
    listed = SessionList((Listed(SESSION, SESSION, "Pending", "u", "t"),))
    own = load(profile)
    ready.meta.labels[own.session_label] = SESSION
    api = SimpleNamespace(profile=own, sessions=lambda: listed)
    with pytest.raises(Unmet) as caught:
        session(monkeypatch, ready, api=api).wait_for_status(own.statuses["running"], within="start")
    assert caught.value.likely == likely.format(pod=ready.describe())


def test_status_of_another_type_is_the_likely_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = SessionList((Listed(SESSION, SESSION, '["Running"], which is not a status', "u", "t"),))
    api = SimpleNamespace(profile=load(), sessions=lambda: listed)
    with pytest.raises(Unmet) as caught:
        session(monkeypatch, pod(phase="Running"), api=api).wait_for_status("Running", within="start")
    assert caught.value.likely.startswith("the API gives the status another type than a text; ")


@pytest.mark.parametrize("reached", [True, False])
def test_handshake_in_vain_still_says_whether_a_server_greeted(monkeypatch: pytest.MonkeyPatch, reached: bool) -> None:
    watched = session(monkeypatch, pod())
    trouble = HandshakeTrouble.of(NoHandshake("no ProtocolVersion came", reached=reached))
    monkeypatch.setattr(VncViewer, "handshake", lambda _: trouble)
    found = watched.vnc.handshake_within("start")
    assert isinstance(found, str)
    assert found.startswith("no ProtocolVersion came for")
    assert is_reached(found) is reached
