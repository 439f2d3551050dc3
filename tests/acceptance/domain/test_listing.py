"""The sessions that are there, by the API's list or by Kubernetes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.domain.performance.session_looks import look_at
from streamspace_acceptance.domain.sessions import listing
from streamspace_acceptance.domain.sessions.listing import all_sessions, completed, left_out, listed_sessions
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.api import Listed, SessionList, StreamSpaceApi
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import load
from tests.support.samples import SESSION, pod, session_object

WRONG = Unmet("GET sessions", expected="a list", actual="{}", likely="the API's list call")
IN_LIST = Listed("in-the-list", "in-the-list", "Running", "testuser", "firefox", None, None, tells_request=False)


def api_of(error: Exception | None) -> Any:
    def sessions() -> SessionList:
        if error is not None:
            raise error
        return SessionList((IN_LIST,))

    return SimpleNamespace(sessions=sessions, profile=SimpleNamespace(session_label="session"))


def cluster_of(**kinds: Any) -> Any:
    return SimpleNamespace(**{kind: lambda objects=objects: objects for kind, objects in kinds.items()})


def test_sessions_of_a_good_list_cost_no_call_to_kubernetes() -> None:
    assert all_sessions(api_of(None), cluster_of()) == {"in-the-list"}


@pytest.mark.parametrize("phase", ["Running", "Failed", "Succeeded"])
def test_sessions_of_a_wrong_list_are_those_in_kubernetes(phase: str) -> None:
    pods = [pod(labels={"session": "by-its-pod"}, phase=phase), pod(labels={"app": "streamspace-api"})]
    cluster = cluster_of(session_objects=[session_object()], pods=pods)
    assert all_sessions(api_of(WRONG), cluster) == {SESSION, "by-its-pod"}


def test_wrong_list_is_empty_and_a_lost_call_an_error() -> None:
    assert listed_sessions(api_of(None)).ids == {"in-the-list"}
    assert listed_sessions(api_of(WRONG)).ids == set()
    with pytest.raises(NoAnswer):
        listed_sessions(api_of(NoAnswer("closed")))
    assert listed_sessions(api_of(NoAnswer("closed")), passed_over=(NoAnswer,)).ids == set()


def entry(name: str, status: str = "Running") -> Listed:
    return Listed(name, name, status, "testuser", "firefox")


def product(listed: list[str], *alone: Listed) -> Any:
    """A product whose list has those sessions; by their ids it shows others as well."""
    known = {shown.id: shown for shown in alone}
    sessions = SessionList(tuple(map(entry, listed)))
    return SimpleNamespace(profile=load(), sessions=lambda: sessions, shown_alone=known.get)


def test_session_that_has_gone_is_asked_for_once() -> None:
    """A list of deleted sessions would else cost a call for each of them, again and again."""
    sessions, asked = ["a", "b"], list[str]()
    api = SimpleNamespace(sessions=lambda: SessionList(tuple(map(entry, sessions))), shown_alone=asked.append)
    look = look_at(cast("StreamSpaceApi", api), {"a", "b", "not-there-yet"})
    look()
    sessions.remove("b")
    look()
    look()
    assert asked == ["not-there-yet", "b", "not-there-yet", "not-there-yet"]


def test_sessions_that_a_list_leaves_out_are_those_shown_alone() -> None:
    api = product(["a", "b"], entry("c", "Pending"))
    found = completed(api, api.sessions(), ["a", "c", "d"])
    assert [(shown.id, shown.status) for shown in found.sessions] == [
        ("a", "Running"),
        ("b", "Running"),
        ("c", "Pending"),
    ]
    assert completed(api, api.sessions(), ["a", "b"]) == api.sessions()


@pytest.mark.parametrize(
    ("listed", "alone", "found"),
    [
        (["a", "b"], [entry("c")], ["c"]),
        (["a", "b", "c"], [], []),
        (["a", "b"], [], []),
        (["a", "b"], [entry("c", "Terminating")], []),
        (["others"], [entry("a"), entry("b"), entry("c")], []),
        ([], [entry("a"), entry("b"), entry("c")], []),
    ],
)
def test_only_a_list_that_shows_others_of_them_leaves_sessions_out(
    monkeypatch: pytest.MonkeyPatch, listed: list[str], alone: list[Listed], found: list[str]
) -> None:
    monkeypatch.setattr(listing, "BEHIND_SECONDS", 0.01)
    assert left_out(product(listed, *alone), ["a", "b", "c"]) == []
    monkeypatch.setattr(listing, "FEWEST", 3)
    assert left_out(product(listed, *alone), ["a", "b", "c"]) == found
