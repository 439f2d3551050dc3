"""The volume claims that are left of sessions: by label, else by owner or name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.objects import Claim, Meta
from streamspace_acceptance.domain.sessions.remains import IN_API, Remains
from streamspace_acceptance.outcomes import Unmet
from tests.support.samples import pod


def left(name: str, owner: str | None = None, **labels: str) -> list[str]:
    claim = Claim(Meta(name, "uid", labels, (("u", owner),) if owner else (), deleting=False), "Bound")
    clients: Any = SimpleNamespace(
        api=SimpleNamespace(
            profile=SimpleNamespace(session_label="session"), sessions=lambda: SimpleNamespace(ids=set())
        ),
        cluster=SimpleNamespace(session_object=lambda _: None, each_pod=list, claims=lambda: [claim]),
    )
    return Remains(clients, ["1"]).by_kind().get("claims", [])


@pytest.mark.parametrize(
    "claim",
    [left("x", session="1"), left("1-home"), left("x", owner="1"), left("x", owner="1-deployment"), left("home-1-0")],
)
def test_claim_of_a_session_is_left_behind(claim: list[str]) -> None:
    assert claim


@pytest.mark.parametrize(
    "claim", [left("1-home", session="2"), left("12-home"), left("1-home", owner="2"), left("home-of-testuser")]
)
def test_claim_of_another_session_is_not(claim: list[str]) -> None:
    assert claim == []


@pytest.mark.parametrize(
    ("name", "labels", "is_left"),
    [
        ("1-5d-x1", {"session": "1"}, True),
        ("1-5d-x1", {}, True),
        ("1", {}, True),
        ("1-5d-x1", {"session": "2"}, False),
        ("12-5d-x1", {}, False),
    ],
)
def test_pod_that_lost_its_label_is_left_behind(name: str, labels: dict[str, str], is_left: bool) -> None:
    api = SimpleNamespace(
        profile=SimpleNamespace(session_label="session"), sessions=lambda: SimpleNamespace(ids=frozenset())
    )
    found = pod(name=name, labels=labels)
    cluster = SimpleNamespace(session_object=lambda _: None, each_pod=lambda: [found], claims=list)
    clients: Any = SimpleNamespace(api=api, cluster=cluster)
    assert bool(Remains(clients, ["1"]).by_kind().get("pods")) is is_left


@pytest.mark.parametrize(("is_shown", "left_there"), [(True, ["session 1 in the API"]), (False, None)])
def test_session_is_asked_for_by_its_id_where_the_list_is_wrong(is_shown: bool, left_there: list[str] | None) -> None:
    def wrong_list() -> None:
        raise Unmet("GET sessions", expected="a list", actual="{}", likely="the API's list call")

    api = SimpleNamespace(sessions=wrong_list, call=lambda *_: SimpleNamespace(ok=is_shown))
    cluster = SimpleNamespace(session_object=lambda _: None, each_pod=list, claims=list)
    clients: Any = SimpleNamespace(api=api, cluster=cluster)
    assert Remains(clients, ["1"]).by_kind().get(IN_API) == left_there


@pytest.mark.parametrize(
    ("finalizers", "deleting", "is_left"),
    [
        (["snapshot.storage.kubernetes.io/pvc-as-source-protection"], True, False),
        (["backup.example.com/hold"], True, False),
        (["backup.example.com/hold", "kubernetes.io/pvc-protection"], True, True),
        (["kubernetes.io/pvc-protection"], True, True),
        (["stream.space/home"], True, True),
        (["streamspace.io/home"], True, True),
        ([], True, True),
        (["backup.example.com/hold"], False, True),
    ],
)
def test_claim_that_somebody_else_holds_is_not_left(finalizers: list[str], deleting: bool, is_left: bool) -> None:
    claim = Claim(Meta("1-home", "uid", {}, (), deleting, tuple(finalizers)), "Bound")
    api = SimpleNamespace(
        profile=SimpleNamespace(session_label="session"), sessions=lambda: SimpleNamespace(ids=frozenset())
    )
    obj = SimpleNamespace(meta=Meta("1", "uid", {}, (), deleting=True))
    cluster = SimpleNamespace(session_object=lambda _: obj, each_pod=list, claims=lambda: [claim])
    clients: Any = SimpleNamespace(api=api, cluster=cluster)
    assert bool(Remains(clients, ["1"]).by_kind()) is is_left


def test_object_that_waits_for_no_claim_is_left_behind() -> None:
    api = SimpleNamespace(sessions=lambda: SimpleNamespace(ids=frozenset()))
    obj = SimpleNamespace(meta=Meta("1", "uid", {}, (), deleting=True))
    cluster = SimpleNamespace(session_object=lambda _: obj, each_pod=list, claims=list)
    clients: Any = SimpleNamespace(api=api, cluster=cluster)
    assert Remains(clients, ["1"]).by_kind() == {"objects": ["session 1"]}
