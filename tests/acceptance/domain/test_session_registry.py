"""What a scenario made is on record before it is asked for and gone at the end; what others made stays."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import cast

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Claim, Pod, SessionObject
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.sessions import listing
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp
from streamspace_acceptance.product.api import SessionList, StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import load
from tests.support.samples import SESSION, Json, claim, pod, pod_json, session_object
from tests.support.web_server import says, web_server

STATUSES = {"refuses tokens": 401, "limits calls": 429, "is out of order": 500, "is not ready": 503}


class _Product:
    """An API with sessions in memory. `trouble` names how it misbehaves."""

    def __init__(self) -> None:
        self.sessions: list[Json] = [self._entry("others")]
        self.deleted: list[str] = []
        self.trouble = ""
        self.passes_after = 10**9
        self.request: str | None = None
        self.says_name = ""
        self.paths: list[str] = []
        self.tells_requests = False
        self.goes: list[str] = []
        self.hidden: list[Json] = []
        self.waits_for_two: threading.Barrier | None = None

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        self.paths.append(request.path)
        if self.trouble in STATUSES and self.passes_after > 0:
            self.passes_after -= 1
            says(b"{}", STATUSES[self.trouble])(request)
        elif request.command == "POST":
            self._create(request)
        elif request.command == "DELETE":
            self._delete(request, request.path.rpartition("/")[2])
        elif request.path.endswith(f"/{SESSION}"):
            told = {"requestId": self.request} if self.request else {}
            says(json.dumps(self._entry(SESSION) | told).encode())(request)
        elif self.trouble == "has no list":
            says(b"{}")(request)
        else:
            hidden = SESSION if self.trouble == "cuts its list" else ""
            shown = [session for session in self.sessions if session["sessionId"] != hidden]
            says(json.dumps({"sessions": shown}).encode())(request)
            if self.goes:
                self.forget(self.goes.pop())

    def _create(self, request: BaseHTTPRequestHandler) -> None:
        if self.trouble == "refused for good":
            says(b"{}", 422)(request)
            return
        self.request = request.headers["X-Request-Id"]
        name = SESSION if len(self.sessions) == 1 else f"s-{len(self.sessions)}"
        if self.trouble == "shows an older one as well":
            name, self.sessions = "newest", [*self.sessions, *self.hidden]
        told = {"requestId": request.headers["X-Request-Id"]} if self.tells_requests else {}
        self.sessions.append(self._entry(name) | told)
        if self.trouble == "twice":
            self.sessions.append(self._entry(f"{name}-2") | told)
        if self.trouble == "somebody else as well":
            self.sessions.append(self._entry("elses") | ({"requestId": None} if self.tells_requests else {}))
        if self.trouble == "no answer":
            request.close_connection = True
            return
        if self.trouble == "another in the list":
            self.sessions[-1] |= {"sessionId": "another", "name": "another"}
            says(json.dumps({"sessionId": self.says_name or name}).encode(), 201)(request)
            return
        if self.trouble == "closes its list":
            says(json.dumps({"sessionId": name}).encode(), 201)(request)
            self.trouble = "limits calls"
            return
        body = {"sessionId": name} if self.trouble in ("", "twice", "has no list", "cuts its list") else {}
        says(json.dumps(body).encode(), 500 if self.trouble == "refused" else 201)(request)

    def _delete(self, request: BaseHTTPRequestHandler, session_id: str) -> None:
        if self.waits_for_two is not None:
            self.waits_for_two.wait(20)
        self.deleted.append(session_id)
        if self.trouble in ("one after the other", "deletes already"):
            self.goes.append(session_id)
        elif self.trouble not in ("stays", "keeps what is gone"):
            self.forget(session_id)
        says(
            b"{}",
            {"undeletable": 500, "forgets": 404, "keeps what is gone": 404, "deletes already": 409, "is gone": 410}.get(
                self.trouble, 202
            ),
        )(request)

    def forget(self, session_id: str) -> None:
        self.sessions = [session for session in self.sessions if session["sessionId"] != session_id]

    @staticmethod
    def _entry(name: str) -> Json:
        return {
            "sessionId": name,
            "name": name,
            "status": "Running",
            "user": "testuser",
            "template": "firefox-browser",
        }


class _Cluster:
    """What Kubernetes still has."""

    def __init__(self) -> None:
        self.left: list[str] = []
        self.lists: list[str] = []

    def session_objects(self) -> list[SessionObject]:
        return [session_object()] if "session" in self.left else []

    def session_object(self, name: str) -> SessionObject | None:
        return next((session for session in self.session_objects() if session.meta.name == name), None)

    def pods(self) -> list[Pod]:
        self.lists.append("pods")
        return [pod(labels={"session": "others"}), *([pod()] if "pod" in self.left else [])]

    def each_pod(self) -> Iterator[Pod]:
        return iter(self.pods())

    def claims(self) -> list[Claim]:
        self.lists.append("claims")
        return [claim()] if "claim" in self.left else []


@pytest.fixture
def product() -> _Product:
    return _Product()


@pytest.fixture
def cluster() -> _Cluster:
    return _Cluster()


@pytest.fixture
def registry(product: _Product, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setattr("streamspace_acceptance.domain.sessions.registry.CREATION_SECONDS", 5.0)
    with web_server(product.respond) as url, HttpClient(url, "t") as client:
        yield Registry(Clients(StreamSpaceApi(client, load()), cast("Cluster", cluster), Budgets(0.003)))


def ask(registry: Registry) -> str | None:
    return registry.ask("testuser", "firefox-browser", None).id


def test_what_was_made_is_gone_and_what_others_made_is_not(registry: Registry, product: _Product) -> None:
    made = [ask(registry), ask(registry)]
    registry.clean_up()
    assert sorted(product.deleted) == sorted(session_id for session_id in made if session_id)
    assert [session["sessionId"] for session in product.sessions] == ["others"]


def test_nothing_made_nothing_deleted(registry: Registry, product: _Product) -> None:
    registry.clean_up()
    assert product.deleted == []


@pytest.mark.parametrize("trouble", ["no id", "refused"])
def test_a_session_that_the_answer_hides_is_deleted_too(registry: Registry, product: _Product, trouble: str) -> None:
    product.trouble = trouble
    assert ask(registry) == SESSION
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_session_of_a_product_without_a_list_is_known_by_its_answer(registry: Registry, product: _Product) -> None:
    product.trouble = "has no list"
    assert ask(registry) == SESSION
    with suppress(FoundByCleanUp):  # this product shows a session by its id for ever
        registry.clean_up()
    assert set(product.deleted) == {SESSION}


def test_list_that_leaves_sessions_out_is_told_beyond_the_plan(
    registry: Registry, product: _Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "BEHIND_SECONDS", 0.01)
    monkeypatch.setattr(listing, "FEWEST", 2)
    product.trouble = "cuts its list"
    assert [ask(registry), ask(registry)] == [SESSION, "s-2"]
    with pytest.raises(FoundByCleanUp, match=f"leaves some out, .* 1 that it shows alone, one of them {SESSION}"):
        registry.clean_up()
    assert sorted(product.deleted) == sorted([SESSION, "s-2"])


def test_session_that_the_list_shows_a_look_later_is_compared(
    monkeypatch: pytest.MonkeyPatch, registry: Registry
) -> None:
    monkeypatch.setattr("streamspace_acceptance.domain.sessions.registry.listed_sessions", lambda _: SessionList(()))
    made = registry.ask("testuser", "firefox-browser", None)
    assert [listed.id for listed in made.listed] == [made.id] == [SESSION]


def test_others_session_is_not_taken_for_its_own_without_a_list(registry: Registry, product: _Product) -> None:
    product.trouble, product.sessions = "has no list", []
    product.sessions = [product._entry(f"s-{number}") for number in range(3)]
    assert registry.ask("testuser", "firefox-browser", None).asked.before == {"others"}


def test_unanswered_session_with_request_id_is_deleted(registry: Registry, product: _Product) -> None:
    product.trouble, product.tells_requests = "no answer", True
    with pytest.raises(NoAnswer):
        ask(registry)
    product.sessions.append(product._entry("elses") | {"requestId": "another"})
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_session_created_after_the_timeout_is_deleted(registry: Registry, product: _Product) -> None:
    product.trouble, product.tells_requests = "no answer", True
    with pytest.raises(NoAnswer):
        ask(registry)
    late = product.sessions.pop()
    later = threading.Timer(0.2, product.sessions.append, [late])
    later.start()
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_a_session_without_any_answer_may_be_somebody_elses(registry: Registry, product: _Product) -> None:
    product.trouble = "no answer"
    with pytest.raises(NoAnswer):
        ask(registry)
    with pytest.raises(CleanupFailure, match=f"left alone, for it may be somebody else's: session {SESSION}"):
        registry.clean_up()
    assert product.deleted == []


def test_what_somebody_else_makes_after_a_refusal_is_left_alone(registry: Registry, product: _Product) -> None:
    product.trouble = "refused for good"
    assert ask(registry) is None
    product.sessions.append(product._entry("elses"))
    with pytest.raises(CleanupFailure, match="left alone, for it may be somebody else's: session elses"):
        registry.clean_up()
    assert product.deleted == []


def test_the_right_one_of_two_is_told_by_its_request(registry: Registry, product: _Product) -> None:
    product.trouble, product.tells_requests = "somebody else as well", True
    assert ask(registry) == SESSION
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_what_cannot_be_told_from_others_is_left_alone_and_said(registry: Registry, product: _Product) -> None:
    product.trouble = "somebody else as well"
    assert ask(registry) is None
    with pytest.raises(CleanupFailure, match=f"each of them may be somebody else's: session elses, {SESSION}"):
        registry.clean_up()
    assert product.deleted == []


@pytest.mark.parametrize(
    ("trouble", "says_"),
    [
        ("stays", f"left behind after .*session {SESSION} in the API"),
        ("undeletable", "cannot be deleted: 500"),
    ],
)
def test_a_session_that_stays_is_a_leak(registry: Registry, product: _Product, trouble: str, says_: str) -> None:
    ask(registry)
    product.trouble = trouble
    with pytest.raises(CleanupFailure, match=says_):
        registry.clean_up()


def test_sessions_that_go_one_after_the_other_are_no_leak(registry: Registry, product: _Product) -> None:
    """One goes with each look at the list, ten times a second: together they take three times the budget of 0.36 s."""
    for _ in range(12):
        ask(registry)
    product.trouble = "one after the other"
    registry.clean_up()
    assert product.goes == []


def test_a_session_that_is_listed_on_is_not_waited_for_again(registry: Registry, product: _Product) -> None:
    product.trouble = "stays"
    ask(registry)
    with pytest.raises(FoundByCleanUp, match="goes on listing sessions of which nothing is left"):
        registry.clean_up()
    calls = len(product.paths)
    with pytest.raises(FoundByCleanUp, match=rf"left behind after \d+\.\d s: session {SESSION} in the API"):
        registry.clean_up()
    assert len(product.paths) - calls <= 5  # two deletions, for it lives on, and three looks


def test_session_that_lives_in_the_api_alone_is_deleted_again(registry: Registry, product: _Product) -> None:
    product.trouble = "stays"
    ask(registry)
    with pytest.raises(FoundByCleanUp):
        registry.clean_up()
    assert product.deleted == [SESSION, SESSION]


def test_after_a_session_that_went_late_the_next_one_is_waited_for(registry: Registry, product: _Product) -> None:
    product.trouble = "stays"
    first = ask(registry)
    with pytest.raises(FoundByCleanUp, match="goes on listing sessions of which nothing is left"):
        registry.clean_up()
    product.forget(str(first))
    product.trouble = "one after the other"
    ask(registry)
    registry.clean_up()
    assert product.goes == []


def test_release_does_not_fail_for_remains_that_take_no_room(registry: Registry, product: _Product) -> None:
    product.trouble = "stays"
    session = ask(registry)
    assert session is not None
    assert registry.release([session]) == []
    with pytest.raises(FoundByCleanUp, match="goes on listing sessions of which nothing is left"):
        registry.clean_up()


def test_a_deletion_that_is_under_way_is_no_refusal(registry: Registry, product: _Product) -> None:
    for _ in range(2):
        ask(registry)
    for session in product.sessions:
        session["status"] = "Terminating"
    product.trouble = "deletes already"
    registry.clean_up()
    assert len(product.deleted) == 2


@pytest.mark.parametrize("trouble", ["limits calls", "is out of order", "is not ready"])
def test_trouble_that_passes_leaves_nothing(registry: Registry, product: _Product, trouble: str) -> None:
    ask(registry)
    product.trouble, product.passes_after = trouble, 2
    registry.clean_up()
    assert product.deleted == [SESSION]


@pytest.mark.parametrize(("trouble", "status"), [("limits calls", "429"), ("is out of order", "500")])
def test_trouble_that_stays_names_each_session_once(
    registry: Registry, product: _Product, trouble: str, status: str
) -> None:
    made = [ask(registry), ask(registry)]
    product.trouble = trouble
    with pytest.raises(CleanupFailure) as caught:
        registry.clean_up()
    said = str(caught.value)
    assert all(str(session_id) in said for session_id in made)
    assert status in said
    assert "sweep` looks again" in said
    assert "left behind" not in said
    assert len(said.splitlines()) == 1


def test_a_token_that_is_revoked_ends_it_at_once(registry: Registry, product: _Product) -> None:
    ask(registry)
    product.trouble = "refuses tokens"
    with pytest.raises(CleanupFailure, match=f"{SESSION} may be left .*sweep.* log in again"):
        registry.clean_up()
    assert 10**9 - product.passes_after == 2


def test_session_with_two_names_is_deleted_by_both(registry: Registry, product: _Product) -> None:
    product.trouble = "another in the list"
    assert ask(registry) == "another"
    registry.clean_up()
    assert sorted(product.deleted) == sorted(["another", SESSION])


@pytest.mark.parametrize("name", [".", "..", "../templates/firefox-browser", "a?b#c/d"])
def test_answered_name_never_deletes_anything_else(registry: Registry, product: _Product, name: str) -> None:
    product.trouble, product.says_name = "another in the list", name
    assert ask(registry) == "another"
    product.request = None
    with suppress(CleanupFailure):
        registry.clean_up()
    assert product.deleted == ["another"]
    assert all(path.count("/") == 4 for path in product.paths if path.startswith("/api/v1/sessions/"))
    assert not [path for path in product.paths if path in ("/api/v1/sessions/", "/api/v1/")]


def test_a_session_that_was_only_named_by_its_answer_is_deleted(registry: Registry, product: _Product) -> None:
    """Nobody could look at the list afterwards; the product does not tell of requests."""
    product.trouble = "closes its list"
    with pytest.raises(NoAnswer):
        ask(registry)
    product.trouble = ""
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_answered_session_of_another_request_is_left_alone(registry: Registry, product: _Product) -> None:
    product.trouble = "another in the list"
    assert ask(registry) == "another"
    product.request = "somebody-elses"
    registry.clean_up()
    assert product.deleted == ["another"]


def test_answered_session_without_request_id_is_reported(registry: Registry, product: _Product) -> None:
    product.trouble = "another in the list"
    assert ask(registry) == "another"
    product.request = None
    with pytest.raises(CleanupFailure, match=f"somebody else's: session {SESSION}: the list calls it otherwise"):
        registry.clean_up()
    assert product.deleted == ["another"]


UNFINISHED = "does not finish the deletion"


@pytest.mark.parametrize(
    ("left", "kind"),
    [("session", UNFINISHED), ("pod", "leaves pods of deleted sessions"), ("claim", UNFINISHED)],
)
def test_what_stays_in_kubernetes_is_a_leak(registry: Registry, cluster: _Cluster, left: str, kind: str) -> None:
    ask(registry)
    cluster.left = [left]
    with pytest.raises(FoundByCleanUp, match=f"{kind}.*left behind after .*: {left} "):
        registry.clean_up()


def test_release_fails_for_a_pod_that_stays(registry: Registry, cluster: _Cluster) -> None:
    session = ask(registry)
    assert session is not None
    cluster.left = ["pod"]
    assert "pod " in registry.release([session])[0]


def test_clean_up_of_an_interrupted_run_blames_nobody(
    registry: Registry, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(registry)
    cluster.left = ["pod"]
    monkeypatch.setattr("streamspace_acceptance.waiting.time_left", lambda: 0.0)
    with pytest.raises(CleanupFailure, match="left behind after") as caught:
        registry.clean_up()
    assert not isinstance(caught.value, FoundByCleanUp)


KNOWN = "streamspace_acceptance.domain.sessions.remains.known_objects"
GONE = "streamspace_acceptance.domain.sessions.remains.deleted_since"


def test_pods_that_the_watch_shows_are_not_listed(
    registry: Registry, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = [[pod_json()], [pod_json()], [pod_json()]]
    monkeypatch.setattr(KNOWN, lambda *_, **__: watched.pop() if watched else [])
    ask(registry)
    registry.clean_up()
    assert (watched, cluster.lists) == ([], ["pods", "claims"]), "lists say that none is left"


def test_watch_that_shows_all_go_needs_no_list(
    registry: Registry, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = [[pod_json()], [pod_json()]]
    monkeypatch.setattr(KNOWN, lambda _, kind, **__: watched.pop() if watched and kind == "pods" else [])
    gone = {"pods": pod().meta, "claims": claim().meta}
    monkeypatch.setattr(GONE, lambda _, kind, since: [gone[kind]] if not watched and since <= time.monotonic() else [])
    ask(registry)
    registry.clean_up()
    assert (watched, cluster.lists) == ([], [])


def test_watch_that_shows_one_of_two_sessions_go_needs_a_list(
    registry: Registry, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KNOWN, lambda *_, **__: [])
    monkeypatch.setattr(GONE, lambda _, kind, __: [{"pods": pod().meta, "claims": claim().meta}[kind]])
    ask(registry), ask(registry)
    registry.clean_up()
    assert cluster.lists == ["pods", "claims"]


def test_pods_that_only_a_late_watch_shows_are_no_leak(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KNOWN, lambda *_, **__: [pod_json()])
    ask(registry)
    registry.clean_up()


def test_pods_that_a_late_watch_does_not_show_are_a_leak(
    registry: Registry, cluster: _Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KNOWN, lambda *_, **__: [])
    ask(registry)
    cluster.left = ["pod"]
    with pytest.raises(FoundByCleanUp, match=r"left behind after .*: pod "):
        registry.clean_up()


def test_session_that_is_gone_by_the_products_word_is_removed(registry: Registry, product: _Product) -> None:
    ask(registry)
    product.trouble = "is gone"
    registry.clean_up()
    assert product.deleted == [SESSION]


def test_a_forgotten_session_is_a_finding_of_its_own(registry: Registry, product: _Product, cluster: _Cluster) -> None:
    ask(registry)
    product.sessions.clear()
    product.trouble, cluster.left = "forgets", ["pod"]
    with pytest.raises(FoundByCleanUp, match=f"forgets sessions.*404 for {SESSION}; left behind"):
        registry.clean_up()


def test_a_session_that_was_deleted_before_and_is_listed_on_is_not_forgotten(
    registry: Registry, product: _Product
) -> None:
    ask(registry)
    product.trouble = "keeps what is gone"
    with pytest.raises(FoundByCleanUp, match=r"goes on listing sessions.*: left behind"):
        registry.clean_up()


def test_a_request_that_made_two_sessions_leaves_neither(registry: Registry, product: _Product) -> None:
    product.trouble, product.tells_requests = "twice", True
    made = registry.ask("testuser", "firefox-browser", None)
    assert (made.id, made.others) == (SESSION, frozenset({f"{SESSION}-2"}))
    registry.clean_up()
    assert [session["sessionId"] for session in product.sessions] == ["others"]


def test_session_that_a_request_makes_later_is_found_and_deleted(registry: Registry, product: _Product) -> None:
    product.tells_requests = True
    registry.ask("testuser", "firefox-browser", None)
    product.sessions.append(product.sessions[-1] | {"sessionId": "s-later", "name": "s-later"})
    with pytest.raises(FoundByCleanUp, match="a further session of a request a while later: session s-later"):
        registry.clean_up()
    assert sorted(product.deleted) == ["s-later", SESSION]


def test_an_own_session_that_the_list_shows_late_is_no_other(registry: Registry, product: _Product) -> None:
    """The list of a product may be some seconds old, so a second request's result stands beside that of the first."""
    ask(registry)
    product.hidden = [product.sessions.pop()]
    product.trouble = "shows an older one as well"
    assert ask(registry) == "newest"
    product.trouble = ""
    registry.clean_up()
    assert sorted(product.deleted) == sorted([SESSION, "newest"])


def test_many_sessions_are_deleted_several_at_a_time(registry: Registry, product: _Product) -> None:
    for _ in range(4):
        ask(registry)
    product.waits_for_two = threading.Barrier(2)
    registry.clean_up()
    assert len(product.deleted) == 4
    assert [session["sessionId"] for session in product.sessions] == ["others"]


def test_requests_of_a_load_that_were_never_sent_cost_nothing(
    registry: Registry, product: _Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamspace_acceptance.measuring.open_loop.call_on_schedule", interrupted)
    with pytest.raises(KeyboardInterrupt):
        registry.ask_on_schedule(["testuser"] * 80, "firefox-browser", None, [0.0] * 80)
    product.paths.clear()
    registry.clean_up()
    assert product.paths == []


def test_refused_requests_are_looked_for_in_one_list(registry: Registry, product: _Product) -> None:
    product.trouble = "refused for good"
    for _ in range(8):
        ask(registry)
    product.paths.clear()
    registry.clean_up()
    assert len(product.paths) <= 2
