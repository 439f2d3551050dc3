"""Pods of Jobs beside those of a session: they work for it and serve nobody, unless the session is a Job itself."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.objects import Pod, serving
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.concurrency.isolation import served
from streamspace_acceptance.domain.sessions import session as sessions_session
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Recording
from tests.support.main_containers import CalmCluster
from tests.support.samples import SESSION, Json, pod_json


def owned(uid: str, kind: str, **details: Any) -> Json:
    raw = pod_json(uid=uid, name=f"p-{uid}", **details)
    raw["metadata"]["ownerReferences"] = [{"kind": kind, "name": "x", "uid": f"of-{uid}"}]
    return raw


def uids(*pods: Json) -> list[str]:
    return [pod.meta.uid for pod in serving(map(Pod.of, pods))]


def test_pod_of_a_job_counts_only_where_there_is_no_other() -> None:
    desktop, backup, evicted = owned("d", "ReplicaSet"), owned("b", "Job"), owned("e", "ReplicaSet", phase="Failed")
    assert uids(backup, desktop) == ["d"]
    assert uids(backup, evicted) == ["b"]
    assert uids(owned("one", "Job"), owned("two", "Job")) == ["one", "two"]
    assert uids(desktop, owned("second", "StatefulSet")) == ["d", "second"]


def test_isolated_session_may_have_a_job_beside_its_pod() -> None:
    desktop, backup = owned("d", "ReplicaSet"), owned("b", "Job")
    assert served([desktop, backup]) == [desktop]
    assert len(served([desktop, owned("second", "ReplicaSet")])) == 2


def woken(monkeypatch: pytest.MonkeyPatch, *pods: Json) -> Session:
    """A session that had a pod, which is gone, and has these now."""
    recording: Recording[Change] = Recording()
    recording.append(Change("DELETED", owned("former", "ReplicaSet")))
    for pod in pods:
        recording.append(Change("ADDED", pod))
    monkeypatch.setattr(sessions_session, "watching", lambda *_, **__: nullcontext(recording))
    monkeypatch.setattr(sessions_session, "holding_watch", lambda *_: nullcontext())
    cluster: Any = CalmCluster()
    cluster.pods = lambda **_: []
    cluster.events = list
    cluster.session_object = lambda _: None
    api: Any = SimpleNamespace(profile=load(), session=lambda _: {})
    return Session(SESSION, Clients(api, cast("Any", cluster), Budgets(0.003)))


def test_job_that_fetches_the_home_is_not_the_pod_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    fetching, desktop = owned("j", "Job"), owned("d", "ReplicaSet")
    former = frozenset({"former"})
    found = woken(monkeypatch, fetching, desktop).wait_for_ready_pod(within="start", other_than=former)
    assert found.meta.uid == "d"
    with pytest.raises(Unmet, match="another pod Ready"):
        woken(monkeypatch, fetching).wait_for_ready_pod(within="start", other_than=former)
