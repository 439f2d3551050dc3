"""What a killed run left is told from what is not its own."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, cast

import pytest

from streamspace_acceptance import journal
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Claim, Pod, SessionObject
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.target.sweep import forget, kept, sweep
from tests.support.samples import SESSION, Json, session_object
from tests.support.web_server import says, web_server

ASKED: dict[str, Any] = {"user": "testuser", "template": "firefox-browser", "before": ["others"]}
UID = session_object().meta.uid


@dataclass(eq=False)
class _Place:
    """The sessions of an API and of the Kubernetes beside it, and one Deployment."""

    sessions: dict[str, Json] = field(default_factory=dict)
    objects: list[SessionObject] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    scaled: int = 1
    away: bool = False
    stays: bool = False
    """Whether a deletion changes nothing."""
    users: int = 204
    """The status of an answer to the deletion of a user."""

    def add(self, name: str, age: float = 0.0, **told: str | None) -> None:
        made = datetime.fromtimestamp(time.time() - age, UTC).isoformat()
        entry = {"user": "testuser", "template": "firefox-browser", "status": "Running", "createdAt": made}
        self.sessions[name] = {"sessionId": name, **entry, **told}

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.startswith("/api/v1/users/"):
            self.deleted.append(request.path.rpartition("/")[2])
            return says(b"{}", self.users)(request)
        name = request.path.removeprefix("/api/v1/sessions").strip("/")
        if request.command == "DELETE":
            self.deleted.append(name)
            if self.stays:
                return says(b"{}", 202)(request)
            del self.sessions[name]
            self.objects = [obj for obj in self.objects if obj.meta.name != name]
        body = self.sessions.get(name, {}) if name else {"sessions": list(self.sessions.values())}
        return says(json.dumps(body).encode())(request)

    def namespace_uid(self) -> str:
        return "here"

    def session_object(self, name: str) -> SessionObject | None:
        return next((obj for obj in self.objects if obj.meta.name == name), None)

    def session_objects(self) -> list[SessionObject]:
        return self.objects

    def pods(self) -> list[Pod]:
        return []

    def each_pod(self) -> Iterator[Pod]:
        return iter(self.pods())

    def claims(self) -> list[Claim]:
        return []

    def replicas(self, deployment: str) -> int:
        if self.away:
            raise ClusterError("Kubernetes is away")
        return self.scaled

    def scale(self, deployment: str, replicas: int) -> None:
        self.scaled = replicas


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Place:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("streamspace_acceptance.target.sweep.CALL_SECONDS", 0.5)
    made = _Place()
    made.add("others", age=100)
    return made


@pytest.fixture
def api(place: _Place) -> Iterator[StreamSpaceApi]:
    with web_server(place.respond) as url, HttpClient(url, "t") as client:
        yield StreamSpaceApi(client, load())


def left(act: str, /, target: str = "here", outcome: Json | None = None, **what: object) -> None:
    """The journal of a run that ended without undoing one act."""
    with journal.keep({"namespace_uid": target, "api_url": "http://x", "namespace": "n"}):
        entry = journal.record_intent(act, **what)
        journal.record_outcome(entry, **(outcome or {}))


def swept(place: _Place, api: StreamSpaceApi) -> str:
    said: list[str] = []
    sweep(Clients(api, cast("Cluster", place), Budgets(0.003)), said.append)
    return "\n".join(said)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_record_is_forgotten_only_when_confirmed(place: _Place, confirmed: bool) -> None:
    left("session", outcome={"id": SESSION, "uid": UID}, **ASKED)
    said: list[str] = []
    assert forget(said.append, lambda: confirmed) == int(confirmed)
    assert SESSION in "\n".join(said)
    assert "http://x, namespace n" in said[0]
    assert len(journal.all_paths()) == int(not confirmed)


def test_a_session_by_its_uid(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION, age=500)
    place.objects.append(session_object())
    left("session", outcome={"id": SESSION, "uid": UID}, **ASKED)
    assert f"Removed after a killed run: session {SESSION}" in swept(place, api)
    assert (place.deleted, kept()) == ([SESSION], [])


def test_a_session_that_stays_is_named_and_returned(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION, age=500)
    place.objects.append(session_object())
    place.stays = True
    left("session", outcome={"id": SESSION, "uid": UID}, **ASKED)
    said: list[str] = []
    stay = sweep(Clients(api, cast("Cluster", place), Budgets(0.003)), said.append)
    assert stay == {SESSION}
    assert said[0] == f"Left by a killed run, deleted first: session {SESSION}."
    assert "it stays: left behind after" in said[1]


def test_its_name_given_again(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION)
    place.objects.append(session_object())
    left("session", outcome={"id": SESSION, "uid": "of the one before"}, **ASKED)
    swept(place, api)
    assert (place.deleted, kept()) == ([], [])


def test_a_session_of_which_no_answer_came(place: _Place, api: StreamSpaceApi) -> None:
    left("session", request="r-1", **ASKED)
    place.add("theirs")
    place.add("mine", requestId="r-1")
    place.add("others of another run", requestId="r-2")
    swept(place, api)
    assert (place.deleted, kept()) == (["mine"], [])


def test_sweep_keeps_session_without_request_id(place: _Place, api: StreamSpaceApi) -> None:
    left("session", request="r-1", **ASKED)
    place.add("theirs")
    place.add("later", age=-100)
    said = swept(place, api)
    assert "left alone, for it may be somebody else's: session theirs. Delete it" in said
    assert "later is left alone" in said
    assert place.deleted == []
    del place.sessions["theirs"]
    assert len(kept()) == 1  # until somebody has looked
    swept(place, api)
    assert kept() == []


def test_sweep_with_request_ids_ignores_other_sessions(place: _Place, api: StreamSpaceApi) -> None:
    left("session", request="r-1", **ASKED)
    place.add("theirs", requestId=None)
    assert swept(place, api) == ""
    assert (place.deleted, kept()) == ([], [])


def test_all_that_came_of_one_request(place: _Place, api: StreamSpaceApi) -> None:
    left("session", request="r-1", **ASKED)
    place.add("a", requestId="r-1")
    place.add("b", requestId="r-1")
    swept(place, api)
    assert sorted(place.deleted) == ["a", "b"]


def test_what_took_as_long_as_a_crowds_answer_may(place: _Place, api: StreamSpaceApi) -> None:
    left("session", outcome={"id": SESSION}, seconds=30.0, **ASKED)
    place.add(SESSION, age=-25)
    swept(place, api)
    assert place.deleted == [SESSION]


def test_two_that_cannot_be_told_apart(place: _Place, api: StreamSpaceApi) -> None:
    left("session", **ASKED)
    place.add("a")
    place.add("b")
    assert "left alone, for each of them may be somebody else's: session a, b." in swept(place, api)
    assert place.deleted == []


def test_a_session_that_was_never_made(place: _Place, api: StreamSpaceApi) -> None:
    left("session", **ASKED)
    assert swept(place, api) == ""
    assert (place.deleted, kept()) == ([], [])


def test_another_target_is_not_swept(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION)
    left("session", target="there", outcome={"id": SESSION}, **ASKED)
    assert swept(place, api) == ""
    assert place.deleted == []
    assert len(kept()) == 1


@pytest.mark.parametrize(("found", "ends_at"), [(0, 1), (1, 1), (3, 3)])
def test_scaled_back_only_from_where_the_run_left_it(
    place: _Place, api: StreamSpaceApi, found: int, ends_at: int
) -> None:
    left("disruption", kind="scaling", deployment="agents", before=1, replicas=0)
    place.scaled = found
    said = swept(place, api)
    assert place.scaled == ends_at
    assert ("scaled by somebody else" in said) == (found == 3)
    assert kept() == []


@pytest.mark.parametrize(("status", "stays"), [(204, False), (200, False), (404, False), (500, True)])
def test_users_of_a_killed_run_are_deleted(place: _Place, api: StreamSpaceApi, status: int, stays: bool) -> None:
    left("user", outcome={"id": "u-7"}, name="acceptance-1")
    place.users = status
    assert ("it stays: user u-7: 500" in swept(place, api)) == stays
    assert place.deleted == ["u-7"]
    assert bool(kept()) == stays


def test_user_whose_creation_was_not_answered_is_deleted_by_name(place: _Place, api: StreamSpaceApi) -> None:
    left("user", name="acceptance-1")
    assert "Removed after a killed run: the user acceptance-1" in swept(place, api)
    assert place.deleted == ["acceptance-1"]


def test_what_cannot_be_mended_now_stays_on_record(place: _Place, api: StreamSpaceApi) -> None:
    left("disruption", kind="scaling", deployment="agents", before=1, replicas=0)
    place.away, place.scaled = True, 0
    assert "it stays: Kubernetes is away" in swept(place, api)
    assert len(kept()) == 1
    place.away = False
    swept(place, api)
    assert (place.scaled, kept()) == (1, [])


def test_a_journal_that_was_torn(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION)
    left("session", outcome={"id": SESSION}, **ASKED)
    (path,) = journal.all_paths()
    path.write_text(path.read_text() + '{"intent": 2, "ki')
    assert "Removed" in swept(place, api)
    assert (place.deleted, kept()) == ([SESSION], [])


def test_sweep_names_a_journal_without_target(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION)
    left("session", outcome={"id": SESSION}, **ASKED)
    (path,) = journal.all_paths()
    first, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"\0" * len(first) + b"\n" + b"".join(others))
    assert swept(place, api) == ""
    assert (place.deleted, len(kept())) == ([], 1)
    assert "no longer names its target: read it, then delete it." in kept()[0]


def test_a_living_run_is_left_alone(place: _Place, api: StreamSpaceApi) -> None:
    place.add(SESSION)
    with journal.keep({"namespace_uid": "here"}):
        journal.record_outcome(journal.record_intent("session", **ASKED), id=SESSION)
        assert swept(place, api) == ""
    assert place.deleted == []


def test_an_embedded_targets_journal_goes_with_it(place: _Place, api: StreamSpaceApi) -> None:
    with journal.keep({"namespace_uid": "gone", "embedded": True}):
        journal.record_intent("session", **ASKED)
    swept(place, api)
    assert kept() == []


def test_a_run_that_left_nothing_leaves_no_journal(place: _Place) -> None:
    with journal.keep({"namespace_uid": "here"}):
        journal.record_revert(journal.record_intent("session", **ASKED))
    assert journal.all_paths() == []
