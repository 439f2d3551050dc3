"""The sessions that a ramp holds: who they belong to, and which of them are lost."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.performance import held_sessions
from streamspace_acceptance.domain.performance.held_sessions import SESSIONS_A_USER, HeldSession, HeldSessions
from streamspace_acceptance.domain.performance.taken_away import seconds
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Budget, now
from tests.support.samples import pod, pod_json

SHORT = Budget("start", 0.05, 1.0)


class Product:
    """Three sessions on a Ready pod each, to be altered by each test."""

    def __init__(self) -> None:
        self.profile = load()
        self.budgets = Budgets(1.0)
        self.statuses: dict[str, str] = {f"s-{number}": "Running" for number in (1, 2, 3)}
        self.all_pods: dict[str, Pod] = {f"u-{number}": pod(uid=f"u-{number}") for number in (1, 2, 3)}
        self.api, self.cluster = (
            self,
            SimpleNamespace(
                pods=lambda: list(self.all_pods.values()),
                main_container=lambda _pod: SimpleNamespace(name="desktop"),
                events=list,
            ),
        )
        self.looks = 0
        self.left_out: dict[str, str] = {}

    def sessions(self) -> SessionList:
        self.looks += 1
        listed = (Listed(name, name, status, "u", "t") for name, status in self.statuses.items())
        return SessionList(tuple(listed))

    def shown_alone(self, name: str) -> Listed | None:
        status = self.left_out.get(name)
        return None if status is None else Listed(name, name, status, "u", "t")

    def held(self) -> HeldSessions:
        sessions = [HeldSession(f"s-{number}", "capacity1", f"u-{number}") for number in (1, 2, 3)]
        clients: Any = self
        return HeldSessions(clients, sessions)


def test_sessions_that_run_on_their_first_pods_are_not_lost() -> None:
    assert Product().held().find_lost(SHORT, dwell=SHORT) == {}


@pytest.mark.parametrize(("status", "lost"), [("Running", []), ("Failed", ["s-3"])])
def test_session_that_the_list_leaves_out_is_asked_for_alone(status: str, lost: list[str]) -> None:
    product = Product()
    product.left_out["s-3"] = status
    del product.statuses["s-3"]
    assert list(product.held().find_lost(SHORT, dwell=None)) == lost


def test_session_on_another_pod_is_lost_at_once() -> None:
    product = Product()
    product.all_pods["u-2"] = pod(uid="u-9")
    assert product.held().find_lost(Budget("start", 60, 1.0), dwell=None) == {"s-2": "s-2 lost its pod and is Running"}
    assert product.looks == 1


@pytest.mark.parametrize(
    ("status", "ready", "words"),
    [("Failed", True, "s-3 is Failed"), ("Running", False, "0/1"), (None, True, "s-3 is not listed")],
)
def test_session_that_does_not_run_any_more_is_lost(status: str | None, ready: bool, words: str) -> None:
    product = Product()
    product.statuses.pop("s-3")
    if status is not None:
        product.statuses["s-3"] = status
    product.all_pods["u-3"] = pod(uid="u-3", ready=ready)
    lost = product.held().find_lost(SHORT, dwell=None)
    assert list(lost) == ["s-3"]
    assert words in lost["s-3"]
    assert product.looks > 1


def test_trouble_that_passes_is_no_loss() -> None:
    product = Product()
    product.all_pods["u-1"] = pod(uid="u-1", ready=False)
    sessions = product.sessions

    def recovers() -> SessionList:
        if product.looks == 1:
            product.all_pods["u-1"] = pod(uid="u-1")
        return sessions()

    product.sessions = recovers  # type: ignore[method-assign]
    assert product.held().find_lost(Budget("start", 5, 1.0), dwell=None) == {}


def test_session_that_is_lost_while_nothing_is_added_is_found() -> None:
    product = Product()
    sessions = product.sessions

    def loses_one() -> SessionList:
        if product.looks == 1:
            product.all_pods.pop("u-1")
        return sessions()

    product.sessions = loses_one  # type: ignore[method-assign]
    assert list(product.held().find_lost(SHORT, dwell=SHORT)) == ["s-1"]


def test_api_without_a_list_leaves_all_of_them_in_doubt() -> None:
    product = Product()

    def refuse() -> SessionList:
        raise Unmet("GET", expected="a list", actual="500", likely="?")

    product.sessions = refuse  # type: ignore[method-assign]
    assert len(product.held().find_lost(SHORT, dwell=None)) == 3


def test_no_user_has_more_than_a_shipped_product_allows() -> None:
    held = Product().held()
    users = held.new_users(14)
    assert users[:3] == ["capacity1", "capacity1", "capacity2"]
    counts = Counter([*users, *(session.user for session in held.sessions)])
    assert max(counts.values()) == SESSIONS_A_USER
    assert sum(counts.values()) == 17


def restarted(container: str, count: int = 1) -> Pod:
    found = pod_json(uid="u-2")
    found["status"]["containerStatuses"][0] |= {"name": container, "restartCount": count}
    return Pod.of(found)


def test_desktop_that_was_started_anew_is_lost() -> None:
    product = Product()
    product.all_pods["u-2"] = restarted("desktop")
    lost = product.held().find_lost(Budget("start", 60, 1.0), dwell=None)
    assert lost == {"s-2": "s-2 lost what ran in it: its container was started anew"}


def test_restart_of_a_neighbour_or_from_before_is_no_loss() -> None:
    product = Product()
    product.all_pods["u-2"] = restarted("proxy")
    assert product.held().find_lost(SHORT, dwell=None) == {}
    product.all_pods["u-2"] = restarted("desktop", 3)
    held = product.held()
    held.sessions[1] = HeldSession("s-2", "capacity1", "u-2", {"desktop": 3})
    assert held.find_lost(SHORT, dwell=None) == {}


HIBERNATED = {"s-2": "s-2 lost its pod and is Hibernated"}
ELSEWHERE = {"s-2": "s-2 lost its pod and is Running"}


@pytest.mark.parametrize(
    ("limit", "words", "taken"),
    [
        ("30m", HIBERNATED, True),
        ("1h", HIBERNATED, False),  # not yet
        (None, HIBERNATED, False),
        ("30m", ELSEWHERE, False),
    ],
)
def test_session_hibernated_by_its_own_limit_was_taken(limit: str | None, words: dict[str, str], taken: bool) -> None:
    product = Product()
    product.cluster.raw_nodes = lambda: [{"metadata": {"name": "n"}, "spec": {}}]
    product.cluster.raw_session = lambda name: {"metadata": {"name": name}, "spec": {"idleTimeout": limit}}
    held = product.held()
    held.sessions[1] = HeldSession("s-2", "capacity1", "u-2", {}, "n", now() - 2400)
    assert bool(held.taken_away(words)) is taken


def test_session_whose_node_was_withdrawn_was_taken() -> None:
    product = Product()
    product.cluster.raw_nodes = lambda: [{"metadata": {"name": "other"}, "spec": {}}]
    held = product.held()
    held.sessions[1] = HeldSession("s-2", "capacity1", "u-2", {}, "n")
    assert held.taken_away(ELSEWHERE) == {"s-2": f"{ELSEWHERE['s-2']}: its node n is not there any more"}
    product.cluster.raw_nodes = lambda: [{"metadata": {"name": "n"}, "spec": {}}]
    assert held.taken_away(ELSEWHERE) == {}


@pytest.mark.parametrize(
    ("text", "wanted"), [("30m", 1800), ("1h30m", 5400), ("90s", 90), ("", None), ("soon", None), (30, None)]
)
def test_durations_are_read_as_kubernetes_writes_them(text: object, wanted: float | None) -> None:
    assert seconds(text) == wanted


def test_api_that_is_away_is_a_desktop_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def handshake(*_: object) -> None:
        raise NoAnswer("GET /sessions/s-1: refused")

    monkeypatch.setattr(held_sessions, "handshake", handshake)
    product = Product()
    monkeypatch.setattr(Budgets, "named", lambda *_: SHORT)
    assert product.held().open_samples()["s-1"].startswith("GET /sessions/s-1: refused for 0.")


def test_desktop_that_answered_before_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    silent: set[str] = set()
    looked: list[str] = []

    def handshake(_: object, session_id: str) -> rfb.Framebuffer | str:
        looked.append(session_id)
        return "silence" if session_id in silent else rfb.Framebuffer(1, 1, "x", 1.0)

    monkeypatch.setattr(held_sessions, "handshake", handshake)
    monkeypatch.setattr(Budgets, "named", lambda *_: SHORT)
    held = Product().held()
    assert held.drop_silent(held.open_samples(), set()) == {}
    assert looked == held.ids  # the one in the middle as well
    answered, silent = set(held.answered), {held.ids[0]}
    lost = held.drop_silent(held.open_samples(), answered)
    assert [words.partition(":")[0] for words in lost.values()] == [
        "s-1 runs, and its desktop does not answer any more"
    ]
    assert "s-1" not in held.ids
